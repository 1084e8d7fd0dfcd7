"""Comparing runs: how their settings differ, and their ranking at equal epochs and at equal training time."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from engine.protocol.events import Record, RunStarted, encoded
from engine.protocol.status import Status
from engine.tracking.snapshot import Snapshot
from scenarios.numbers import numbers

Axis = Literal["epochs", "seconds"]

_AXES: tuple[Axis, ...] = ("epochs", "seconds")
OUT = frozenset({Status.DIVERGED, Status.FAILED, Status.STOPPED})  # ended before the last epoch


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
class Difference:
    """A setting that differs between entrants.

    Attributes:
        key: dotted, such as `optimizer.lr`.
        values: of each entrant; None if it has no such setting.
    """

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An entrant's place in a ranking.

    Attributes:
        label: of the entrant.
        accuracy: the median test accuracy over its seeds; None if no run had finished an epoch.
        low: the lowest test accuracy.
        high: the highest test accuracy.
        tied: whether its range overlaps with that of the entrant one place ahead, so that the order may be
            due to the seeds. Never with a single seed, because its spread is unknown.
        ended: how its runs ended, if one diverged, failed or was stopped.
        seeds: how many of its runs are ranked.
    """

    label: str
    accuracy: float | None
    low: float | None
    high: float | None
    tied: bool
    ended: str
    seeds: int

    def overlaps(self, other: "Place") -> bool:
        """Whether the ranges of two entrants over their seeds overlap."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return False
        return max(self.seeds, other.seeds) > 1 and self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Ranking:
    """The entrants in order, compared at the point that the slowest active run has reached.

    Attributes:
        axis: what is equal for all: epochs or training seconds.
        at: how many.
        places: the best first.
    """

    axis: Axis
    at: float
    places: tuple[Place, ...]


def entrants(snapshots: Sequence[Snapshot]) -> tuple[Entrant, ...]:
    """Group runs that differ only in their seed. The groups are in the order of their first run.

    Entrants with the same id but other settings (variants made by hand) are numbered: `depth-7`,
    `depth-7 (2)`. Of two runs with the same seed only the one with more steps is used.
    """
    started = next((run.started for run in snapshots if run.started is not None), None)
    groups: dict[str, dict[int, Snapshot]] = {}
    for run in snapshots:
        # A run that is still loading will get the same data, device and threads as the others.
        identity = [run.scenario_id, settings(run, run.started or started), list(_by_hand(run))]
        seeds = groups.setdefault(json.dumps(identity, sort_keys=True), {})
        if run.seed not in seeds or run.step >= seeds[run.seed].step:
            seeds[run.seed] = run
    seen: Counter[str] = Counter()
    found = []
    for runs in (tuple(seeds.values()) for seeds in groups.values()):
        name = runs[0].scenario_id
        seen[name] += 1
        found.append(Entrant(name if seen[name] == 1 else f"{name} ({seen[name]})", runs))
    return tuple(found)


def settings(run: Snapshot, started: RunStarted | None) -> dict[str, Any]:
    """The settings that decide a run's numbers besides its seed, by dotted key.

    Args:
        run: for its scenario, and for what was changed by hand.
        started: for its data, device and threads; None if they are not known yet.
    """
    table = numbers(run.spec.record)
    if started is not None:
        table["data.images"] = started.data.get("train")
        table["device"] = started.device.partition(":")[0]  # all GPUs of a machine count as equal
        table["threads"] = started.threads
    if by_hand := list(_by_hand(run)):
        table["by hand"] = by_hand
    return table


def differences(entrants: Sequence[Entrant]) -> tuple[Difference, ...]:
    """The settings that differ, in the order of the scenario files, with those of a table together."""
    started = next((entrant.runs[0].started for entrant in entrants if entrant.runs[0].started), None)
    tables = [settings(entrant.runs[0], entrant.runs[0].started or started) for entrant in entrants]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    order = list(dict.fromkeys(_table_of(key) for key in keys))
    keys.sort(key=lambda key: order.index(_table_of(key)))
    rows = (Difference(key, tuple(table.get(key) for table in tables)) for key in keys)
    return tuple(row for row in rows if any(value != row.values[0] for value in row.values))


def rank(entrants: Sequence[Entrant], axis: Axis) -> Ranking:
    """Rank by test accuracy at the largest number of epochs (or seconds) that all have reached.

    A run that diverged, failed or was stopped does not limit that number; it is ranked by its last result. A
    run that has not finished its first epoch does not limit it either.
    """
    runs = [run for entrant in entrants for run in entrant.runs if run.last_epoch is not None]
    racing = [run for run in runs if run.status not in OUT] or runs
    at = min((_reached(run, axis) for run in racing), default=0.0)
    judged = [(entrant, _accuracies(entrant, axis, at)) for entrant in entrants]
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
                ended=", ".join(sorted({run.status.value for run in entrant.runs if run.status in OUT})),
                seeds=len(accuracies),
            )
        )
    return Ranking(axis, at, tuple(places))


def to_record(entrants: Sequence[Entrant]) -> Record:
    """The comparison as the last line of `compare --json`; the first entrant is the baseline."""
    runs = [run for entrant in entrants for run in entrant.runs]
    labels = [entrant.label for entrant in entrants]
    rows = differences(entrants)
    return {
        "event": "comparison",
        "run": runs[0].run,
        "step": max(run.step for run in runs),
        "epoch": max(run.epoch for run in runs),
        "stage": max(run.stage for run in runs),
        "time": sum(run.time for run in runs),
        "baseline": entrants[0].label,
        "runs": [_run_record(entrant.label, run) for entrant in entrants for run in entrant.runs],
        "differences": [
            {"key": row.key, "values": dict(zip(labels, row.values, strict=True))} for row in rows
        ],
        "ranking": {axis: asdict(rank(entrants, axis)) for axis in _AXES},
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
        "verdicts": [verdict.kind for verdict in run.verdicts],
    }


def _table_of(key: str) -> str:
    return key.rpartition(".")[0] or key


def _by_hand(run: Snapshot) -> Iterator[str]:
    """What was changed by hand, in a few words each, except epochs: their number is shown anyway."""
    for change in run.interventions:
        if change.kind != "epochs":
            words = (change.kind, change.layer, None if change.value is None else f"{change.value:g}")
            yield " ".join([*(word for word in words if word), f"at step {change.step}"])


def _reached(run: Snapshot, axis: Axis) -> float:
    """The number, or the training seconds, of the run's last finished epoch."""
    last = run.last_epoch
    if last is None:
        return 0.0
    return float(last.epoch) if axis == "epochs" else last.time


def _accuracies(entrant: Entrant, axis: Axis, at: float) -> list[float]:
    """The test accuracy of each run after its last epoch up to `at`."""
    found = []
    for run in entrant.runs:
        reached = [each for each in run.results if (each.epoch if axis == "epochs" else each.time) <= at]
        if reached:
            found.append(reached[-1].test_accuracy)
    return found
