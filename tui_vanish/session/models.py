"""The user's own models in the lab's list: runs that were recorded from scripts, beside the scenarios."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.storage.summary import Summary

SECTION = "Your models"
_MOST_SAVED = 5  # the list of runs has the others
_SIGN = "~"  # before the key of a model: no scenario's id begins with it, so the names may be the same


@dataclass(frozen=True, slots=True)
class Model(Entry):
    """One line of the list: the watched runs of one name."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.id.removeprefix(_SIGN)


def key_of(run: "Snapshot") -> str:
    """The id of the run's line in the list."""
    return f"{_SIGN}{run.spec.id}" if run.spec.is_watched else run.spec.id


def key_of_summary(summary: "Summary") -> str:
    """The id of the line in the list of a run that is known by its summary."""
    return f"{_SIGN}{summary.scenario}" if summary.is_watched else summary.scenario


def models(runs: "Iterable[Snapshot]") -> tuple[Model, ...]:
    """A line for each name under which runs were watched; names with a live run first, then the newest."""
    newest: dict[str, Snapshot] = {}
    for run in runs:
        if run.spec.is_watched:
            newest.pop(key_of(run), None)  # so that the latest is at the end
            newest[key_of(run)] = run
    live = [run for run in newest.values() if not run.status.ended]
    ended = [run for run in newest.values() if run.status.ended]
    return tuple(
        Model(key_of(run), run.spec.title, SECTION, Path(), built_in=False, of_slides=False)
        for run in (*reversed(live), *reversed(ended))
    )


def saved_models(keys: "Iterable[str]") -> tuple[Model, ...]:
    """A line for each of the newest models whose runs are saved, and not read yet.

    Args:
        keys: ids of lines, those of the newest runs first; those of scenarios are left out.
    """
    saved = [key for key in keys if key.startswith(_SIGN)]
    return tuple(
        Model(key, "", SECTION, Path(), built_in=False, of_slides=False) for key in saved[:_MOST_SAVED]
    )


def shown_name(entry: Entry) -> str:
    """What the list calls an entry."""
    return entry.name if isinstance(entry, Model) else entry.id
