"""Ranking compared runs by their test accuracy, at an epoch or a training time that they have reached."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from engine.tracking.snapshot import Result, Snapshot
from vanish_recorder.protocol.status import Status

Axis = Literal["epochs", "seconds"]

OUT = frozenset({Status.DIVERGED, Status.FAILED, Status.STOPPED})  # ended before the last epoch
BROKEN = frozenset({Status.DIVERGED, Status.FAILED})  # can never reach a later epoch


@dataclass(frozen=True, slots=True)
class Entrant:
    """One scenario in a comparison, with one run per seed.

    Attributes:
        label: its name, unique in the comparison.
        runs: one per seed.
    """

    label: str
    runs: tuple[Snapshot, ...]

    @property
    def furthest(self) -> Snapshot:
        """The run with the most steps."""
        return max(self.runs, key=lambda run: run.step)

    @property
    def present(self) -> Snapshot:
        """The first run that has not ended; if all have ended, the one with the most steps."""
        return next((run for run in self.runs if not run.status.ended), self.furthest)


@dataclass(frozen=True, slots=True)
class Last:
    """Where an entrant was when it ended, if the others are compared at a later point.

    Attributes:
        at: the last epoch that its runs have, or the seconds that they were trained.
        accuracy: its median test accuracy there.
        number: 1 for the best of those that have a result there.
        of: how many these are.
    """

    at: float
    accuracy: float
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Place:
    """An entrant's place in a ranking.

    Attributes:
        label: of the entrant.
        accuracy: the median test accuracy over its seeds; None if none of them has a result there.
        low: the lowest test accuracy.
        high: the highest test accuracy.
        tied: whether its range overlaps with that of the entrant one place ahead, so that the order may be
            due to the seeds. Never with a single seed, because its spread is unknown.
        ended: how its runs ended, if one diverged, failed or was stopped before its budget was over.
        seeds: how many of its runs are ranked.
        number: 1 for the best; equal accuracies share a number. None if it is not ranked.
        last: where it was when it ended, if this was before the point of the ranking.
    """

    label: str
    accuracy: float | None
    low: float | None
    high: float | None
    tied: bool
    ended: str
    seeds: int
    number: int | None = None
    last: Last | None = None

    def overlaps(self, other: "Place") -> bool:
        """Whether the ranges of two entrants over their seeds overlap."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return False
        return max(self.seeds, other.seeds) > 1 and self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Ranking:
    """The entrants in order, compared at the last point that those still in the race have reached.

    Attributes:
        axis: what is equal for all: epochs or training seconds.
        at: how many; 0 if no run has finished an epoch.
        places: the best first; those without a result at that point last.
    """

    axis: Axis
    at: float
    places: tuple[Place, ...]


def rank(entrants: Sequence[Entrant], axis: Axis) -> Ranking:
    """Rank by test accuracy at the last epoch, or training time, that all runs in the race have reached.

    At an epoch, only the results of that very epoch are used. A run is in the race while it trains and once
    it has finished, or has had its seconds of training. One that was stopped before, diverged or failed does
    not hold the others back, and neither does one that has not finished its first epoch. They are not ranked
    at a point that they have not reached. If fewer than two entrants are in the race, the runs that were
    stopped last count, too: without them there would be nothing to compare.
    """
    counted = _in_the_race(entrants)
    at = _last_epoch_of_all(counted) if axis == "epochs" else _last_time_of_all(counted)
    judged = [(entrant, sorted(_accuracies(entrant, axis, at))) for entrant in entrants]
    # By label if equal, so that the order of the runs does not decide.
    judged.sort(key=lambda each: (-median(each[1]) if each[1] else math.inf, each[0].label))
    medians = [median(accuracies) for _, accuracies in judged if accuracies]
    places: list[Place] = []
    for entrant, accuracies in judged:
        place = Place(
            entrant.label,
            median(accuracies) if accuracies else None,
            min(accuracies, default=None),
            max(accuracies, default=None),
            tied=False,
            ended=", ".join(sorted({run.status.value for run in entrant.runs if left_early(run)})),
            seeds=len(accuracies),
            number=1 + sum(other > median(accuracies) for other in medians) if accuracies else None,
            last=None if accuracies else _last(entrant, entrants, axis, at),
        )
        if places and place.overlaps(places[-1]):
            place = replace(place, tied=True)
        places.append(place)
    return Ranking(axis, at, tuple(places))


def left_early(run: Snapshot) -> bool:
    """Whether it ended before it had all its epochs, or all the seconds of its budget."""
    return run.status in OUT and not run.is_out_of_budget


def _in_the_race(entrants: Sequence[Entrant]) -> list[Snapshot]:
    """The runs that decide at which point all are judged; see `rank`.

    Runs that were stopped together count together: in lockstep, they are at most one epoch apart.
    """
    runs = [(entrant.label, run) for entrant in entrants for run in entrant.runs if run.results]
    counted = [each for each in runs if not left_early(each[1])]
    stopped = [each for each in runs if each[1].status is Status.STOPPED and left_early(each[1])]
    together = math.inf
    for label, run in sorted(stopped, key=lambda each: -each[1].results[-1].epoch):
        epoch = run.results[-1].epoch
        if len({label for label, _ in counted}) < 2:
            together = epoch - 1
        elif epoch < together:
            break
        counted.append((label, run))
    return [run for _, run in counted or runs]


def _last(entrant: Entrant, entrants: Sequence[Entrant], axis: Axis, at: float) -> Last | None:
    """Where an entrant was at the end of the first of its runs that ended; None if it has no result there."""
    runs = [run for run in entrant.runs if run.results and left_early(run)]
    end = _last_epoch_of_all(runs) if axis == "epochs" else min(map(_end, runs), default=0.0)
    own = list(_accuracies(entrant, axis, end))
    if not own or end >= at:
        return None
    others = [accuracies for each in entrants if (accuracies := list(_accuracies(each, axis, end)))]
    better = sum(median(accuracies) > median(own) for accuracies in others)
    return Last(end, median(own), 1 + better, len(others))


def _end(run: Snapshot) -> float:
    """How long the run was trained, in seconds."""
    return max(run.time, run.results[-1].time)


def _last_epoch_of_all(runs: Sequence[Snapshot]) -> float:
    """The last epoch of which every run has a result. An epoch may be missing in a damaged log."""
    at, before = min((run.results[-1].epoch for run in runs), default=0), -1
    while at != before:
        before = at
        for run in runs:
            found = _last_until(run.results, "epochs", at)
            at = min(at, found.epoch if found else 0)
    return float(at)


def _last_time_of_all(runs: Sequence[Snapshot]) -> float:
    return min((run.results[-1].time for run in runs), default=0.0)


def _accuracies(entrant: Entrant, axis: Axis, at: float) -> Iterator[float]:
    """The test accuracy of each run at the epoch `at`, or after its last epoch within `at` seconds."""
    for run in entrant.runs:
        found = _last_until(run.results, axis, at)
        if found is None or not math.isfinite(found.test_accuracy):
            continue
        # A run that ended before a time has no accuracy at that time.
        has_reached = run.status not in OUT or _end(run) >= at
        if found.epoch == at if axis == "epochs" else has_reached:
            yield found.test_accuracy


def _last_until(results: Sequence[Result], axis: Axis, at: float) -> Result | None:
    """The last result up to an epoch or a time; results are in the order in which they were reached."""
    place = bisect_right(results, at, key=lambda each: each.epoch if axis == "epochs" else each.time)
    return results[place - 1] if place else None
