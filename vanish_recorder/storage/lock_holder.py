"""Whether a process on this host holds a lock file: what the kernel says, whatever is written in the file."""

import errno
import fcntl
import os
from pathlib import Path

# What `flock` fails with on file systems without locks, such as some network file systems.
NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})


def has_locked(pid: int, path: Path, of_file: os.stat_result) -> bool:
    """Whether a process has taken the exclusive flock on a file, through its name in this folder.

    These do not count: a shared lock; a lock that a parent took and its child inherited; a lock that was
    taken through another name of the same file, because a hard link in a copy of the folder is another run's
    lock. Where the file system has no locks, it counts that the file is open for reading and writing.

    Args:
        pid: the process's number.
        path: of the lock file.
        of_file: of the lock file, to compare with.

    Raises:
        PermissionError: the process is another user's, or has more rights than this one.
    """
    descriptors = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(descriptors)
    except PermissionError:
        raise
    except OSError:  # it has ended
        return False
    return any(_locks(pid, number, path, of_file) for number in numbers)


def _locks(pid: int, number: str, path: Path, of_file: os.stat_result) -> bool:
    """Whether one descriptor of a process holds the lock."""
    descriptor = f"/proc/{pid}/fd/{number}"
    try:
        # By its name first: asking for the state of any other file could wait for a dead network server.
        opened = Path(os.readlink(descriptor))
        if opened.name != path.name:
            return False
        # The name is as the process sees it, which may be in a container.
        folder = os.stat(f"/proc/{pid}/root{opened.parent}")
        if not os.path.samestat(os.stat(descriptor), of_file):
            return False
        if not os.path.samestat(folder, os.stat(path.parent)):
            return False
        facts = Path(f"/proc/{pid}/fdinfo/{number}").read_text().splitlines()
    except PermissionError:
        raise
    except OSError:  # closed or removed meanwhile
        return False
    return any(_is_exclusive(line, pid) for line in facts) or (
        any(map(_is_read_write, facts)) and not _has_locks(path)
    )


def _is_exclusive(line: str, pid: int) -> bool:
    """Whether a line of `fdinfo` is an exclusive flock that this process has taken itself."""
    words = line.split()
    return words[:1] == ["lock:"] and words[2:6] == ["FLOCK", "ADVISORY", "WRITE", str(pid)]


def _is_read_write(line: str) -> bool:
    """Whether a line of `fdinfo` has the flags of a file that is open for reading and writing."""
    name, _, flags = line.partition(":")
    return name == "flags" and int(flags, 8) & os.O_ACCMODE == os.O_RDWR


def _has_locks(path: Path) -> bool:
    """Whether the file system has locks. Asked by taking back a lock that this descriptor does not have."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_UN)
    except OSError as error:
        return error.errno not in NO_LOCKS_HERE
    finally:
        os.close(file)
    return True
