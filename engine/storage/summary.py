"""Makes and reads the summary of a run."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.storage.run_log import NotARun, refuse_newer
from engine.tracking.snapshot import Snapshot
from vanish_recorder.protocol.events import RunStarted
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.values import LIMITS, is_a
from vanish_recorder.storage.guarded import read_guarded
from vanish_recorder.storage.summary import FIELDS, SUMMARY, Summary

_LONGEST_TEXT = 1000  # characters, because a list shows it
_KINDS: dict[str, Any] = {field.name: field.type for field in fields(Summary)}


def summarise(run: Snapshot, log_bytes: int) -> Summary:
    """The results of a run, with the size of its log in bytes."""
    last, started, watched = run.last_epoch, run.started, run.watched
    return Summary(
        scenario=run.scenario_id,
        seed=None if watched else run.seed,
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
        device=_device(run),
        threads=started.threads if started else None,
        data=_data(started.data) if started else "",
        interventions=len(run.interventions),
        verdict=run.verdicts[0].kind if run.verdicts else "",
        log_bytes=log_bytes,
        train_images=_count(started, "train"),
        test_images=_count(started, "test"),
        kind=run.spec.origin,
        loss=run.loss if watched else None,
    )


def _device(run: Snapshot) -> str:
    started = run.started or (run.watched.started if run.watched else None)
    return started.device if started else ""


def _data(data: dict[str, Any]) -> str:
    """A short name for the data source; other files under Fashion-MNIST's names are called that."""
    source = str(data.get("source", ""))
    return f"{source} (not the known Fashion-MNIST)" if data.get("known") is False else source


def _count(started: RunStarted | None, name: str) -> int | None:
    value = started.data.get(name) if started and isinstance(started.data, dict) else None
    return value if type(value) is int else None


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
