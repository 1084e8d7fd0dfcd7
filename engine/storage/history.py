"""A run at any of its steps, read from its log."""

from array import array
from collections.abc import Iterator
from typing import BinaryIO

from engine.storage.follower import Follower
from engine.storage.recorded import open_log
from engine.tracking.past import Past
from engine.tracking.snapshot import Snapshot
from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.storage.log_file import EVENTS


class LogChanged(Exception):
    """The log was written again while its lines were read a second time. `poll` reads the new one."""


class History(Follower):
    """A follower that remembers where each event is in the log, so that it can show the run at any step.

        history = History(folder)
        history.poll()
        run = history.at(1_000)

    `poll` may be called in any thread, but not while `at` is at work.

    Args:
        folder: of the run.

    Raises:
        NotARun: the folder is not a run directory.
    """

    _past: Past
    _starts: "array[int]"
    _ends: "array[int]"

    @property
    def last_step(self) -> int:
        """The latest step that has been read."""
        return self._past.last_step

    def at(self, step: int) -> Snapshot:
        """The run after all events up to this step, as far as `poll` has read the log.

        Raises:
            OSError: the log cannot be read.
            LogChanged: it is another log by now.
        """
        return self._past.at(step)

    def _restart(self) -> None:
        super()._restart()
        self._past = Past(self._view, self._again)
        self._starts, self._ends = array("q"), array("q")

    def _fold(self, event: RunEvent, start: int, end: int) -> None:
        self._past.add(event)
        self._starts.append(start)
        self._ends.append(end)

    def _find_place(self, file: BinaryIO) -> bool:
        """Never: in a log from which samples were taken out, every line is at another place."""
        return False

    def _again(self, first: int, last: int) -> Iterator[RunEvent]:
        """The events with these numbers, read again."""
        with open_log(self.folder / EVENTS) as file:
            for number in range(first, last):
                file.seek(self._starts[number])
                try:
                    event = from_line(file.read(self._ends[number] - self._starts[number]))
                except (ValueError, TypeError):
                    event = None
                if event is None:
                    raise LogChanged
                yield event
