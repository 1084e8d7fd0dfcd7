"""A file that is open, and that somebody has moved or removed: everything written is still in it."""

import errno
import os
from pathlib import Path

_PART = 1 << 20  # bytes to copy at once


def is_at(file: int, path: Path) -> bool:
    """Whether an open file is the one at a path.

    Raises:
        FileExistsError: another file has taken its place.
        OSError: this cannot be found out now.
    """
    if not os.path.lexists(path):
        return False
    if os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(file)):
        return True
    raise FileExistsError(errno.EEXIST, "another run has taken its place", str(path))


def copied_to(path: Path, source: int) -> int:
    """Copy the whole content of an open file to a new file; returns the new one, open for appending.

    Raises:
        OSError: it cannot be written; then it is removed.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    target = os.open(path, flags, 0o600)
    try:
        copy_rest(source, target, 0)
    except OSError:
        os.close(target)
        path.unlink(missing_ok=True)
        raise
    return target


def copy_rest(source: int, target: int, start: int) -> None:
    """Append what an open file has from a place on to another one.

    Raises:
        OSError: it cannot be written.
    """
    while part := os.pread(source, _PART, start):
        start += len(part)
        while part:
            part = part[os.write(target, part) :]
