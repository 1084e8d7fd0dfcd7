"""Starts the program's own Python processes, none of which ever imports from the working folder.

That folder is the user's, and may have an `engine.py`, a `scenarios/` or a `random.py`. Every process that
runs Python is started here.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tui_vanish.working_folder import ROOT, is_the_users

_SAFE = "-P"  # Python adds neither the working folder nor a script's folder to the places to import from


def start(
    arguments: Sequence[str], *, changes: Mapping[str, str | None] | None = None, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start Python in another process.

    Args:
        arguments: of the interpreter, such as `-m tui_vanish`.
        changes: of this process's environment; None removes a variable.
        options: of subprocess.Popen, without the environment.

    Raises:
        OSError: no process can be started.
    """
    environment: dict[str, str | None] = {**_environment(), **(changes or {})}
    kept = {name: value for name, value in environment.items() if value is not None}
    return subprocess.Popen([sys.executable, _SAFE, *arguments], env=kept, **options)


def ask(arguments: Sequence[str], seconds: float) -> "subprocess.CompletedProcess[str]":
    """Run Python in another process, and return what it has written.

    Args:
        arguments: of the interpreter.
        seconds: how long it may take.

    Raises:
        OSError: no process can be started.
        subprocess.TimeoutExpired: it took longer, and was killed.
    """
    command = [sys.executable, _SAFE, *arguments]
    return subprocess.run(
        command, env=_environment(), capture_output=True, text=True, timeout=seconds, check=False
    )


def protect_workers() -> None:
    """Protect the processes that libraries start for this one, such as the workers of a DataLoader."""
    os.environ["PYTHONSAFEPATH"] = "1"


def _environment() -> dict[str, str]:
    """This process's environment, without the working folder in PYTHONPATH, unless the program is there."""
    places = os.environ.get("PYTHONPATH", "")
    kept = [place for place in places.split(os.pathsep) if places and not is_the_users(place)]
    if os.path.realpath(ROOT) == os.path.realpath(""):  # where `python -m tui_vanish` has found it
        kept.append(ROOT)
    path = {"PYTHONPATH": os.pathsep.join(kept)} if kept else {}
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | path
