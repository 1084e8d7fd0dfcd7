"""Runs of a sweep that were trained on another machine: their folder appears at once and complete, or not."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from vanish_recorder.storage.atomic import sync_folder, write_atomically
from vanish_recorder.storage.private import make_private_folder

_COMING, _OLD = ".coming-", ".replaced-"


def place(sweep: Path, run: str, files: dict[str, bytes]) -> None:
    """Write the folder of a run, in place of the unfinished one that may be there.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    coming, old, folder = sweep / f"{_COMING}{run}", sweep / f"{_OLD}{run}", sweep / run
    for path in (coming, old):
        shutil.rmtree(path, ignore_errors=True)
    try:
        make_private_folder(coming)
        for name, content in files.items():
            if os.path.basename(name) == name and not name.startswith("."):
                write_atomically(coming / name, content)
        with suppress(FileNotFoundError):
            os.rename(folder, old)
        os.rename(coming, folder)
    except OSError:
        shutil.rmtree(coming, ignore_errors=True)
        raise
    sync_folder(sweep)
    shutil.rmtree(old, ignore_errors=True)


def remove_unfinished(sweep: Path) -> None:
    """Remove what a killed process has left of runs that were arriving."""
    with suppress(OSError), os.scandir(sweep) as listing:
        for item in listing:
            is_folder = os.path.isdir(item.path) and not os.path.islink(item.path)
            if item.name.startswith((_COMING, _OLD)) and is_folder:
                shutil.rmtree(item.path, ignore_errors=True)
