"""The latest numbers of a live run, from the end of its log: its summary is as old as its last save."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.tracking.snapshot import known_numbers
from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import EpochFinished, RunEvent
from vanish_recorder.protocol.watch_events import EpochLogged, Measured
from vanish_recorder.storage.guarded import open_guarded, whole_size
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.summary import Summary

_TAIL = 2**18  # bytes, which hold more than a hundred samples of a network of seven layers
_EPOCH, _MEASURED, _LOGGED = (f'"{kind.event}"'.encode() for kind in (EpochFinished, Measured, EpochLogged))


def brought_up_to_date(summary: Summary, folder: Path) -> Summary:
    """The summary with what the end of the log says since; the same one if that cannot be read."""
    try:
        with open_guarded(folder / EVENTS) as file:
            end = whole_size(file)
            start = max(summary.log_bytes, end - _TAIL)
            file.seek(start)
            lines = file.read(max(0, end - start)).split(b"\n")[:-1]
    except (OSError, ValueError):
        return summary
    last = next((event for event in map(_event, reversed(lines)) if event is not None), None)
    if last is None or last.step < summary.step:
        return summary
    latest = replace(summary, step=last.step, epoch=last.epoch, stage=last.stage, time=last.time)
    if summary.is_watched:
        return _of_watched(latest, lines)
    for event in (_event(line) for line in lines if _EPOCH in line):
        if isinstance(event, EpochFinished):
            best = latest.best_test_accuracy
            latest = replace(
                latest,
                train_loss=event.train_loss,
                train_accuracy=event.train_accuracy,
                test_loss=event.test_loss,
                test_accuracy=event.test_accuracy,
                best_test_accuracy=event.test_accuracy if best is None else max(best, event.test_accuracy),
            )
    return latest


def _of_watched(latest: Summary, lines: Sequence[bytes]) -> Summary:
    """With the latest loss, and the latest numbers that the script logged at the end of an epoch."""
    for event in (_event(line) for line in reversed(lines) if _MEASURED in line):
        if isinstance(event, Measured):
            latest = replace(latest, loss=event.logged.get("loss", latest.loss))
            break
    for event in (_event(line) for line in lines if _LOGGED in line):
        if isinstance(event, EpochLogged):
            numbers = known_numbers(event.logged)
            changed: dict[str, Any] = dict(numbers)
            latest = replace(latest, **changed)
            if (accuracy := numbers.get("test_accuracy")) is not None:
                latest = replace(latest, best_test_accuracy=max(latest.best_test_accuracy or 0.0, accuracy))
    return latest


def _event(line: bytes) -> RunEvent | None:
    """The event of a line; None for one that is damaged, or cut at the start of the tail."""
    try:
        return from_line(line)
    except (ValueError, TypeError):
        return None
