"""Who trains a run: a lock that tells a live run from an abandoned one, and keeps two from writing it."""

import errno
import fcntl
import json
import os
import signal
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Self

LOCK = "run.lock"
HEARTBEAT_SECONDS = 10.0
SILENT_SECONDS = 60.0  # after which the owner on another host is taken to be gone

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
_LARGEST_LINE = 4096  # bytes; a lock's line has about 150
_LARGEST_PID = 2**31 - 1


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
        """Whether it is still there; only of one on this host.

        A number alone proves nothing, because the kernel uses numbers again.
        """
        return self.started is not None and _start_of(self.pid) == self.started

    def __str__(self) -> str:
        return f"process {self.pid}" if self.is_here else f"process {self.pid} on {self.host}"


class RunInUse(Exception):
    """Another process trains the run; its text says which."""

    def __init__(self, owner: Owner | None) -> None:
        super().__init__(f"it is being trained by {owner or 'another process'}")
        self.owner = owner


class CannotEnd(Exception):
    """A process that may not be told to end; its text says why."""


class RunLock:
    """The right to write one run; `release` gives it back, and so does the end of the process.

    It is a `flock`, with a line that says who has it for those who only look. The file's time is the owner's
    heartbeat: processes of another host can't be asked. The file stays; an empty line means that it is free.

    Args:
        folder: the run's own.

    Raises:
        RunInUse: another process has it.
        OSError: the file cannot be written, or it is a link or another user's file.
    """

    def __init__(self, folder: Path) -> None:
        # Never through a link: what it leads to would be overwritten.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        self._file = os.open(folder / LOCK, flags, 0o600)
        try:
            self._acquire(folder)
        except BaseException:
            os.close(self._file)
            raise

    def _acquire(self, folder: Path) -> None:
        if not _is_our_file(os.fstat(self._file)):
            raise PermissionError(errno.EPERM, f"{LOCK} is not a file of this user", str(folder / LOCK))
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunInUse(_read(folder)[0]) from None
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
    """The process that trains the run in `folder` now; None if there is none.

    The text of the lock is only a claim. On this host it counts while the process that it names has this very
    file open and locked, so that a copied folder, or a text that somebody wrote, names no process.
    """
    owner, of_file = _read(folder)
    if owner is None or of_file is None:
        return None
    if owner.is_here:
        return owner if _holds(owner, folder, of_file) else None
    return owner if time() - of_file.st_mtime < SILENT_SECONDS else None


def ask_to_end(folder: Path, owner: Owner) -> None:
    """Send SIGTERM to the process that trains the run in `folder`.

    It is sent through a descriptor of the process that is opened before the proof, so that it cannot reach
    another process which has got the number meanwhile.

    Args:
        folder: the run's own.
        owner: who is believed to train it.

    Raises:
        ProcessLookupError: the process has ended, or has let the run go.
        CannotEnd: it is another user's, or cannot be proved to train the run.
    """
    if not owner.is_here:
        raise CannotEnd(f"it is trained by {owner}, which cannot be reached from here")
    try:
        process = os.pidfd_open(owner.pid)
    except ProcessLookupError:
        raise
    except (OSError, AttributeError, OverflowError) as error:
        raise CannotEnd(f"{owner} cannot be reached: {error}") from None
    try:
        claimed, of_file = _read(folder)
        if claimed != owner or of_file is None or not owner.is_alive:
            raise ProcessLookupError(errno.ESRCH, "the run has no such owner any more")
        if of_file.st_uid != os.geteuid() or _user_of(owner.pid) != os.geteuid():
            raise CannotEnd(f"{owner} is another user's")
        if not _has_locked(owner.pid, folder, of_file):
            raise CannotEnd(f"{owner} does not hold the run's lock")
        signal.pidfd_send_signal(process, signal.SIGTERM)
    finally:
        os.close(process)


def _read(folder: Path) -> tuple[Owner | None, os.stat_result | None]:
    """Whom the lock names, and the lock's file; None where it names no process in the right form."""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None, None
    try:
        of_file = os.fstat(file)
        if not stat.S_ISREG(of_file.st_mode):
            return None, None
        line = os.read(file, _LARGEST_LINE).partition(b"\n")[0]
        return _owner_in(line), of_file
    except OSError:
        return None, None
    finally:
        os.close(file)


def _owner_in(line: bytes) -> Owner | None:
    try:
        record = json.loads(line) if line else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.keys() != {"host", "boot_id", "pid", "started"}:
        return None
    host, boot_id, pid, started = (record[name] for name in ("host", "boot_id", "pid", "started"))
    # `type` and not `isinstance`: true and false are integers to the latter.
    is_typed = type(host) is str and type(boot_id) is str and type(pid) is int
    if not is_typed or not (started is None or type(started) is int):
        return None
    return Owner(host, boot_id, pid, started) if 1 < pid <= _LARGEST_PID else None


def _holds(owner: Owner, folder: Path, of_file: os.stat_result) -> bool:
    """Whether a process on this host has the run, as far as that can be seen from here."""
    if not owner.is_alive:
        return False
    try:
        return _has_locked(owner.pid, folder, of_file)
    except PermissionError:  # another user's process: it can be watched, and is never told to end
        return True


def _has_locked(pid: int, folder: Path, of_file: os.stat_result) -> bool:
    """Whether a process has a flock on the file itself; where the file system has none, has it open.

    Raises:
        PermissionError: the process is another user's.
    """
    descriptors = f"/proc/{pid}/fd"
    try:
        for number in os.listdir(descriptors):
            try:
                there = os.stat(f"{descriptors}/{number}")
                if (there.st_dev, there.st_ino) != (of_file.st_dev, of_file.st_ino):
                    continue
                if "FLOCK" in Path(f"/proc/{pid}/fdinfo/{number}").read_text():
                    return True
            except FileNotFoundError:  # closed meanwhile
                continue
            if not _has_locks(folder):
                return True
    except FileNotFoundError:  # it has ended
        return False
    return False


def _has_locks(folder: Path) -> bool:
    """Whether the file system has locks. Asked by taking back a lock that this descriptor does not have."""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_UN)
    except OSError as error:
        return error.errno not in _NO_LOCKS_HERE
    finally:
        os.close(file)
    return True


def _is_our_file(of_file: os.stat_result) -> bool:
    return stat.S_ISREG(of_file.st_mode) and of_file.st_uid == os.geteuid()


def _user_of(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _start_of(pid: int) -> int | None:
    """The 22nd field of the process's `stat`; the 2nd is its name in brackets and may hold anything."""
    try:
        fields_of_process = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    state, *fields = fields_of_process.rpartition(b")")[2].split()
    return None if state == b"Z" else int(fields[18])
