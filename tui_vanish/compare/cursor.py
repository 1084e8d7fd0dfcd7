"""The cursor of a comparison: a place on the axis that all runs share, and every run as it was there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.tracking.in_common import any_watched
from engine.tracking.ranking import Entrant
from tui_vanish.drawing import format
from tui_vanish.language import tr

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.session.past import PastRuns

STEP = 1 / 40  # of the cursor, as a part of the axis
_NEAR = 1e-6  # a step that was turned into a place and back is the same step


def newest(entrants: Sequence[Entrant]) -> float:
    """The place of the newest point: epochs, or with a watched run steps. 0 before the first step."""
    runs = [run for entrant in entrants for run in entrant.runs]
    return max((run.step / _per_place(run, entrants) for run in runs), default=0.0)


def moved(place: float | None, end: float, by: float) -> float | None:
    """The place after the cursor has moved by so many times STEP. It appears at the newest point."""
    if end <= 0:
        return None
    return end if place is None else min(max(0.0, place + by * STEP * end), end)


def seen_at(past: "PastRuns", entrants: Sequence[Entrant], place: float) -> tuple[Entrant, ...]:
    """The entrants as they were at a place. A run that has not come so far is shown as it is."""

    def then(run: "Snapshot") -> "Snapshot":
        step = max(1, int(place * _per_place(run, entrants) + _NEAR))
        return run if step > run.step or not run.has_begun else past.at(run, step) or run

    return tuple(replace(entrant, runs=tuple(map(then, entrant.runs))) for entrant in entrants)


def reading(past: "PastRuns", entrants: Sequence[Entrant]) -> str:
    """Which of the logs is being read, and how far, in a few words; empty if none is."""
    runs = [run.run for entrant in entrants for run in entrant.runs]
    return next((words for run in runs if (words := past.reading(run))), "")


def in_words(place: float, end: float, entrants: Sequence[Entrant]) -> str:
    """`epoch 3.5 of 12` or `step 410 of 900`."""
    if any_watched(entrants):
        return tr("step {step} of {last}", step=format.count(round(place)), last=format.count(round(end)))
    return tr("epoch {epoch} of {last}", epoch=_epoch(place), last=_epoch(end))


def _epoch(place: float) -> str:
    return f"{place:.2f}".rstrip("0").rstrip(".")


def _per_place(run: "Snapshot", entrants: Sequence[Entrant]) -> int:
    """How many steps of a run are one unit of the axis."""
    return 1 if any_watched(entrants) or run.started is None else run.started.steps_per_epoch
