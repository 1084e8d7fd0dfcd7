"""Whether the script of a run that lives writes nothing any more, from the end of its log."""

import os
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from vanish_recorder.diagnosis import stalled
from vanish_recorder.protocol.watch_events import Measured
from vanish_recorder.storage.file_clock import now_at
from vanish_recorder.storage.guarded import open_guarded, whole_size
from vanish_recorder.storage.line_index import beginning_of
from vanish_recorder.storage.log_file import EVENTS

_TAIL = 2**17  # bytes


def silence_of(folder: Path) -> str:
    """A sentence if the log has been silent for unusually long; empty if not, or if it cannot be read.

    Args:
        folder: of a watched run that a process trains.
    """
    try:
        with open_guarded(folder / EVENTS) as file:
            end = whole_size(file)
            file.seek(max(0, end - _TAIL))
            lines = file.read(_TAIL).split(b"\n")
        silence = now_at(folder) - os.stat(folder / EVENTS).st_mtime
    except (OSError, ValueError):
        return ""
    beginnings = map(beginning_of, lines)
    times = [line.time for line in beginnings if line is not None and line.event == Measured.event]
    pauses = [after - before for before, after in pairwise(times)]
    return stalled(silence, median_low(pauses) if pauses else 0.0)
