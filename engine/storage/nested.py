"""Where the folder of a run lies: in the folder of runs, in that of the sweep that it belongs to, or in
that of the recorded runs.
"""

import os
from pathlib import Path

from engine.protocol.recorded import is_recorded
from engine.storage.recorded import recorded_folder

SWEEP_FILE = "sweep.json"


def is_sweep(folder: Path) -> bool:
    """Whether the folder is that of a sweep. Reads nothing but the name."""
    return os.path.isfile(folder / SWEEP_FILE)


def sweep_with(runs: Path, run: str) -> Path | None:
    """The folder of the sweep in a folder of runs to which a run with this name belongs, if there is one."""
    sweep, _, number = run.rpartition("-")
    folder = runs / sweep
    return folder if sweep and number.isdecimal() and is_sweep(folder) else None


def run_folder(runs: Path, run: str) -> Path:
    """The folder of the run with this name."""
    if is_recorded(run):
        return recorded_folder(run)
    sweep = None if os.path.isdir(runs / run) else sweep_with(runs, run)
    return (runs if sweep is None else sweep) / run
