"""Follows a run in its log, while another process writes it or after it has ended."""

import os
from pathlib import Path
from typing import BinaryIO

from engine.protocol.recorded import is_recorded
from engine.protocol.spec import NotARunSpec
from engine.storage.log_reader import LogReader
from engine.storage.recorded import open_log
from engine.storage.run_log import NotARun, contradiction, contradicts, read_description
from engine.tracking.snapshot import RunView, Snapshot
from vanish_recorder.protocol.events import RunEvent, RunStarted
from vanish_recorder.storage.guarded import LineTooLong, read_lines
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.place import Place


class Follower:
    """The state of a run, read from its log. `poll` brings it up to date.

    An incomplete line is read when it is complete. In a log from which samples were taken out, reading
    continues at the same place. A log that was truncated by a resume is read again from the start.

    Args:
        folder: of the run.

    Raises:
        NotARun: the folder is not a run directory.
    """

    _view: RunView
    _snapshot: Snapshot
    _reader: LogReader
    _place: Place
    _position: int
    _size: int
    _last: bytes

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_behind = False  # after a poll that had read the most that it may
        self._description = read_description(folder)
        self._restart()

    @property
    def run(self) -> str:
        """The name of the run."""
        return self._description.run

    @property
    def damage(self) -> str:
        """What was left out of the log; empty if nothing was."""
        return str(self._reader.damage)

    @property
    def position(self) -> int:
        """The size of the part of the log that has been read, in bytes."""
        return self._position

    @property
    def part_read(self) -> float:
        """How much of the log has been read, from 0 to 1."""
        return self._position / self._size if self._size else 1.0

    def poll(self, most: int | None = None) -> bool:
        """Read the new lines of the log.

        A recorded run never gets new lines, so its log is read once.

        Args:
            most: about how many bytes to read at most; None for all. `is_behind` says whether more are left.

        Returns:
            Whether there were any.

        Raises:
            OSError: the log cannot be read.
            NotARun: it is damaged so that it cannot be shown, or it is the log of another run.
        """
        if self._position and is_recorded(self.run):
            return False
        try:
            file = open_log(self.folder / EVENTS)
        except FileNotFoundError:  # the run has not begun yet
            return False
        with file:
            if not self._is_the_same(file) and not self._find_place(file):
                self._restart()
            self._size = file.seek(0, os.SEEK_END)
            self.is_behind = False
            before = self._position
            try:
                for line, end in read_lines(file, before):
                    self._apply(line, end)
                    self._last, self._position = line, end
                    self._place.pass_by(line)
                    if most is not None and end - before >= most:
                        self.is_behind = end < self._size
                        break
            except LineTooLong as error:
                raise NotARun(f"its log is damaged ({error})") from None
        return self._position != before

    @property
    def view(self) -> RunView:
        """The state that events are applied to, for a caller that applies further events itself."""
        return self._view

    def snapshot(self) -> Snapshot:
        """The run at the last poll. It is created again only after an event."""
        if self._snapshot.sequence != self._view.sequence:
            self._snapshot = self._view.snapshot()
        return self._snapshot

    def _restart(self) -> None:
        what = self._description
        self._view = RunView(what.run, what.spec, what.seed or 0)
        self._reader = LogReader()
        self._snapshot = self._view.snapshot()
        self._position, self._size, self._last = 0, 0, b""
        self._place = Place()

    def _find_place(self, file: BinaryIO) -> bool:
        """Continue in a log from which samples were taken out; False if it is another log."""
        if not self._description.spec.is_watched:
            return False
        try:
            found = self._place.found_in(read_lines(file))
        except LineTooLong:
            return False
        if found is None:
            return False
        self._last, self._position = found
        return True

    def _is_the_same(self, file: BinaryIO) -> bool:
        """Whether the last line is still at the same place. Lines contain times, so each line is unique."""
        if not self._position:
            return True
        file.seek(self._position - len(self._last) - 1)
        return file.read(len(self._last) + 1) == self._last + b"\n"

    def _apply(self, line: bytes, end: int) -> None:
        if (event := self._reader.event(line)) is None:
            return
        if isinstance(event, RunStarted) and (differing := contradiction(self._description, event)):
            raise NotARun(f"damaged: {contradicts(differing)}")
        try:
            self._fold(event, end - len(line) - 1, end)
        except NotARunSpec as error:
            raise NotARun(f"its log is damaged ({error})") from None

    def _fold(self, event: RunEvent, start: int, end: int) -> None:
        """Apply an event whose line is between these offsets of the log."""
        self._view.apply(event)
