"""Files and folders that only the user can read and write, whatever the umask allows others.

Every file and folder that the program writes is opened or made here. This module is in the lowest room,
because all rooms above write files.
"""

import errno
import os
from pathlib import Path


def for_the_user_alone(path: str, flags: int) -> int:
    """An opener for `open`: only the user can read the file, and a symbolic link raises an error."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, if it does not exist.

    Path.mkdir is not enough: it gives the parents the mode that the umask allows.

    Raises:
        NotADirectoryError: a file has its name, or the name of a parent.
        OSError: it cannot be created.
    """
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for each in reversed(missing):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError:
            if not os.path.isdir(each):  # another process may have made it meanwhile
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(each)) from None
