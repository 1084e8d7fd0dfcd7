"""The log of a run with the run's lock: what one process writes while it trains."""

from contextlib import suppress
from pathlib import Path
from threading import RLock

from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.storage.log_file import LogFile
from vanish_recorder.storage.private import make_private_folder
from vanish_recorder.storage.run_lock import RunInUse, RunLock


class LockedLog:
    """Writes the log of one run. Errors of the disk are not raised: `trouble` holds the reason.

    Args:
        log: of the run.
        lock: of its folder; None for a new run, whose folder may not exist yet.
    """

    def __init__(self, log: LogFile, lock: RunLock | None = None) -> None:
        self.folder: Path = log.folder
        self._log, self._lock = log, lock
        self._log_trouble = self._save_trouble = ""
        self._closed = False
        self._locking = RLock()  # one thread writes, another one saves

    @property
    def trouble(self) -> str:
        """Why the run cannot be saved; empty if it can."""
        return self._log_trouble or self._save_trouble

    @property
    def log_bytes(self) -> int:
        """The size of the log in bytes."""
        return self._log.size

    def write(self, event: RunEvent) -> None:
        """Append an event to the log, now or as soon as the disk allows it."""
        self._log.keep(event)
        try:
            self.acquire_lock()
            self._log.flush()
        except (OSError, RunInUse) as error:
            self._log_trouble = reason_of(error)
        else:
            self._log_trouble = ""

    def sync(self) -> None:
        """Write the log to the disk, in a folder that is made again if it was moved or removed.

        Raises:
            OSError: the disk is full or gone.
            RunInUse: another process has taken the folder.
        """
        self.acquire_lock()
        self._keep_in_place()
        self._log.sync()
        self._log_trouble = ""  # before the rest, so that a later error of the log is reported

    def note(self, error: Exception) -> None:
        """Report an internal error of a save as trouble."""
        self._save_trouble = reason_of(error)

    def beat(self) -> None:
        """Update the lock, to show that this process still trains the run."""
        if self._lock is not None:
            try:
                self._lock.beat()
            except OSError as error:
                self._save_trouble = reason_of(error)

    def close(self) -> None:
        """Close the log and release the lock."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._lock is not None:
                self._lock.check()
        except OSError as error:
            self._log_trouble = reason_of(error)
            self._log.drop()
        self._log.close()
        if self._lock is not None:
            try:
                self._lock.release()
            except OSError as error:
                self._save_trouble = reason_of(error)

    def abandon(self) -> None:
        """Give the run up in a forked child: it belongs to the parent. Nothing is written."""
        self._closed = True
        self._log.abandon()
        if self._lock is not None:
            self._lock.abandon()
            self._lock = None

    def acquire_lock(self) -> None:
        """Lock the folder, before anything is written: another process may have taken it.

        Raises:
            OSError: the folder cannot be made or locked.
            RunInUse: another process has taken the folder.
        """
        with self._locking:
            if self._lock is None:
                self._log.open()
                self._lock = RunLock(self.folder)
            self._lock.check()

    def _keep_in_place(self) -> None:
        """If the folder was moved or removed, make it again, with the whole log."""
        with self._locking:
            if self._lock is None or self._lock.is_in_place:
                return
            make_private_folder(self.folder)
            lock = RunLock(self.folder)
            try:
                self._log.write_again()
            except BaseException:
                lock.release()
                raise
            before, self._lock = self._lock, lock
            with suppress(OSError):
                before.release()
