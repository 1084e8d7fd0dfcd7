"""Writing files completely or not at all, readable only by the user."""

import io
import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from vanish_recorder.storage.file_clock import now_at
from vanish_recorder.storage.private import for_the_user_alone

_TEMPORARY = re.compile(r"\.(.+)\.\d+\.tmp", re.DOTALL)
_PART = 2**20  # bytes
_INEXACT_SECONDS = 1.0


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the content of a file. After a crash it has the old or the new content, never a part.

    Raises:
        OSError: it cannot be written. The old content is unchanged, and no temporary file is left.
    """
    copy_atomically(io.BytesIO(content), len(content), path)


def copy_atomically(source: BinaryIO, size: int, path: Path) -> None:
    """Replace the content of a file by the first `size` bytes of an open one, as `write_atomically` does.

    Raises:
        OSError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open_new(beside) as file:
            source.seek(0)
            while size > 0 and (part := source.read(min(size, _PART))):
                file.write(part)
                size -= len(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        with suppress(OSError):  # the first error says more
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:
            # The name of the temporary file says nothing to the user.
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
    sync_folder(path.parent)


def remove_leftovers(folder: Path, names: Collection[str], *, older_than: float = 0.0) -> None:
    """Remove temporary files of `write_atomically` that a killed process has left.

    Only files of this user with the exact form of such a name are removed, and no links.

    Args:
        folder: the folder.
        names: of the files that were to be written.
        older_than: seconds; other processes may be writing newer ones now.
    """
    now = now_at(folder)
    with suppress(OSError), os.scandir(folder) as listing:
        for item in listing:
            found = _TEMPORARY.fullmatch(item.name)
            if found is None or found[1] not in names:
                continue
            with suppress(OSError):
                of_file = item.stat(follow_symlinks=False)
                is_ours = stat.S_ISREG(of_file.st_mode) and of_file.st_uid == os.geteuid()
                # The file system's time is known to some milliseconds only.
                if is_ours and now - of_file.st_mtime >= older_than - _INEXACT_SECONDS:
                    os.unlink(item.path)


def open_new(path: Path) -> BinaryIO:
    """Open a file that is new, in place of what a killed process or another program left there.

    What lies there is removed, not written: it may be a pipe, or a second name of another file.

    Raises:
        OSError: it cannot be created.
    """
    path.unlink(missing_ok=True)
    return open(path, "xb", opener=for_the_user_alone)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, so that they survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
