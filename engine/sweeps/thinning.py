"""What a finished run of a sweep keeps: of its log all but most samples, and no checkpoint."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.storage.checkpoint import CHECKPOINT, PREVIOUS
from engine.storage.run_log import NotARun
from engine.storage.summary import read_summary
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.guarded import open_guarded, read_lines
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import RunInUse, RunLock
from vanish_recorder.storage.summary import write_summary

FIRST = 10  # samples of each stage that stay: a run measures each of these steps
SPREAD = 40  # and about as many of the rest, evenly spread
_SAMPLE, _STAGE = b'{"event":"sample"', b'{"event":"stage_started"'


def thin(folder: Path) -> None:
    """Leave out most samples of a finished run's log, and remove its checkpoints.

    A run that another process holds, or that cannot be written, stays as it is: that costs only space.
    """
    with suppress(OSError, RunInUse, NotARun):
        lock = RunLock(folder)
        try:
            _thin(folder)
        finally:
            lock.release()


def _thin(folder: Path) -> None:
    with open_guarded(folder / EVENTS) as file:
        lines = [line for line, _ in read_lines(file)]
    content = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in kept(lines))
    # The summary first: a log that is shorter than its summary says counts as cut.
    write_summary(folder, replace(read_summary(folder), log_bytes=len(content)))
    write_atomically(folder / EVENTS, content)
    for name in (CHECKPOINT, PREVIOUS):
        with suppress(FileNotFoundError):
            (folder / name).unlink()


def kept(lines: list[bytes], first: int = FIRST, spread: int = SPREAD) -> Iterator[bytes]:
    """The lines of a log that stay.

    All lines that are not samples stay. Of the samples, the first of each stage stay, some evenly spread
    ones, and the last one.

    Args:
        lines: of the log.
        first: how many samples of each stage stay.
        spread: about how many of the others stay.
    """
    samples = sum(line.startswith(_SAMPLE) for line in lines)
    gap = max(1, samples // spread)
    seen = since_stage = 0
    for line in lines:
        if line.startswith(_STAGE):
            since_stage = 0
        if not line.startswith(_SAMPLE):
            yield line
            continue
        seen += 1
        since_stage += 1
        if since_stage <= first or seen % gap == 0 or seen == samples:
            yield line
