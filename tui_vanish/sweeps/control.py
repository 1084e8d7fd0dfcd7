"""Continues and stops a sweep for a screen; each function returns a sentence that says what came of it."""

import os
from pathlib import Path

from engine.storage.run_index import RunEntry
from engine.sweeps.folder import NotASweep, SweepFolder
from scenarios.problems import printable
from tui_vanish.jobs.cores import spare_cores
from tui_vanish.jobs.exits import FailedError
from tui_vanish.sweeps.background import detach
from vanish_recorder.storage.run_lock import CannotEnd, ask_to_end


def resume(entry: RunEntry) -> str:
    """Train the missing runs of a sweep in the background. It waits until the training has begun.

    Args:
        entry: of the sweep, in the list of runs.
    """
    if entry.owner is not None:
        return f"The sweep is trained by {entry.owner} already."
    return begin(entry.folder) or "The sweep continues in the background."


def begin(folder: Path) -> str:
    """Train the missing runs in the background, with one core left for the screen.

    Returns:
        Why it did not start; empty if it did.
    """
    try:
        means = SweepFolder.read(folder).means
        # On a GPU, the number of runs at a time is not one of cores.
        words = ["--jobs", str(spare_cores())] if means.device in ("auto", "cpu") and not _gpus() else []
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


def _gpus() -> bool:
    """Whether this machine seems to have a GPU. It looks for the driver's file, because torch is slow."""
    return os.path.exists("/proc/driver/nvidia/version")
