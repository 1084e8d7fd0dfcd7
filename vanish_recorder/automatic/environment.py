"""What a command inherits so that its Python programs are recorded."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from vanish_recorder.automatic.bootstrap.sitecustomize import HERE, OPTIONS, SESSION


def recorded_environment(
    environment: Mapping[str, str],
    report: str,
    *,
    name: str | None = None,
    runs_dir: Path | None = None,
    every: int | str = "auto",
    quiet: bool = False,
) -> dict[str, str]:
    """The environment for a command.

    Args:
        environment: that the command would have had.
        report: the file that its processes add lines to.
        name: of the first run; None for the script's and the model's.
        runs_dir: the folder for runs; None for the default.
        every: how often a step is measured: a number of steps, or `auto`.
        quiet: whether the runs are not announced, and nothing is said if there is none.
    """
    before = environment.get("PYTHONPATH", "")
    options = {
        "name": name,
        "runs_dir": None if runs_dir is None else str(runs_dir.absolute()),
        "every": every,
        "quiet": quiet,
    }
    return {
        **environment,
        "PYTHONPATH": f"{HERE}{os.pathsep}{before}" if before else HERE,
        SESSION: f"{0 if quiet else os.getpid()} {report}",
        OPTIONS: json.dumps(options),
    }
