"""Opens a file in the user's text editor, while the app is suspended."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from textual.app import SuspendNotSupported

from tui_vanish.language import tr

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
        return tr(
            ("No text editor is set. Start vanish-tui with EDITOR=nano, for example; the file is {path}"),
            path=path,
        )
    try:
        words = shlex.split(os.environ[name])
    except ValueError as error:
        return tr(
            "${name} cannot be read ({error}): {command}", name=name, error=error, command=os.environ[name]
        )
    if not words or shutil.which(words[0]) is None:
        return tr(
            "The text editor of ${name} is not installed: {command}", name=name, command=os.environ[name]
        )
    try:
        with undisturbed(), suspended():
            code = subprocess.run([*words, str(path.absolute())], check=False).returncode
    except SuspendNotSupported:
        return tr("This terminal cannot be given to a text editor. The file is {path}", path=path)
    except OSError as error:
        return tr("{program} cannot be started: {strerror}", program=words[0], strerror=error.strerror)
    return tr("{program} ended with exit code {code}.", program=words[0], code=code) if code else ""
