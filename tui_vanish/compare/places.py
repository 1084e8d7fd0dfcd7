"""Which core or GPU each compared run trains on, and which part of the time it trains."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui_vanish.compare.letters import LETTERS
from tui_vanish.drawing import format
from tui_vanish.language import plural, tr
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.tracking.ranking import Entrant
    from engine.tracking.snapshot import Snapshot

    Shares = Callable[[str], float | None]


def places(entrants: "Sequence[Entrant]", owners: Mapping[str, object], share_of: "Shares") -> str:
    """Where the runs that train now do so, such as `each run: 1 core, 14 % of the time`; empty if none does.

    Args:
        entrants: the compared runs.
        owners: the processes that train runs, by name, except this one.
        share_of: returns which part of the time a run trains, or None if that is unknown.
    """
    groups: dict[str, dict[str, list[Snapshot]]] = {}
    for number, entrant in enumerate(entrants):
        for run in entrant.runs:
            if run.status is Status.RUNNING and (place := _place(run, owners)):
                groups.setdefault(place, {}).setdefault(LETTERS[number], []).append(run)
    words = []
    for place, by_letter in groups.items():
        runs = [run for each in by_letter.values() for run in each]
        who = " ".join(by_letter) if len(groups) > 1 else plural("one run", "each run", len(runs))
        words.append(f"{who}: {place}{_time(share_of(run.run) for run in runs)}")
    return " · ".join(words)


def _place(run: "Snapshot", owners: Mapping[str, object]) -> str:
    """A run's GPU or its number of cores, with the process if that is another one; empty if unknown."""
    device = ""
    if run.watched is not None and run.watched.started is not None:
        device = run.watched.started.device  # the number of its threads is not known
    elif run.started is not None:
        device, threads = run.started.device, run.started.threads
        if device == "cpu":
            device = plural("{number} core", "{number} cores", threads or 0)
    owner = owners.get(run.run)
    return f"{device}, {spoken(str(owner))}" if device and owner else device


def _time(shares: "Iterable[float | None]") -> str:
    """Which part of the time the runs train; empty unless all are known."""
    known = []
    for share in shares:
        if share is None:
            return ""
        known.append(share)
    low, high = format.percent(min(known)), format.percent(max(known))
    if low == high:
        return ", " + tr("{share} of the time", share=low)
    return ", " + tr("{low} to {high} of the time", low=low, high=high)
