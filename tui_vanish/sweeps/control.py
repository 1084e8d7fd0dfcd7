"""Begins, continues and stops sweeps for a screen; a sentence says what came of it."""

import os
from pathlib import Path

from engine.storage.run_index import RunEntry
from engine.sweeps.folder import Means, NotASweep, SweepFolder
from scenarios.problems import printable
from scenarios.sweep_files import built_in_sweeps, load_sweep
from tui_vanish.jobs.cores import spare_cores
from tui_vanish.jobs.exits import FailedError
from tui_vanish.sweeps.background import detach
from vanish_recorder.storage.paths import new_run_name
from vanish_recorder.storage.run_lock import CannotEnd, ask_to_end


def resume(entry: RunEntry) -> str:
    """Train the missing runs of a sweep in the background. It waits until the training has begun.

    Args:
        entry: of the sweep, in the list of runs.
    """
    if entry.owner is not None:
        return f"The sweep is trained by {entry.owner} already."
    return begin(entry.folder) or "The sweep continues in the background."


def start(name: str, runs: Path, *, device: str, data: str, seed: int) -> tuple[Path | None, str]:
    """Begin a sweep that is part of the program, in the background.

    Args:
        name: of the sweep.
        runs: the folder for its folder.
        device: as `--device` names it.
        data: as `--data` names it; empty for the first source that exists.
        seed: of its runs.

    Returns:
        Its folder, and why it does not train, which is empty if it does. The folder is None if it could not
        be made.
    """
    sweep = load_sweep(built_in_sweeps()[name], seed=seed)
    means = Means(device, (data if data == "sample" else os.path.abspath(data)) if data else None)
    try:
        folder = SweepFolder.create(runs.absolute() / new_run_name(sweep.name), sweep, means)
    except OSError as error:
        return None, f"The sweep cannot be saved in {printable(str(runs))}: {error.strerror}."
    return folder.path, begin(folder.path)


def begin(folder: Path) -> str:
    """Train the missing runs in the background, with one core left for the screen.

    Returns:
        Why it did not start; empty if it did.
    """
    try:
        means = SweepFolder.read(folder).means
        words = ["--jobs", str(cores)] if (cores := cores_for(means.device)) else []
        detach(folder, words)
    except NotASweep as error:
        return f"It cannot be trained: {printable(str(error))}."
    except FailedError as error:
        return f"It is not training: {printable(str(error))}."
    return ""


def stop(entry: RunEntry) -> str:
    """Ask the process that leads a sweep to save its runs and to end.

    Args:
        entry: of the sweep, in the list of runs.
    """
    if entry.owner is None:
        return "The sweep is not training."
    try:
        ask_to_end(entry.folder, entry.owner)
    except ProcessLookupError:
        return "The sweep has just ended."
    except CannotEnd as error:
        return f"The sweep was not stopped: {printable(str(error))}."
    return "The sweep saves its runs and stops; p continues it."


def cores_for(device: str) -> int:
    """How many runs train at the same time on this device; 0 on a GPU, where it is not a matter of cores."""
    return spare_cores() if device in ("auto", "cpu") and not _gpus() else 0


def _gpus() -> bool:
    """Whether this machine seems to have a GPU. It looks for the driver's file, because torch is slow."""
    return os.path.exists("/proc/driver/nvidia/version")
