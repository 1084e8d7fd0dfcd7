"""Finds a sweep by what the command line calls it."""

import os
from pathlib import Path

from engine.storage.labels import read_labels
from engine.storage.nested import is_sweep
from scenarios.problems import printable, shortened
from tui_vanish.jobs.exits import NotFoundError, RefusedError
from tui_vanish.jobs.resume import LAST
from vanish_recorder.storage.paths import default_runs_folder


def sweep_named(name: str, runs_dir: Path | None) -> Path | None:
    """The folder of the sweep with this name, folder, label or part of its name; None if there is none.

    Raises:
        RefusedError: several match, or the folder of runs cannot be read.
    """
    if name == LAST:  # where a run can be named, too, this is the last run
        return None
    try:
        return find_sweep(name, runs_dir)
    except NotFoundError:
        return None


def last_sweep(runs: Path) -> Path | None:
    """The folder of the sweep that was started last; None if there is none, or the folder cannot be read."""
    try:
        names = sorted(os.listdir(runs), reverse=True)  # they begin with the date, so few are looked at
    except OSError:
        return None
    return next((runs / name for name in names if is_sweep(runs / name)), None)


def find_sweep(name: str, runs_dir: Path | None) -> Path:
    """The folder of a sweep, by its name, its folder, its label, or a part of its name.

    `@last` is the sweep that was started last.

    Raises:
        NotFoundError: no sweep matches.
        RefusedError: several match, or the folder of runs cannot be read.
    """
    runs = (runs_dir or default_runs_folder()).absolute()
    for folder in (runs / name, Path(name).absolute()):
        if is_sweep(folder):
            return folder
    try:
        present = sorted(entry.name for entry in os.scandir(runs) if is_sweep(runs / entry.name))
    except FileNotFoundError:
        present = []
    except OSError as error:
        raise RefusedError(printable(f"{runs} cannot be read: {error.strerror}")) from None
    if name == LAST and present:
        return runs / present[-1]
    found = [each for each in present if read_labels(runs / each).name == name]
    found = found or [each for each in present if name in each]
    if not found:
        raise NotFoundError(
            printable(f"there is no sweep {shortened(name)!r} in {runs}; see vanish-tui runs")
        )
    if len(found) > 1:
        raise RefusedError(
            printable(f"{name!r} matches {len(found)} sweeps: {', '.join(found[:5])}; give the full name")
        )
    return runs / found[0]
