"""Where the lines of a watched run's log are, so that it can be continued and thinned."""

import re
from array import array
from pathlib import Path
from typing import NamedTuple, Self

from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import RunEvent, RunFinished, VerdictChanged
from vanish_recorder.protocol.watch_events import Measured, Thinned
from vanish_recorder.storage.guarded import open_guarded, read_lines, whole_size

# What every line that the recorder writes begins with.
_BEGINNING = re.compile(
    rb'\{"event":"(\w+)","run":"[^"\\]*","step":(\d{1,15}),"epoch":(\d{1,15}),"stage":(\d{1,15}),'
    rb'"time":([0-9.e+-]{1,30})'
)
OTHER, SAMPLE, VERDICT, THINNED = range(4)  # the kinds of lines that thinning distinguishes
_KINDS = {Measured.event: SAMPLE, VerdictChanged.event: VERDICT, Thinned.event: THINNED}


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


def kind_of(event: str) -> int:
    """The kind of a line with this event."""
    return _KINDS.get(event, OTHER)


class LineIndex:
    """The end, the kind and the step of each line of a log: 17 bytes for a line.

    Attributes:
        ends: the size of the log after each line.
        steps: of each line.
        kinds: of each line: SAMPLE, VERDICT, THINNED or OTHER.
        samples: how many lines are samples.
        gap: of a thinned log, the length of the spans of steps in which one sample was kept.
    """

    def __init__(self) -> None:
        self.ends = array("q")
        self.steps = array("q")
        self.kinds = bytearray()
        self.samples = 0
        self.gap = 1

    def add(self, event: str, step: int, end: int) -> None:
        """A line was appended, after which the log has `end` bytes."""
        self.append(kind_of(event), step, end)

    def append(self, kind: int, step: int, end: int) -> None:
        """The same with the kind of its event."""
        self.ends.append(end)
        self.steps.append(step)
        self.kinds.append(kind)
        self.samples += kind == SAMPLE

    def copy(self) -> Self:
        """The lines so far."""
        same = type(self)()
        same.ends, same.steps, same.kinds = self.ends[:], self.steps[:], self.kinds[:]
        same.samples, same.gap = self.samples, self.gap
        return same

    def extend(self, other: Self, start: int, shift: int) -> None:
        """Add the lines of another index from number `start` on, which end `shift` bytes earlier here."""
        self.ends.extend(end - shift for end in other.ends[start:])
        self.steps.extend(other.steps[start:])
        kinds = other.kinds[start:]
        self.kinds += kinds
        self.samples += kinds.count(SAMPLE)


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
    sample = gap = b""
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
            elif begins.event == Thinned.event:
                gap = line
            elif (event := _event(line)) is not None:
                events.append(event)
    if (event := _event(sample)) is not None:
        events.append(event)
    if isinstance(thinned := _event(gap), Thinned):
        index.gap = thinned.span
    ended = last is not None and last.event == RunFinished.event
    return Past(size, last, ended, tuple(events))


def _event(line: bytes) -> RunEvent | None:
    try:
        return from_line(line) if line else None
    except (ValueError, TypeError):
        return None
