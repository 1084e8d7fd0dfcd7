"""Deleting runs so that it can be undone: they go to a folder beside the runs, and stay there for a while."""

import os
import shutil
from pathlib import Path
from time import time

from engine.runlock import RunLock

TRASH = ".trash"
KEPT_SECONDS = 24 * 3600.0


def delete(folder: Path) -> None:
    """Put a run into the trash of its runs folder.

    Raises:
        RunInUse: it is being trained.
        OSError: it cannot be moved.
    """
    lock = RunLock(folder)
    try:
        trash = folder.parent / TRASH
        trash.mkdir(mode=0o700, exist_ok=True)
        os.utime(folder)  # from now on its time is that of its deletion
        folder.rename(trash / folder.name)
    finally:
        lock.release()


def restore(folder: Path) -> None:
    """Bring back the run that was deleted from `folder`.

    Raises:
        OSError: it is not in the trash any more, or cannot be moved.
    """
    (folder.parent / TRASH / folder.name).rename(folder)


def empty(runs: Path) -> None:
    """Remove for good what was deleted more than a day ago."""
    try:
        deleted = list(os.scandir(runs / TRASH))
    except OSError:
        return
    for entry in deleted:
        if time() - entry.stat(follow_symlinks=False).st_mtime > KEPT_SECONDS:
            shutil.rmtree(entry.path, ignore_errors=True)
