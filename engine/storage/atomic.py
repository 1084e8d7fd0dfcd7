"""Writing files completely or not at all, readable only by the user."""

import os
from pathlib import Path

from scenarios.private import for_the_user_alone


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the content of a file. After a crash it has the old or the new content, never a part.

    Raises:
        OSError: it cannot be written. The old content is unchanged, and no temporary file is left.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "wb", opener=for_the_user_alone) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, so that they survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
