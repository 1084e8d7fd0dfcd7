"""The results of a run for lists (`summary.json`), so that a list need not read the log."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.storage.run_log import NotARun, refuse_newer
from engine.tracking.snapshot import Snapshot
from vanish_recorder.protocol.codec import LIMITS, is_a
from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.events import RunStarted
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.guarded import read_guarded

SUMMARY = "summary.json"
_LONGEST_TEXT = 1000  # characters, because a list shows it


@dataclass(frozen=True, slots=True)
class Summary:
    """The results of a run at its last save.

    Attributes:
        scenario: its id.
        status: a run that is `running` here and has no owner was abandoned.
        steps: planned for the whole schedule.
        epochs: planned for the whole schedule.
        time: training time in seconds.
        data: a short name for the data source.
        train_images: number of training images; None if an earlier version wrote the summary.
        test_images: number of test images; None like `train_images`.
        interventions: how often the run was changed by hand.
        verdict: the kind of its most severe verdict; empty if there is none.
        log_bytes: size of `events.jsonl` at this save. A log that is shorter now was cut.
    """

    scenario: str
    seed: int
    status: Status
    step: int = 0
    steps: int = 0
    epoch: int = 0
    epochs: int = 0
    stage: int = 0
    stages: int = 1
    time: float = 0.0
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    best_test_accuracy: float | None = None
    device: str = ""
    threads: int | None = None
    data: str = ""
    interventions: int = 0
    verdict: str = ""
    log_bytes: int = 0
    train_images: int | None = None
    test_images: int | None = None


FIELDS = tuple(field.name for field in fields(Summary))
_KINDS: dict[str, Any] = {field.name: field.type for field in fields(Summary)}


def summarise(run: Snapshot, log_bytes: int) -> Summary:
    """The results of a run, with the size of its log in bytes."""
    last, started = run.last_epoch, run.started
    return Summary(
        scenario=run.scenario_id,
        seed=run.seed,
        status=run.status,
        step=run.step,
        steps=run.steps,
        epoch=run.epoch,
        epochs=run.epochs,
        stage=run.stage,
        stages=started.stages if started else 1,
        time=run.time,
        train_loss=last.train_loss if last else None,
        train_accuracy=last.train_accuracy if last else None,
        test_loss=last.test_loss if last else None,
        test_accuracy=last.test_accuracy if last else None,
        best_test_accuracy=run.best_test_accuracy,
        device=started.device if started else "",
        threads=started.threads if started else None,
        data=_data(started.data) if started else "",
        interventions=len(run.interventions),
        verdict=run.verdicts[0].kind if run.verdicts else "",
        log_bytes=log_bytes,
        train_images=_count(started, "train"),
        test_images=_count(started, "test"),
    )


def _data(data: dict[str, Any]) -> str:
    """A short name for the data source; other files under Fashion-MNIST's names are called that."""
    source = str(data.get("source", ""))
    return f"{source} (not the known Fashion-MNIST)" if data.get("known") is False else source


def _count(started: RunStarted | None, name: str) -> int | None:
    value = started.data.get(name) if started and isinstance(started.data, dict) else None
    return value if type(value) is int else None


def write_summary(folder: Path, summary: Summary) -> None:
    """Write the summary of a run. It replaces the previous one.

    Raises:
        OSError: it cannot be written.
    """
    record = {"schema": SCHEMA, "run": folder.name, **dict(zip(FIELDS, row_of(summary), strict=True))}
    write_atomically(folder / SUMMARY, json.dumps(record).encode())


def read_summary(folder: Path) -> Summary:
    """Read the summary of the run in `folder`.

    Raises:
        FileNotFoundError: the run was never saved.
        OSError: it cannot be read.
        Newer: a newer version wrote it.
        NotARun: it is damaged.
    """
    content = read_guarded(folder / SUMMARY)
    try:
        record = parse(content)
        refuse_newer(record)
        # Unknown fields, which a newer version may add, are ignored.
        values = {field: record[field] for field in FIELDS if field in record}
        return _checked({**values, "status": Status(record["status"])})
    except (KeyError, TypeError, ValueError):
        raise NotARun(f"damaged: {SUMMARY} does not describe a run") from None


def row_of(summary: Summary) -> list[Any]:
    """The values of a summary in the order of FIELDS, for JSON."""
    return [getattr(summary, field) for field in FIELDS]


def summary_of_row(row: list[Any]) -> Summary:
    """The summary from what `row_of` returned.

    Raises:
        TypeError: a value has the wrong type.
        ValueError: the row has another length, or an unknown status.
    """
    values = dict(zip(FIELDS, row, strict=True))
    return _checked({**values, "status": Status(values["status"])})


def _checked(values: dict[str, Any]) -> Summary:
    """The summary with these values.

    Raises:
        TypeError: a value has the wrong type.
        ValueError: a value is too large, too small or too long.
    """
    if not all(is_a(value, _KINDS[field]) for field, value in values.items()):
        raise TypeError("a field has the wrong type")
    for field, value in values.items():
        if isinstance(value, str) and len(value) > _LONGEST_TEXT:
            raise ValueError(f"{field} is too long")
        # Written so that a time or an accuracy of nan is refused; a loss may be nan.
        if field in LIMITS and value is not None and not LIMITS[field][0] <= value <= LIMITS[field][1]:
            raise ValueError(f"{field} cannot be {value}")
    return Summary(**values)
