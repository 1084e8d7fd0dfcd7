"""Runs side by side: what differs between them, and who is ahead at equal epochs and at equal seconds."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from engine.events import Record, Status, encoded
from engine.history import Point
from engine.runview import Snapshot
from scenarios.numbers import numbers

Axis = Literal["epochs", "seconds"]

_AXES: tuple[Axis, ...] = ("epochs", "seconds")
_BROKEN = frozenset({Status.DIVERGED, Status.FAILED})


@dataclass(frozen=True, slots=True)
class Entrant:
    """One scenario in a comparison, with a run for each seed; `label` tells it from the others."""

    label: str
    runs: tuple[Snapshot, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that the entrants don't share: its dotted key, and each entrant's value (None: has none)."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An entrant's place in a ranking.

    Attributes:
        label: the entrant's.
        accuracy: the median test accuracy of its seeds; None if no run has finished an epoch by then.
        low: the lowest; `high` the highest.
        tied: whether its range and that of the entrant one place ahead overlap, so that seeds alone may
            have decided. Never with one seed, whose spread nobody knows.
        ended: how its runs ended, if one diverged or failed.
    """

    label: str
    accuracy: float | None
    low: float | None
    high: float | None
    tied: bool
    ended: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The entrants, best first, judged where the slowest of those still in the race stands.

    Attributes:
        axis: what is equal.
        at: how many epochs, or training seconds.
        places: best first.
    """

    axis: Axis
    at: float
    places: tuple[Place, ...]


def entrants(snapshots: Sequence[Snapshot]) -> tuple[Entrant, ...]:
    """Group runs of the same settings, in the order of their first run.

    Entrants of one id but other settings (a variant made by hand) are numbered: `depth-7`, `depth-7 (2)`.
    """
    groups: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots:
        settings = json.dumps([snapshot.scenario_id, numbers(snapshot.scenario)], sort_keys=True)
        groups.setdefault(settings, []).append(snapshot)
    seen: Counter[str] = Counter()
    field = []
    for runs in groups.values():
        name = runs[0].scenario_id
        seen[name] += 1
        field.append(Entrant(name if seen[name] == 1 else f"{name} ({seen[name]})", tuple(runs)))
    return tuple(field)


def differences(scenarios: Sequence[Record]) -> tuple[Difference, ...]:
    """The settings that are not the same in all of them, in the order of the files."""
    settings = [numbers(each) for each in scenarios]
    keys = dict.fromkeys(key for each in settings for key in each)
    rows = (Difference(key, tuple(each.get(key) for each in settings)) for key in keys)
    return tuple(row for row in rows if any(value != row.values[0] for value in row.values))


def rank(field: Sequence[Entrant], axis: Axis) -> Ranking:
    """Rank by test accuracy at the largest number of epochs (or seconds) that all have reached.

    A run that diverged or failed holds nobody up: it is judged by what it had reached.
    """
    runs = [run for entrant in field for run in entrant.runs]
    racing = [run for run in runs if run.status not in _BROKEN] or runs
    at = min((_reached(run, axis) for run in racing), default=0.0)
    judged = [(entrant, _accuracies(entrant, axis, at)) for entrant in field]
    judged.sort(key=lambda each: -median(each[1]) if each[1] else 1.0)
    places: list[Place] = []
    for entrant, accuracies in judged:
        ahead = places[-1].low if places else None
        places.append(
            Place(
                entrant.label,
                median(accuracies) if accuracies else None,
                min(accuracies, default=None),
                max(accuracies, default=None),
                tied=ahead is not None and len(accuracies) > 1 and max(accuracies) >= ahead,
                ended=", ".join(sorted({run.status.value for run in entrant.runs if run.status in _BROKEN})),
            )
        )
    return Ranking(axis, at, tuple(places))


def to_record(field: Sequence[Entrant]) -> Record:
    """The comparison as the last line of `compare --json`; the first entrant is the baseline."""
    runs = [run for entrant in field for run in entrant.runs]
    labels = [entrant.label for entrant in field]
    rows = differences([entrant.runs[0].scenario for entrant in field])
    return {
        "event": "comparison",
        "run": runs[0].run,
        "step": max(run.step for run in runs),
        "epoch": max(run.epoch for run in runs),
        "stage": max(run.stage for run in runs),
        "time": sum(run.time for run in runs),
        "baseline": field[0].label,
        "runs": [_run_record(entrant.label, run) for entrant in field for run in entrant.runs],
        "differences": [
            {"key": row.key, "values": dict(zip(labels, row.values, strict=True))} for row in rows
        ],
        "ranking": {axis: asdict(rank(field, axis)) for axis in _AXES},
    }


def _run_record(label: str, run: Snapshot) -> Record:
    end = run.finished
    return {
        "label": label,
        "run": run.run,
        "scenario": run.scenario_id,
        "seed": run.seed,
        "status": run.status.value,
        "epochs": run.epoch,
        "seconds": run.time,
        "test_loss": encoded(run.last_epoch.test_loss) if run.last_epoch else None,
        "test_accuracy": run.last_epoch.test_accuracy if run.last_epoch else None,
        "best_test_accuracy": run.best_test_accuracy,
        "weights_sha256": end.weights_sha256 if end else None,
    }


def _reached(run: Snapshot, axis: Axis) -> float:
    """Where the run's last finished epoch stands."""
    last = run.last_epoch
    if last is None:
        return 0.0
    return float(last.epoch) if axis == "epochs" else last.time


def _accuracies(entrant: Entrant, axis: Axis, at: float) -> list[float]:
    """Each run's test accuracy at its last epoch that is not beyond `at`."""
    found = []
    for run in entrant.runs:
        if run.last_epoch is not None and _reached(run, axis) <= at:
            found.append(run.last_epoch.test_accuracy)
        elif points := [point for point in run.charts.test_accuracy if _place(run, point, axis) <= at]:
            found.append(points[-1].value)
    return found


def _place(run: Snapshot, point: Point, axis: Axis) -> float:
    if axis == "seconds":
        return point.time
    return point.step / run.started.steps_per_epoch if run.started else 0.0
