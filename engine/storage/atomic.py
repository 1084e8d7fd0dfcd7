"""Files that are there whole or not at all, for the user alone."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` in place of what `path` holds: after a crash it is the one or the other.

    Raises:
        OSError: it cannot be written; what was there is there still, and nothing is left beside it.
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
    """Make the names in a folder outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def for_the_user_alone(path: str, flags: int) -> int:
    """An opener for `open`: only the user can read the file, and a link in its place is refused."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
