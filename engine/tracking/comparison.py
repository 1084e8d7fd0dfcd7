"""Comparing runs: which are seeds of the same settings, and how their settings differ."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.tracking.in_common import common_step, losses, of_some
from engine.tracking.ranking import Axis, Entrant, rank
from engine.tracking.snapshot import Snapshot
from scenarios.numbers import flatten, numbers
from vanish_recorder.protocol.codec import encoded
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import RunStarted

_COMMIT = 8  # letters of a commit that tell it from others
_AXES: tuple[Axis, ...] = ("epochs", "seconds")


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that differs between entrants.

    Attributes:
        key: dotted, such as `optimizer.lr`.
        values: of each entrant; None if it has no such setting.
    """

    key: str
    values: tuple[Any, ...]


def entrants(snapshots: Sequence[Snapshot], labels: Mapping[str, str] | None = None) -> tuple[Entrant, ...]:
    """Group runs that differ only in their seed. The groups are in the order of their first run.

    A recorded run is called `depth-7 recorded`. Entrants with the same id but other settings
    (variants made by hand) are numbered: `depth-7`, `depth-7 (2)`. Of two runs with the same seed only the
    one with more steps is used.

    Args:
        snapshots: the runs.
        labels: what to call an entrant, by the id of its scenario; the id itself if it is missing.
    """
    started = next((run.started for run in snapshots if run.started is not None), None)
    groups: dict[str, dict[int, Snapshot]] = {}
    for run in snapshots:
        # A run that is still loading will get the same data, device and threads as the others.
        identity = [run.scenario_id, settings(run, run.started or started), list(_by_hand(run))]
        # A script may train another model under the same name and settings, and a recorded run is compared
        # with a run of its own settings.
        if run.spec.is_watched or run.is_recorded:
            identity.append(run.run)
        seeds = groups.setdefault(json.dumps(identity, sort_keys=True), {})
        if run.seed not in seeds or run.step >= seeds[run.seed].step:
            seeds[run.seed] = run
    seen: Counter[str] = Counter()
    found = []
    for runs in (tuple(seeds.values()) for seeds in groups.values()):
        first = runs[0]
        name = (labels or {}).get(first.scenario_id, first.scenario_id)
        name = f"{first.scenario_id} recorded" if first.is_recorded else name
        seen[name] += 1
        found.append(Entrant(name if seen[name] == 1 else f"{name} ({seen[name]})", runs))
    return tuple(found)


def settings(run: Snapshot, started: RunStarted | None) -> dict[str, Any]:
    """The settings that decide a run's numbers besides its seed, by dotted key.

    Args:
        run: for its scenario, and for what was changed by hand.
        started: for its data, device and threads; None if they are not known yet.
    """
    if run.watched is not None:
        return _of_script(run)
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
    firsts = [entrant.runs[0] for entrant in entrants]
    started = next((run.started for run in firsts if run.started), None)
    tables = [settings(run, run.started or started) for run in firsts]
    watched = [run.watched is not None for run in firsts]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    order = list(dict.fromkeys(_table_of(key) for key in keys))
    keys.sort(key=lambda key: order.index(_table_of(key)))
    rows = (Difference(key, tuple(table.get(key) for table in tables)) for key in keys)
    return tuple(row for row in rows if _differs(row.key, tables, watched))


def _differs(key: str, tables: Sequence[dict[str, Any]], watched: Sequence[bool]) -> bool:
    """Whether the entrants that can have a setting differ in it.

    A scenario has settings that a script does not know, and the other way round.
    """
    kinds = {kind for kind, table in zip(watched, tables, strict=True) if key in table}
    values = [table.get(key) for kind, table in zip(watched, tables, strict=True) if kind in kinds]
    return any(value != values[0] for value in values)


def _of_script(run: Snapshot) -> dict[str, Any]:
    """What decides the numbers of a watched run, as far as it is known."""
    record = run.spec.record
    config, git = record.get("config"), record.get("git")
    table = flatten(config) if isinstance(config, dict) else {}
    if not table:
        table["arguments"] = " ".join(map(str, record.get("arguments") or ()))
    if isinstance(git, dict):
        commit = str(git.get("commit") or "")[:_COMMIT]
        table["commit"] = f"{commit}{' and changes' if git.get('dirty') else ''}"
    if run.watched is not None and run.watched.started is not None:
        table["device"] = run.watched.started.device.partition(":")[0]
    if by_hand := list(_by_hand(run)):
        table["by hand"] = by_hand
    return table


def to_record(entrants: Sequence[Entrant]) -> Record:
    """The comparison as the last line of `compare --json`; the first entrant is the baseline."""
    runs = [run for entrant in entrants for run in entrant.runs]
    labels = [entrant.label for entrant in entrants]
    rows = differences(entrants)
    step = common_step(entrants)
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
        "loss": {
            "step": step,
            "values": {
                label: encoded(value) for label, value in zip(labels, losses(entrants, step), strict=True)
            },
        },
        "of_some": {name: list(having) for name, having in of_some(entrants).items()},
    }


def _run_record(label: str, run: Snapshot) -> Record:
    end = run.finished
    return {
        "label": label,
        "run": run.run,
        "kind": run.spec.origin,
        "scenario": run.scenario_id,
        "seed": None if run.watched is not None else run.seed,
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
