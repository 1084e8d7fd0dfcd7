"""The lock of a run: it shows which process trains the run, and prevents a second one from writing it.

The file is longer than 300 lines because taking a lock, reading it and ending its holder share the rules
about what a lock proves.
"""

import errno
import fcntl
import json
import os
import signal
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock
from typing import Self

from vanish_recorder.protocol.json_text import parse
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.file_clock import now_at
from vanish_recorder.storage.lock_holder import NO_LOCKS_HERE, has_locked

LOCK = "run.lock"
HEARTBEAT_SECONDS = 10.0
SILENT_SECONDS = 60.0  # without a heartbeat; then an owner on another host counts as gone
_CLOCKS_DIFFER_SECONDS = 3600.0  # a heartbeat further in the future is not one

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LARGEST_LINE = 4096  # bytes; a lock's line has about 150
_LARGEST_PID = 2**31 - 1
_LONGEST_HOST = 64  # characters, as in Linux


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that trains a run.

    Attributes:
        host: name of its host.
        boot_id: id of the host's current boot; empty if the system has none.
        pid: of the process.
        started: its start time in kernel ticks, because pids are reused; None if unknown.
    """

    host: str
    boot_id: str
    pid: int
    started: int | None

    @classmethod
    def present(cls) -> Self:
        """This process."""
        return cls.on_this_host(os.getpid())

    @classmethod
    def on_this_host(cls, pid: int) -> Self:
        """A process on this host."""
        return cls(os.uname().nodename, _boot_id(), pid, _start_of(pid))

    @property
    def is_here(self) -> bool:
        """Whether the process was started on this host, since its last boot."""
        return self.host == os.uname().nodename and self.boot_id == _boot_id()

    @property
    def is_alive(self) -> bool:
        """Whether the process still exists; only valid for a process on this host.

        The pid alone is not enough, because the kernel reuses pids.
        """
        return self.started is not None and _start_of(self.pid) == self.started

    def __str__(self) -> str:
        if self.is_here:
            return f"process {self.pid}"
        # The name comes from a file, and must not control the terminal that it is printed on.
        host = self.host[:_LONGEST_HOST]
        if not host.isprintable():
            host = host.encode("unicode_escape").decode()
        return f"process {self.pid} on {host}"


class RunInUse(Exception):
    """Another process trains the run. The text says which one."""

    def __init__(self, owner: Owner | None) -> None:
        super().__init__(f"it is being trained by {owner or 'another process'}")
        self.owner = owner


class LockLost(OSError):
    """The lock file was replaced while this process held it."""

    def __init__(self) -> None:
        reason = f"{LOCK} was replaced by another program, so another process may write the run"
        super().__init__(errno.ESTALE, reason)


class CannotEnd(Exception):
    """A process must not be asked to end. The text says why."""


class RunLock:
    """The exclusive right to write one run, until `release` or the end of the process.

    It is a `flock`. The file has one line that names the owner, for processes that only read. The file's time
    is the owner's heartbeat, because processes on other hosts cannot be checked. `release` keeps the file but
    empties the line.

    Args:
        folder: of the run.

    Raises:
        RunInUse: another process holds the lock.
        OSError: the file cannot be written, or it is a link or another user's file.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        # The folder is locked, too: a lock file that somebody deletes would not keep a second process away.
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._file = -1
        self._checking = RLock()  # the engine's thread writes, the saver's thread saves
        try:
            self._acquire(folder)
        except BaseException:
            self._close()
            raise

    def _acquire(self, folder: Path) -> None:
        _lock(self._folder, folder)
        self._file = _open(self._path)
        if not _is_our_file(os.fstat(self._file)):
            raise PermissionError(errno.EPERM, f"{LOCK} is not a file of this user", str(self._path))
        _lock(self._file, folder)
        # On some file systems, locks do not reach other hosts: there, a recent heartbeat counts as a lock.
        if (owner := owner_of(folder)) is not None and not (owner.is_here and owner.pid == os.getpid()):
            raise RunInUse(owner)
        if os.fstat(self._file).st_nlink > 1:
            # Nothing may be written to the lock of the folder of which this one is a copy (`cp -al`).
            write_atomically(self._path, b"")
            os.close(self._file)
            self._file = _open(self._path)
            _lock(self._file, folder)
        self.check()
        self._write(json.dumps(asdict(Owner.present())).encode() + b"\n")

    @property
    def is_in_place(self) -> bool:
        """Whether the folder still has this lock. It has not if the folder was moved or removed.

        Raises:
            OSError: this cannot be found out now.
        """
        try:
            return os.path.samestat(os.stat(self._path, follow_symlinks=False), os.fstat(self._file))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def check(self) -> None:
        """Check that the lock file of the folder is still this one, unless the whole folder is elsewhere.

        A deleted lock file is made again: no other process has the folder, because it is locked, too.

        Raises:
            LockLost: it was replaced, so another process may write the run.
            OSError: this cannot be found out now.
        """
        with self._checking, suppress(NotADirectoryError, FileNotFoundError):
            of_folder = os.stat(self._path.parent)
            if not os.path.samestat(of_folder, os.fstat(self._folder)) or self.is_in_place:
                return
            if os.path.lexists(self._path):
                raise LockLost
            file = _open(self._path, os.O_EXCL)
            _lock(file, self._path.parent)
            os.close(self._file)
            self._file = file
            self._write(json.dumps(asdict(Owner.present())).encode() + b"\n")

    def beat(self) -> None:
        """Update the heartbeat."""
        os.utime(self._file)

    def release(self) -> None:
        """Give the lock back."""
        try:
            self._write(b"\n")
        finally:
            self._close()

    def abandon(self) -> None:
        """Close the files in a forked child: the lock stays the parent's, and ends with the parent."""
        self._close()

    def _write(self, line: bytes) -> None:
        os.pwrite(self._file, line, 0)
        os.ftruncate(self._file, len(line))

    def _close(self) -> None:
        for descriptor in (self._file, self._folder):
            if descriptor >= 0:
                os.close(descriptor)


def _open(path: Path, more: int = 0) -> int:
    # Never follow a link: its target would be overwritten.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    return os.open(path, flags | more, 0o600)


def _lock(descriptor: int, folder: Path) -> None:
    """Lock a file or a folder, where the file system can.

    Raises:
        RunInUse: another process has locked it.
        OSError: it cannot be locked for another reason.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunInUse(_read(folder)[0]) from None
    except OSError as error:
        # Without locks, as on some network disks, the line decides. NFS locks no folders (EBADF).
        if error.errno not in NO_LOCKS_HERE | {errno.EBADF}:
            raise


def owner_of(folder: Path) -> Owner | None:
    """The process that trains the run in `folder` now; None if there is none.

    The text of the lock proves nothing. On this host it counts only while the named process has locked this
    very file in this very folder (see `has_locked`), so that a copied folder or a forged text has no owner.
    """
    owner, of_file = _read(folder)
    if owner is None or of_file is None:
        return None
    if owner.is_here:
        return owner if _holds(owner, folder, of_file) else None
    # Both times are the file system's, so that no other host's clock decides.
    silent = now_at(folder.parent) - of_file.st_mtime
    return owner if -_CLOCKS_DIFFER_SECONDS < silent < SILENT_SECONDS else None


def ask_to_end(folder: Path, owner: Owner) -> None:
    """Send SIGTERM to the process that trains the run in `folder`.

    The signal is sent through a pidfd that is opened before the checks, so that it cannot reach another
    process that got the same pid in the meantime.

    Args:
        folder: of the run.
        owner: the process that is expected to train it.

    Raises:
        ProcessLookupError: the process has ended, or no longer trains the run.
        CannotEnd: it belongs to another user, or does not hold the lock.
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
            raise ProcessLookupError(errno.ESRCH, "the process no longer trains the run")
        if of_file.st_uid != os.geteuid() or _user_of(owner.pid) != os.geteuid():
            raise CannotEnd(f"{owner} belongs to another user")
        if not has_locked(owner.pid, folder / LOCK, of_file):
            raise CannotEnd(f"{owner} does not hold the run's lock")
        signal.pidfd_send_signal(process, signal.SIGTERM)
    except PermissionError:  # a process of this user may have rights that this one lacks
        raise CannotEnd(f"{owner} cannot be proved to hold the run's lock") from None
    finally:
        os.close(process)


def _read(folder: Path) -> tuple[Owner | None, os.stat_result | None]:
    """The owner that the lock names, and the lock's file; None if it names no valid process."""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None, None
    try:
        of_file = os.fstat(file)
        if not stat.S_ISREG(of_file.st_mode):
            return None, None
        line = os.read(file, _LARGEST_LINE).partition(b"\n")[0]
        return owner_in(parse(line) if line else None), of_file
    except ValueError:
        return None, of_file
    except OSError:
        return None, None
    finally:
        os.close(file)


def owner_in(record: object) -> Owner | None:
    """The process that a record names; None if it names none."""
    if not isinstance(record, dict) or record.keys() != {"host", "boot_id", "pid", "started"}:
        return None
    host, boot_id, pid, started = (record[name] for name in ("host", "boot_id", "pid", "started"))
    # `type`, because `isinstance` accepts true and false as integers.
    is_typed = type(host) is str and type(boot_id) is str and type(pid) is int
    if not is_typed or not (started is None or type(started) is int):
        return None
    return Owner(host, boot_id, pid, started) if 1 < pid <= _LARGEST_PID else None


def _holds(owner: Owner, folder: Path, of_file: os.stat_result) -> bool:
    """Whether a process on this host holds the lock. A process of another user is trusted."""
    if not owner.is_alive:
        return False
    try:
        return has_locked(owner.pid, folder / LOCK, of_file)
    except PermissionError:  # another user's process can be watched, but is never asked to end
        # A lock belongs to the user of its holder. The lock in a copy of another user's folder does not.
        return _user_of(owner.pid) == of_file.st_uid


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
    """The start time: field 22 of the process's `stat`. Field 2, the name in brackets, may hold anything."""
    try:
        fields_of_process = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    state, *fields = fields_of_process.rpartition(b")")[2].split()
    return None if state == b"Z" else int(fields[18])
