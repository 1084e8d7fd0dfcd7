"""The file that a command writes with -o: what has its name already is replaced only if the user says so."""

import os
import stat
from pathlib import Path

from scenarios.problems import printable
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.language import tr
from vanish_recorder.storage.atomic import write_atomically


def check_output(path: Path, *, force: bool) -> None:
    """Check, before a command computes what it writes, that the file may be written.

    Args:
        path: the file.
        force: whether a file that exists is replaced. A folder, a link, a pipe or a device never is: the file
            would take its place.

    Raises:
        RefusedError: it may not be written.
    """
    if not os.path.isdir(path.parent):
        raise RefusedError(
            printable(tr("{path}: there is no folder {folder}", path=path, folder=path.parent))
        )
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # it does not exist, or the error of writing says more
        return
    if not stat.S_ISREG(mode):
        text = tr(
            "{path} is a folder, a link or a device, and not replaced: name another file with -o", path=path
        )
        raise RefusedError(printable(text))
    if not force:
        raise RefusedError(
            printable(tr("{path} already exists: name another with -o, or use --force", path=path))
        )


def write_output(path: Path, text: str) -> None:
    """Write the file as a whole; after an error, what was there before is unchanged.

    Raises:
        FailedError: it cannot be written.
    """
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise FailedError(printable(f"{path}: {error.strerror}")) from None
