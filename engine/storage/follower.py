"""Follows a run in its log, while another process writes it or after it has ended."""

import os
from pathlib import Path

from engine.protocol.events import from_line
from engine.protocol.spec import NotARunSpec
from engine.storage.run_log import EVENTS, NotARun, read_description, split_lines
from engine.tracking.snapshot import RunView, Snapshot


class Follower:
    """The state of a run, read from its log. `poll` brings it up to date.

    An incomplete line is read when it is complete. A log that was truncated by a resume is read again from
    the start.

    Args:
        folder: of the run.

    Raises:
        NotARun: the folder is not a run directory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damage: tuple[str, ...] = ()
        self._description = what = read_description(folder)
        self._view = RunView(what.run, what.spec, what.seed)
        self._snapshot, self._outdated = self._view.snapshot(), False
        self._position, self._last = 0, b""

    @property
    def run(self) -> str:
        """The name of the run."""
        return self._description.run

    def poll(self) -> bool:
        """Read the new lines of the log.

        Returns:
            Whether there were any.

        Raises:
            OSError: the log cannot be read.
            NotARun: its first line describes no run of this version.
        """
        try:
            file = open(self.folder / EVENTS, "rb", buffering=0)  # noqa: SIM115
        except FileNotFoundError:  # the run has not begun yet
            return False
        with file:
            if not self._is_the_same(file.fileno()):
                self._restart()
            file.seek(self._position)
            content = file.read()
        before = self._position
        for line, end in split_lines(content, self._position):
            self._apply(line)
            self._last, self._position = line, end
        return self._position != before

    @property
    def view(self) -> RunView:
        """The state that events are applied to, for a caller that applies further events itself."""
        return self._view

    def snapshot(self) -> Snapshot:
        """The run at the last poll. It is created again only after an event."""
        if self._outdated or self._snapshot.sequence != self._view.sequence:
            self._snapshot, self._outdated = self._view.snapshot(), False
        return self._snapshot

    def _restart(self) -> None:
        what = self._description
        self._view = RunView(what.run, what.spec, what.seed)
        self._position, self._last = 0, b""
        self._outdated = True  # there may be as many events as before, but different ones
        self.damage = ()

    def _is_the_same(self, file: int) -> bool:
        """Whether the last line is still at the same place. Lines contain times, so each line is unique."""
        if not self._position:
            return True
        place = self._position - len(self._last) - 1
        return os.pread(file, len(self._last) + 1, place) == self._last + b"\n"

    def _apply(self, line: bytes) -> None:
        try:
            event = from_line(line)
        except (ValueError, TypeError) as error:
            self.damage = (*self.damage, f"a line of {EVENTS} is damaged ({error})")
        else:
            if event is None:
                return
            try:
                self._view.apply(event)
            except NotARunSpec as error:
                raise NotARun(f"its log is damaged ({error})") from None
