"""What a run's directory holds, read before a resume: its checkpoint, and the log before and after it."""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.storage.checkpoint import Checkpoint, NotThisRuns, newest_checkpoint
from engine.storage.checksum import Checksum
from engine.storage.leftovers import tidy
from engine.storage.log_reader import LogReader
from engine.storage.origin import Origin
from engine.storage.run_directory import RunDirectory
from engine.storage.run_log import Description, NotARun, RunLog, contradiction, contradicts, read_description
from vanish_recorder.protocol.codec import KINDS
from vanish_recorder.protocol.events import Intervened, RunEvent, RunFinished, RunStarted
from vanish_recorder.storage.guarded import LineTooLong, open_guarded, read_lines, whole_size
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import RunInUse, RunLock


class CannotResume(Exception):
    """The run cannot be resumed as requested. The text is one sentence: why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A run that was read from its directory. Its lock is held, so no other process can take it.

    Attributes:
        folder: the run directory.
        lock: of the run directory.
        origin: the data, device and threads that the run began with.
        checksum: of its checkpoints.
        log_bytes: size of the log up to the checkpoint.
        checkpoint: the newest usable checkpoint; None if the run restarts from the beginning.
        started: the first event of the run; None if the log has lost it.
        to_repeat: changes by hand after the checkpoint, which must be repeated at the same steps.
        crashed: whether the log has no end, because the process was killed.
        remarks: a sentence for each problem that was found.
    """

    folder: Path
    lock: RunLock
    origin: Origin
    checksum: Checksum
    log_bytes: int
    checkpoint: Checkpoint | None
    started: RunStarted | None
    to_repeat: tuple[Intervened, ...]
    crashed: bool
    remarks: tuple[str, ...]

    def events(self) -> Iterator[RunEvent]:
        """The events of the log up to the checkpoint. They are read again, because a log may be large.

        Raises:
            OSError: the log cannot be read.
        """
        if not self.log_bytes:
            return
        with open_guarded(self.folder / EVENTS) as file:
            for event, end in LogReader().events(read_lines(file)):
                if end > self.log_bytes:
                    return
                yield event

    def open(self) -> RunDirectory:
        """Truncate the log to the checkpoint, and open it for writing.

        Raises:
            OSError: the log cannot be written.
        """
        log = RunLog.reopen(self.folder, self.log_bytes, self.checksum)
        tidy(self.folder)
        return RunDirectory(log, self.lock)


def read_saved(folder: Path) -> Saved:
    """Lock and read a run directory. Nothing is changed until `Saved.open` is called.

    The caller must call `Saved.open`, or release the lock.

    Raises:
        CannotResume: another process trains the run, or the directory cannot be read or written.
    """
    try:
        lock = RunLock(folder)
    except RunInUse as error:
        raise CannotResume(f"{folder.name} cannot be resumed: {error}") from None
    except OSError as error:
        raise CannotResume(f"{folder.name} cannot be resumed: {error.strerror}") from None
    try:
        return _read(folder, lock)
    except (OSError, NotARun, NotThisRuns, CannotResume, LineTooLong) as error:
        with suppress(OSError):
            lock.release()
        reason = error.strerror if isinstance(error, OSError) else error
        if isinstance(error, LineTooLong):
            reason = f"its log is damaged ({error})"
        raise CannotResume(f"{folder.name} cannot be resumed: {reason}") from None
    except BaseException:
        with suppress(OSError):
            lock.release()
        raise


def _read(folder: Path, lock: RunLock) -> Saved:
    what = read_description(folder)
    with _opened(folder / EVENTS) as file:
        whole = whole_size(file)
        checkpoint, remarks = newest_checkpoint(folder, whole, what.checksum)
        log = _Log(min(checkpoint.log_bytes, whole) if checkpoint else 0)
        log.read(file)
    if log.doubtful:
        raise CannotResume(
            f"line {log.doubtful} of {EVENTS} is damaged, and may be a change by hand that no checkpoint has:"
            f" train it from the start with vanish-tui run {what.spec.id} --seed {what.seed}"
        )
    started = log.started
    if log.reader.damage.lines:
        remarks.append(str(log.reader.damage))
    if started is not None:
        remarks += _other_versions(started)
    return Saved(
        folder=folder,
        lock=lock,
        origin=origin_of(what, started),
        checksum=what.checksum,
        log_bytes=log.kept_bytes,
        checkpoint=checkpoint,
        started=started if log.has_kept_start else None,
        to_repeat=tuple(log.to_repeat),
        crashed=not isinstance(log.last, RunFinished),
        remarks=tuple(remarks),
    )


def _opened(log: Path) -> BinaryIO:
    """Open the log to read it; an empty one if it is lost.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return open_guarded(log)
    except FileNotFoundError:
        return io.BytesIO()


class _Log:
    """What a resume needs to know of a log.

    Args:
        place: the size of the log up to the checkpoint.
    """

    def __init__(self, place: int) -> None:
        self.place = place
        self.kept_bytes = 0  # up to the last whole line before it, which is the same in an undamaged log
        self.reader = LogReader()
        self.started: RunStarted | None = None
        self.has_kept_start = False
        self.last: RunEvent | None = None
        self.to_repeat: list[Intervened] = []
        self.doubtful = 0  # the number of a line behind the checkpoint that may be a lost change by hand

    def read(self, file: BinaryIO) -> None:
        """Read all lines.

        Raises:
            LineTooLong: one is longer than any line of a log.
        """
        for number, (line, end) in enumerate(read_lines(file), 1):
            event = self.reader.event(line)
            if end <= self.place:
                self.kept_bytes = end
            if event is not None:
                self._take(event, end)
            elif end > self.place and number > 1 and not _is_no_change_by_hand(line):
                self.doubtful = self.doubtful or number

    def _take(self, event: RunEvent, end: int) -> None:
        self.last = event
        if isinstance(event, RunStarted) and self.started is None:
            self.started, self.has_kept_start = event, end <= self.place
        if isinstance(event, Intervened) and end > self.place:
            self.to_repeat.append(event)


def _is_no_change_by_hand(line: bytes) -> bool:
    """Whether a line that cannot be used was nevertheless written for another kind of event."""
    written = re.match(rb'\{"event": ?"([a-z_]+)"', line)
    return written is not None and written[1].decode() in KINDS - {Intervened.event}


def origin_of(what: Description, started: RunStarted | None) -> Origin:
    """The data, device and threads that a run began with, from its `run.json` or else from its log.

    Args:
        what: description of the run.
        started: the first event of its log; None if it is lost.

    Raises:
        CannotResume: neither contains them, or the two contradict each other, so the run might continue on
            other data.
    """
    if started is not None and (differing := contradiction(what, started)):
        raise CannotResume(contradicts(differing))
    if what.origin is not None:
        return what.origin
    origin = None if started is None else Origin.of_event(started)
    if origin is not None:
        return origin
    raise CannotResume(
        "its data, device and threads are unknown, because the first line of its log is lost:"
        f" train it from the start with vanish-tui run {what.spec.id} --seed {what.seed}"
    )


def _other_versions(started: RunStarted) -> Iterator[str]:
    from importlib.metadata import version  # slow to import, and rarely needed

    there, here = started.versions.get("torch"), version("torch")
    if there not in (None, here):
        yield f"it began with PyTorch {there} and continues with {here}: the last bits may differ from now on"
