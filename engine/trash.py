"""Deleting runs so that it can be undone: they go to a folder beside the runs, and stay there for a while."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from time import time

from engine.runlock import RunLock
from engine.runlog import DESCRIPTION, EVENTS, NotARun
from engine.summary import SUMMARY

TRASH = ".trash"
KEPT_SECONDS = 24 * 3600.0


def delete(folder: Path) -> None:
    """Put a run into the trash of its runs folder.

    Raises:
        NotARun: it is something else, which is nobody's to delete here.
        RunInUse: it is being trained.
        OSError: it cannot be moved.
    """
    if not any((folder / name).is_file() for name in (DESCRIPTION, EVENTS, SUMMARY)):
        raise NotARun(f"{folder.name} is no run: delete it yourself")
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


def empty(runs: Path) -> list[str]:
    """Remove for good what was deleted more than a day ago.

    Returns:
        The names of the runs that can still be brought back, the latest deleted last.
    """
    kept: list[tuple[float, str]] = []
    with suppress(OSError), os.scandir(runs / TRASH) as deleted:
        for entry in deleted:
            at = entry.stat(follow_symlinks=False).st_mtime
            if time() - at > KEPT_SECONDS:
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                kept.append((at, entry.name))
    return [name for _, name in sorted(kept)]
