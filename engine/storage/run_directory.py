"""A run's directory while the run is trained: its lock, its log, its checkpoint, and what can't be saved."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.protocol.events import Record, RunEvent
from engine.storage.checkpoint import Checkpoint, write_checkpoint
from engine.storage.origin import Origin
from engine.storage.run_lock import RunInUse, RunLock
from engine.storage.run_log import RunLog
from engine.storage.summary import Summary, write_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What is to be saved of a run at one moment.

    Attributes:
        checkpoint: None of a run that failed: what it stood in then is no state to go on from.
        summary: for lists.
        last: nothing more will come, and the directory is let go of.
    """

    checkpoint: Checkpoint | None
    summary: Summary
    last: bool = False


class RunDirectory:
    """Writes one run. Nothing here raises because of the disk: `trouble` says what it has against us.

    Args:
        log: the run's.
        lock: on its folder; None of a new run, whose folder may not be there yet.
    """

    def __init__(self, log: RunLog, lock: RunLock | None = None) -> None:
        self.folder = log.folder
        self._log, self._lock = log, lock
        self._log_trouble = self._save_trouble = ""
        self._closed = False

    @classmethod
    def create(cls, folder: Path, scenario: Record, seed: int, origin: Origin) -> Self:
        """The directory of a new run; `scenario` is resolved, whole, with its `id`.

        Raises:
            FileExistsError: there is such a folder.
        """
        return cls(RunLog(folder, scenario, seed, origin))

    @property
    def trouble(self) -> str:
        """Why the run can't be saved; empty while it can."""
        return self._log_trouble or self._save_trouble

    @property
    def log_bytes(self) -> int:
        """The size of the log."""
        return self._log.size

    def write(self, event: RunEvent) -> None:
        """Append an event to the log, now or as soon as the disk takes it."""
        try:
            if self._lock is None:
                self._log.keep(event)
                self._acquire_lock()
                self._log.flush()
            else:
                self._log.write(event)
        except (OSError, RunInUse) as error:
            self._log_trouble = _reason(error)
        else:
            self._log_trouble = ""

    def save(self, what: Save) -> bool:
        """Bring log, checkpoint and summary onto the disk, in this order; False if it doesn't take them."""
        try:
            self._acquire_lock()
            self._log.sync()
            self._log_trouble = ""  # at once: what the log meets from here on is news
            if what.checkpoint is not None:
                write_checkpoint(self.folder, what.checkpoint)
            write_summary(self.folder, what.summary)
        except (OSError, RunInUse) as error:
            self._save_trouble = _reason(error)
            return False
        self._save_trouble = ""
        if what.last:
            self.close()
        return True

    def beat(self) -> None:
        """Say that this process still trains the run."""
        if self._lock is not None:
            try:
                self._lock.beat()
            except OSError as error:
                self._save_trouble = _reason(error)

    def close(self) -> None:
        """Let go of the directory."""
        if self._closed:
            return
        self._closed = True
        self._log.close()
        if self._lock is not None:
            try:
                self._lock.release()
            except OSError as error:
                self._save_trouble = _reason(error)

    def _acquire_lock(self) -> None:
        """Nothing is written to a folder that another process may have taken."""
        if self._lock is None:
            self._log.open()
            self._lock = RunLock(self.folder)


def _reason(error: OSError | RunInUse) -> str:
    return getattr(error, "strerror", None) or str(error)
