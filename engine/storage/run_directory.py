"""The directory of a run while it trains: its lock, log and checkpoint, and what cannot be saved."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.storage.checkpoint import Checkpoint, write_checkpoint
from engine.storage.origin import Origin
from engine.storage.run_log import RunLog
from engine.storage.summary import Summary, write_summary
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.storage.private import make_private_folder
from vanish_recorder.storage.run_lock import RunInUse, RunLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What to save of a run.

    Attributes:
        checkpoint: None if the run failed, because a run cannot be resumed from that state.
        summary: for lists.
        last: whether this is the last save, after which the directory is closed.
    """

    checkpoint: Checkpoint | None
    summary: Summary
    last: bool = False


class RunDirectory:
    """Writes one run. Errors of the disk are not raised: `trouble` holds the reason.

    Args:
        log: of the run.
        lock: of its folder; None for a new run, whose folder may not exist yet.
    """

    def __init__(self, log: RunLog, lock: RunLock | None = None) -> None:
        self.folder = log.folder
        self._log, self._lock = log, lock
        self._log_trouble = self._save_trouble = ""
        self._closed = False

    @classmethod
    def create(cls, folder: Path, scenario: Record, seed: int, origin: Origin) -> Self:
        """Create the directory of a new run.

        Args:
            folder: of the run.
            scenario: complete, with its `id`.
            seed: of all randomness.
            origin: data, device and threads that the run begins with.

        Raises:
            FileExistsError: the folder exists already.
        """
        return cls(RunLog(folder, scenario, seed, origin))

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
        try:
            if self._lock is None:
                self._log.keep(event)
                self._acquire_lock()
                self._log.flush()
            else:
                self._log.keep(event)
                self._lock.check()
                self._log.flush()
        except (OSError, RunInUse) as error:
            self._log_trouble = reason_of(error)
        else:
            self._log_trouble = ""

    def save(self, what: Save) -> bool:
        """Write the log, the checkpoint and the summary to the disk, in this order.

        Returns:
            Whether all of them were written.
        """
        try:
            self._acquire_lock()
            self._keep_in_place()
            self._log.sync()
            self._log_trouble = ""  # before the rest, so that a later error of the log is reported
            if what.checkpoint is not None:
                write_checkpoint(self.folder, what.checkpoint, self._log.checksum)
            write_summary(self.folder, what.summary)
        except Exception as error:  # such as a MemoryError: a later save may succeed
            self._save_trouble = reason_of(error)
            return False
        self._save_trouble = ""
        if what.last:
            self.close()
        return True

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

    def _acquire_lock(self) -> None:
        """Lock the folder, before anything is written: another process may have taken it."""
        if self._lock is None:
            self._log.open()
            self._lock = RunLock(self.folder)
        self._lock.check()

    def _keep_in_place(self) -> None:
        """If the folder was moved or removed, make it again, with the whole log."""
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
