"""Reads the events of a log, whatever its lines hold, with one of them in memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.storage.recorded import open_log
from engine.tracking.fitting import Fitting
from engine.tracking.order import Order
from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.storage.guarded import LineTooLong, read_lines
from vanish_recorder.storage.log_file import EVENTS


class Damage:
    """What is wrong with a log: how many lines, and which is the first. It stays small for any log."""

    def __init__(self) -> None:
        self.lines = 0
        self._first = ""

    def add(self, number: int, reason: str) -> None:
        """A line cannot be used."""
        self.lines += 1
        self._first = self._first or f"line {number} ({reason})"

    def __str__(self) -> str:
        """A sentence without its dot; empty if nothing is wrong."""
        if not self.lines:
            return ""
        if self.lines == 1:
            return f"{self._first} of {EVENTS} is damaged and left out"
        return f"{self.lines:,} lines of {EVENTS} are damaged and left out, the first is {self._first}"


class LogReader:
    """Turns the lines of a log into events, one at a time. Damaged lines are left out.

    Attributes:
        damage: what was left out so far.
    """

    def __init__(self) -> None:
        self.damage = Damage()
        self._number = 0
        self._order, self._fitting = Order(), Fitting()

    def event(self, line: bytes) -> RunEvent | None:
        """The event of the next line; None if it is of an unknown kind or damaged."""
        self._number += 1
        try:
            event = from_line(line)
            if event is not None:
                self._fitting.check(event)
                self._order.check(event)
        except (ValueError, TypeError) as error:
            self.damage.add(self._number, str(error))
            return None
        return event

    def events(self, lines: Iterable[tuple[bytes, int]]) -> Iterator[tuple[RunEvent, int]]:
        """The events of lines that come with the offsets after them, which a line that is too long ends."""
        try:
            for line, end in lines:
                if (event := self.event(line)) is not None:
                    yield event, end
        except LineTooLong as error:
            self.damage.add(self._number + 1, str(error))


def iterate_events(path: Path, reader: LogReader) -> Iterator[RunEvent]:
    """The events of a log, from the first to the last, with one of them in memory.

    An incomplete last line and events of unknown kinds are skipped.

    Args:
        path: of the `events.jsonl`.
        reader: new; its `damage` says what was left out.

    Raises:
        OSError: it cannot be read.
    """
    with open_log(path) as file:
        for event, _ in reader.events(read_lines(file)):
            yield event
