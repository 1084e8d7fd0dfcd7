"""Where the lines of a watched run's log are, so that it can be continued and thinned."""

import re
from array import array
from pathlib import Path
from typing import NamedTuple

from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import RunEvent, RunFinished, VerdictChanged
from vanish_recorder.protocol.watch_events import Measured
from vanish_recorder.storage.guarded import open_guarded, read_lines, whole_size

# What every line that the recorder writes begins with.
_BEGINNING = re.compile(
    rb'\{"event":"(\w+)","run":"[^"\\]*","step":(\d{1,15}),"epoch":(\d{1,15}),"stage":(\d{1,15}),'
    rb'"time":([0-9.e+-]{1,30})'
)
_SAMPLE, _VERDICT, _OTHER = 1, 2, 0
_KINDS = {Measured.event: _SAMPLE, VerdictChanged.event: _VERDICT}


class Line(NamedTuple):
    """What the beginning of a line says."""

    event: str
    step: int
    epoch: int
    stage: int
    time: float


def beginning_of(line: bytes) -> Line | None:
    """What the beginning of a line says; None if the recorder did not write it so."""
    found = _BEGINNING.match(line)
    if found is None:
        return None
    try:
        return Line(found[1].decode(), int(found[2]), int(found[3]), int(found[4]), float(found[5]))
    except ValueError:
        return None


class LineIndex:
    """The end, the kind and the step of each line of a log: 17 bytes for a line."""

    def __init__(self) -> None:
        self.ends = array("q")
        self.steps = array("q")
        self.kinds = bytearray()

    def add(self, event: str, step: int, end: int) -> None:
        """A line was appended, after which the log has `end` bytes."""
        self.ends.append(end)
        self.steps.append(step)
        self.kinds.append(_KINDS.get(event, _OTHER))


class Past(NamedTuple):
    """What a log says about the run until now.

    Attributes:
        size: up to the end of its last complete line.
        last: the latest step, epoch and time; None if there is no event.
        ended: whether the last event is the run's end.
        events: that a list or a continued run needs: all but the samples, and the last sample.
    """

    size: int
    last: Line | None
    ended: bool
    events: tuple[RunEvent, ...]


def read_past(log: Path, index: LineIndex) -> Past:
    """Read a log quickly: of the samples, only the last is read as JSON.

    Args:
        log: its path.
        index: empty; gets the lines.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is too long.
    """
    last: Line | None = None
    sample = b""
    events = []
    try:
        file = open_guarded(log)
    except FileNotFoundError:
        return Past(0, None, False, ())
    with file:
        size = whole_size(file)
        for line, end in read_lines(file):
            if end > size:
                break
            begins = beginning_of(line)
            index.add(begins.event if begins else "", begins.step if begins else 0, end)
            if begins is None:
                continue
            if last is not None and (begins.step < last.step or begins.time < last.time):
                continue  # damaged
            last = begins
            if begins.event == Measured.event:
                sample = line
            elif (event := _event(line)) is not None:
                events.append(event)
    if (event := _event(sample)) is not None:
        events.append(event)
    ended = last is not None and last.event == RunFinished.event
    return Past(size, last, ended, tuple(events))


def _event(line: bytes) -> RunEvent | None:
    try:
        return from_line(line) if line else None
    except (ValueError, TypeError):
        return None
