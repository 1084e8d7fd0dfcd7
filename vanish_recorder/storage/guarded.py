"""Reading the files of a run's folder, in which anything may lie: a device, a pipe, a link, an endless file.

Every file of a run is opened here, so that a strange one is an OSError of that run: it neither blocks the
program nor fills its memory.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# A file of a run that is not its log or a checkpoint. The largest, a `run.json`, has some kilobytes.
LARGEST_FILE = 4 * 2**20  # bytes
# Of a log. A sample of the largest network (4096 layers) has less than 2 MB.
LONGEST_LINE = 16 * 2**20  # bytes
_BUFFER = 2**18
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class LineTooLong(ValueError):
    """A line has more than LONGEST_LINE bytes, so it is none of a log."""

    def __init__(self) -> None:
        super().__init__(f"a line has more than {LONGEST_LINE // 2**20} MB")


def open_guarded(path: Path | str) -> BinaryIO:
    """Open a file to read it. It never waits, not even for a pipe that nothing writes to.

    Raises:
        OSError: it cannot be read, or it is a link or not a regular file; `strerror` says so.
    """
    try:
        descriptor = os.open(path, _READING)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{_name(path)} is a link", str(path)) from None
        if error.errno == errno.ENXIO:  # a socket
            raise _not_regular(path) from None
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise _not_regular(path)
        return open(descriptor, "rb", buffering=_BUFFER)
    except BaseException:
        os.close(descriptor)
        raise


def read_guarded(path: Path | str, largest: int = LARGEST_FILE) -> bytes:
    """The content of a file.

    Args:
        path: of the file.
        largest: the number of bytes that it may have.

    Raises:
        OSError: it cannot be read, it is larger, or it is a link or not a regular file.
    """
    with open_guarded(path) as file:
        # `read` takes as much memory as it may read, so it may not read more than there is.
        size = os.fstat(file.fileno()).st_size
        if size > largest:
            reason = f"{_name(path)} has more than {largest / 2**20:g} MB"
            raise OSError(errno.EFBIG, reason, str(path))
        return file.read(size)


def read_lines(file: BinaryIO, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Each complete line from the offset `start` on, without its newline, and the offset after it.

    An incomplete last line is left out. Only one line is in memory.

    Raises:
        LineTooLong: a line is longer than any line of a log.
        OSError: the file cannot be read.
    """
    file.seek(start)
    end = start
    while True:
        line = file.readline(LONGEST_LINE + 1)
        if not line.endswith(b"\n"):
            if len(line) > LONGEST_LINE:
                raise LineTooLong
            return
        end += len(line)
        yield line[:-1], end


def whole_size(file: BinaryIO) -> int:
    """The size of a log up to the end of its last complete line.

    Raises:
        LineTooLong: the last line is longer than any line of a log.
        OSError: the file cannot be read.
    """
    end = file.seek(0, os.SEEK_END)
    for start in range(end - _BUFFER, end - LONGEST_LINE - _BUFFER, -_BUFFER):
        file.seek(max(0, start))
        newline = file.read(_BUFFER + min(0, start)).rfind(b"\n")
        if newline >= 0:
            return max(0, start) + newline + 1
        if start <= 0:
            return 0
    raise LineTooLong


def _name(path: Path | str) -> str:
    return os.path.basename(path)


def _not_regular(path: Path | str) -> OSError:
    return OSError(errno.EINVAL, f"{_name(path)} is not a regular file", str(path))
