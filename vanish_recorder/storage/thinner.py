"""Thins the log of a watched run while the run is recorded."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock

from vanish_recorder.storage.atomic import open_new, sync_folder
from vanish_recorder.storage.line_index import LineIndex
from vanish_recorder.storage.log_file import EVENTS, LogFile
from vanish_recorder.storage.thinned_log import write_thinned
from vanish_recorder.storage.thinning import due_after, plan

_PATIENCE_SECONDS = 5.0  # for the training thread, which may have been interrupted while it writes


class Busy(Exception):
    """The log is in use for a long time. It can be thinned later."""


class Thinner:
    """Knows the lines of a log, and replaces the log by a shorter one.

    A shorter copy is written beside the log while the training continues. Only what was appended meanwhile is
    copied with the mutex held, and then the copy takes the log's name. A process that is killed at any
    moment leaves one of the two, complete.

    Args:
        log: of the run.
        mutex: the lock of the thread that appends to the log.
        index: the lines that the log has.

    Attributes:
        index: the lines of the log. The thread that appends a line adds it here.
    """

    def __init__(self, log: LogFile, mutex: RLock, index: LineIndex) -> None:
        self._log, self._mutex = log, mutex
        self.index = index
        self._due_at = due_after(0)
        self._is_enabled = True

    @property
    def is_due(self) -> bool:
        """Whether the log has become so long that it should be thinned."""
        return self._is_enabled and self.index.samples >= self._due_at and not self._log.unwritten

    def disable(self) -> None:
        """Never thin this log again."""
        self._is_enabled = False

    def thin(self, announce: Callable[[int], None]) -> None:
        """Replace the log by a shorter one.

        Args:
            announce: is called with the size that the log will have at least, before it becomes shorter.

        Raises:
            Busy: the training thread has not let go of the log.
            OSError: the shorter log cannot be written. The log is unchanged.
        """
        folder = self._log.folder
        with self._held():
            self._log.flush()
            index, source = self.index.copy(), self._log.descriptor
        what = plan(index)
        beside = folder / f".{EVENTS}.{os.getpid()}.tmp"
        try:
            with open_new(beside) as target:
                shorter = write_thinned(source, target, index, what, folder.name)
                target.flush()
                os.fsync(target.fileno())
            before, after = index.ends[-1], shorter.ends[-1]
            announce(min(before, after))
            with self._held():
                self._log.exchange(beside, before, after)
                shorter.extend(self.index, len(index.ends), before - after)
                self.index = shorter
        except BaseException:
            with suppress(OSError):  # the first error says more
                beside.unlink(missing_ok=True)
            raise
        self._due_at = due_after(what.samples)
        sync_folder(folder)

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not self._mutex.acquire(timeout=_PATIENCE_SECONDS):
            raise Busy
        try:
            yield
        finally:
            self._mutex.release()
