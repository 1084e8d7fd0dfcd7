"""Opens a file in the user's text editor, while the app is suspended."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from textual.app import SuspendNotSupported

Context = Callable[[], AbstractContextManager[None]]


def edit(path: Path, suspended: Context, undisturbed: Context) -> str:
    """Open a file in `$VISUAL`, or else `$EDITOR`, and wait until the editor ends. Training continues.

    Args:
        path: of the file.
        suspended: gives the terminal to the editor.
        undisturbed: keeps ctrl+c, which the terminal sends to the editor, from ending the app.

    Returns:
        Why the file could not be edited, in a sentence; empty if it could.
    """
    name = next((name for name in ("VISUAL", "EDITOR") if os.environ.get(name, "").strip()), "")
    if not name:
        return f"No text editor is set. Start vanish-tui with EDITOR=nano, for example; the file is {path}"
    try:
        words = shlex.split(os.environ[name])
    except ValueError as error:
        return f"${name} cannot be read ({error}): {os.environ[name]}"
    if not words or shutil.which(words[0]) is None:
        return f"The text editor of ${name} is not installed: {os.environ[name]}"
    try:
        with undisturbed(), suspended():
            code = subprocess.run([*words, str(path.absolute())], check=False).returncode
    except SuspendNotSupported:
        return f"This terminal cannot be given to a text editor. The file is {path}"
    except OSError as error:
        return f"{words[0]} cannot be started: {error.strerror}"
    return f"{words[0]} ended with exit code {code}." if code else ""
