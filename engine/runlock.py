"""Who trains a run: a lock that tells a live run from an abandoned one, and keeps two from writing it."""

import errno
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Self

LOCK = "run.lock"
HEARTBEAT_SECONDS = 10.0
SILENT_SECONDS = 60.0  # after which the owner on another host is taken to be gone

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that trains a run.

    Attributes:
        host: its name.
        boot_id: of the host's present boot; empty where the system has none.
        pid: the process's number there.
        started: when it began, in the kernel's ticks, because numbers are used again; None where unknown.
    """

    host: str
    boot_id: str
    pid: int
    started: int | None

    @classmethod
    def present(cls) -> Self:
        """This process."""
        return cls(os.uname().nodename, _boot_id(), os.getpid(), _start_of(os.getpid()))

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this host since it was booted."""
        return self.host == os.uname().nodename and self.boot_id == _boot_id()

    @property
    def is_alive(self) -> bool:
        """Whether it is there still; only of one on this host."""
        if self.started is not None:
            return _start_of(self.pid) == self.started
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def __str__(self) -> str:
        return f"process {self.pid}" if self.is_here else f"process {self.pid} on {self.host}"


class RunInUse(Exception):
    """Another process trains the run; its text says which."""

    def __init__(self, owner: Owner | None) -> None:
        super().__init__(f"it is being trained by {owner or 'another process'}")
        self.owner = owner


class RunLock:
    """The right to write one run; `release` gives it back, and so does the end of the process.

    It is a `flock`, with a line that says who has it for those who only look. The file's time is the owner's
    heartbeat: processes of another host can't be asked. The file stays; an empty line means nobody.

    Args:
        folder: the run's own.

    Raises:
        RunInUse: another process has it.
        OSError: the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(folder)
        except BaseException:
            os.close(self._file)
            raise

    def _take(self, folder: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunInUse(_read(folder)) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS_HERE:  # as on some network file systems: the line alone decides
                raise
        # Where locks don't reach other hosts, theirs is held as well by whoever beats there still.
        if (owner := owner_of(folder)) is not None and not (owner.is_here and owner.pid == os.getpid()):
            raise RunInUse(owner)
        self._write(json.dumps(asdict(Owner.present())).encode() + b"\n")

    def beat(self) -> None:
        """Say that the owner is there still."""
        os.utime(self._file)

    def release(self) -> None:
        """Let others write the run."""
        try:
            self._write(b"\n")
        finally:
            os.close(self._file)

    def _write(self, line: bytes) -> None:
        os.pwrite(self._file, line, 0)
        os.ftruncate(self._file, len(line))


def owner_of(folder: Path) -> Owner | None:
    """Who trains the run in `folder` now; None if nobody does, and if who did is gone."""
    owner = _read(folder)
    if owner is None:
        return None
    if owner.is_here:
        return owner if owner.is_alive else None
    try:
        silent = time() - (folder / LOCK).stat().st_mtime
    except OSError:
        return None
    return owner if silent < SILENT_SECONDS else None


def _read(folder: Path) -> Owner | None:
    try:
        line = (folder / LOCK).read_bytes().partition(b"\n")[0]
        return Owner(**json.loads(line)) if line else None
    except (OSError, ValueError, TypeError):
        return None


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _start_of(pid: int) -> int | None:
    """The 22nd field of the process's `stat`; the 2nd is its name in brackets and may hold anything."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    state, *fields = stat.rpartition(b")")[2].split()
    return None if state == b"Z" else int(fields[18])
