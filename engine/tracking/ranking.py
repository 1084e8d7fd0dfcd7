"""Ranking compared runs by their test accuracy, at an epoch or at a training time that all have reached."""

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
class Place:
    """An entrant's place in a ranking.

    Attributes:
        label: of the entrant.
        accuracy: the median test accuracy over its seeds; None if none of them has a result there.
        low: the lowest test accuracy.
        high: the highest test accuracy.
        tied: whether its range overlaps with that of the entrant one place ahead, so that the order may be
            due to the seeds. Never with a single seed, because its spread is unknown.
        ended: how its runs ended, if one diverged, failed or was stopped.
        seeds: how many of its runs are ranked.
        number: 1 for the best; equal accuracies share a number. None if it is not ranked.
    """

    label: str
    accuracy: float | None
    low: float | None
    high: float | None
    tied: bool
    ended: str
    seeds: int
    number: int | None = None

    def overlaps(self, other: "Place") -> bool:
        """Whether the ranges of two entrants over their seeds overlap."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return False
        return max(self.seeds, other.seeds) > 1 and self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Ranking:
    """The entrants in order, compared at the last point that all have reached.

    Attributes:
        axis: what is equal for all: epochs or training seconds.
        at: how many; 0 if no run has finished an epoch.
        places: the best first; those without a result at that point last.
    """

    axis: Axis
    at: float
    places: tuple[Place, ...]


def rank(entrants: Sequence[Entrant], axis: Axis) -> Ranking:
    """Rank by test accuracy at the last epoch that all have, or at the training time that all have reached.

    At an epoch, only the results of that very epoch are used. A run that was stopped counts like one that
    trains: no other run is judged at an epoch that the stopped one never reached. A run that diverged or
    failed does not hold the others back, and neither does one that has not finished its first epoch. They
    are not ranked if they have no result at that point.
    """
    runs = [run for entrant in entrants for run in entrant.runs if run.results]
    whole = [run for run in runs if run.status not in BROKEN] or runs
    at = _last_epoch_of_all(whole) if axis == "epochs" else _last_time_of_all(whole)
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
            ended=", ".join(sorted({run.status.value for run in entrant.runs if run.status in OUT})),
            seeds=len(accuracies),
            number=1 + sum(other > median(accuracies) for other in medians) if accuracies else None,
        )
        if places and place.overlaps(places[-1]):
            place = replace(place, tied=True)
        places.append(place)
    return Ranking(axis, at, tuple(places))


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
        is_there = found is not None and (axis == "seconds" or found.epoch == at)
        if found is not None and is_there and math.isfinite(found.test_accuracy):
            yield found.test_accuracy


def _last_until(results: Sequence[Result], axis: Axis, at: float) -> Result | None:
    """The last result up to an epoch or a time; results are in the order in which they were reached."""
    place = bisect_right(results, at, key=lambda each: each.epoch if axis == "epochs" else each.time)
    return results[place - 1] if place else None
