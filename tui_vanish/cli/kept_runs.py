"""What the commands that change a saved run share: finding it, and saying why it cannot be changed."""

import os
from collections.abc import Callable
from pathlib import Path

from engine.storage import trash
from engine.storage.labels import Labels, write_labels
from engine.storage.run_index import RunEntry, read_entry
from engine.storage.run_log import NotARun
from scenarios.problems import printable
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.jobs.resume import find_run
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.sweeps.find import sweep_named
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import RunInUse


def kept_run(name: str, runs_dir: Path | None, *, damaged: bool = False) -> RunEntry:
    """A saved run or sweep that may be changed, by the names that `find_run` knows.

    Args:
        name: as it was given.
        runs_dir: the folder of the runs; None for the usual one.
        damaged: whether it may be a run that cannot be read, by the full name of its folder.

    Raises:
        NotFoundError: no run has this name.
        RefusedError: several match, it cannot be read, or it comes with the program.
    """
    exact = (runs_dir or default_runs_folder()).absolute() / name
    if damaged and name == exact.name and os.path.lexists(exact) and trash.is_run(exact):
        return read_entry(exact)
    if (sweep := sweep_named(name, runs_dir)) is not None:
        return read_entry(sweep)
    entry = find_run(name, runs_dir)
    if entry.is_recorded:
        raise RefusedError(tr("a recorded run comes with the program; it is never changed"))
    return entry


def kept_runs(names: list[str], runs_dir: Path | None, *, damaged: bool = False) -> list[RunEntry]:
    """Several saved runs, each once; all are found before the first is changed.

    Raises:
        NotFoundError: no run has one of these names.
        RefusedError: one of the names is not clear, or its run cannot be changed.
    """
    found = [kept_run(name, runs_dir, damaged=damaged) for name in names]
    return list({entry.folder: entry for entry in found}.values())


def change_labels(name: str, runs_dir: Path | None, changed: Callable[[Labels], Labels]) -> RunEntry:
    """Change the name or the tags of a run.

    Args:
        name: of the run.
        runs_dir: the folder of the runs; None for the usual one.
        changed: makes the new labels from the present ones.

    Raises:
        RefusedError: the run is not found, or it cannot be changed.
        FailedError: the labels cannot be written.
    """
    entry = kept_run(name, runs_dir)
    attempt(entry.name, lambda: write_labels(entry.folder, changed(entry.labels)))
    return read_entry(entry.folder)


def attempt(name: str, change: Callable[[], None]) -> None:
    """Change something in a run's folder.

    Raises:
        RefusedError: a process trains the run, or the folder is not a run.
        FailedError: the disk refuses.
    """
    try:
        change()
    except RunInUse as error:
        raise RefusedError(
            printable(
                tr(
                    "{name}: {error}; to stop it: vanish-tui stop {name}",
                    name=name,
                    error=spoken(str(error)),
                )
            )
        ) from None
    except NotARun as error:
        raise RefusedError(printable(spoken(str(error)))) from None
    except OSError as error:
        raise FailedError(printable(f"{error.filename or name}: {error.strerror}")) from None
