"""The directory of a run while it trains: its lock, log and checkpoint, and what cannot be saved."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.storage.checkpoint import Checkpoint, write_checkpoint
from engine.storage.origin import Origin
from engine.storage.run_log import RunLog
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.storage.locked_log import LockedLog
from vanish_recorder.storage.run_lock import RunLock
from vanish_recorder.storage.summary import Summary, write_summary


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


class RunDirectory(LockedLog):
    """Writes one run. Errors of the disk are not raised: `trouble` holds the reason.

    Args:
        log: of the run.
        lock: of its folder; None for a new run, whose folder may not exist yet.
    """

    def __init__(self, log: RunLog, lock: RunLock | None = None) -> None:
        super().__init__(log, lock)
        self._checksum = log.checksum

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

    def save(self, what: Save) -> bool:
        """Write the log, the checkpoint and the summary to the disk, in this order.

        Returns:
            Whether all of them were written.
        """
        try:
            self.sync()
            if what.checkpoint is not None:
                write_checkpoint(self.folder, what.checkpoint, self._checksum)
            write_summary(self.folder, what.summary)
        except Exception as error:  # such as a MemoryError: a later save may succeed
            self._save_trouble = reason_of(error)
            return False
        self._save_trouble = ""
        if what.last:
            self.close()
        return True
