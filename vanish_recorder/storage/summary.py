"""The results of a run for lists (`summary.json`), so that a list need not read the log."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.atomic import write_atomically

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Summary:
    """The results of a run at its last save.

    Attributes:
        scenario: its id; of a watched run the name that its script gave it.
        seed: of all randomness; None for a watched run, whose script has its own.
        status: a run that is `running` here and has no owner was abandoned.
        steps: planned for the whole schedule.
        epochs: planned for the whole schedule.
        time: training time in seconds.
        data: a short name for the data source.
        train_images: number of training images; None if an earlier version wrote the summary.
        test_images: number of test images; None like `train_images`.
        kind: "scenario", "watched" if it was recorded from a script of the user's, or "sweep". Of a sweep,
            steps and epochs count its runs.
        loss: of a watched run the latest one; None if there is none.
        left: seconds that a sweep will still take; None if that is not known, and for other kinds.
        interventions: how often the run was changed by hand.
        verdict: the kind of its most severe verdict; empty if there is none.
        log_bytes: size of `events.jsonl` at this save. A log that is shorter now was cut.
    """

    scenario: str
    seed: int | None
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
    kind: str = "scenario"
    loss: float | None = None
    left: float | None = None

    @property
    def is_watched(self) -> bool:
        """Whether the run was recorded from a script of the user's."""
        return self.kind == "watched"


FIELDS = tuple(field.name for field in fields(Summary))


def write_summary(folder: Path, summary: Summary) -> None:
    """Write the summary of a run. It replaces the previous one.

    Raises:
        OSError: it cannot be written.
    """
    record = {"schema": SCHEMA, "run": folder.name, **dict(zip(FIELDS, row_of(summary), strict=True))}
    write_atomically(folder / SUMMARY, json.dumps(record).encode())


def row_of(summary: Summary) -> list[Any]:
    """The values of a summary in the order of FIELDS, for JSON."""
    return [getattr(summary, field) for field in FIELDS]
