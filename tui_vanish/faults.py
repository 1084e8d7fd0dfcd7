"""What happens after an error in the app's own code: a file, a sentence, and training continues."""

import asyncio
import os
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.worker import WorkerFailed

from tui_vanish.language import tr
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder

if TYPE_CHECKING:
    from textual.app import App

_MOST_FILES = 20


class Faults:
    """Catches the errors that Textual would end the app for.

    Args:
        app: shows a sentence about each error.
        folder: for the files with the traces; it is made when it is needed.

    Attributes:
        details: what the file of the latest error is, in a sentence.
    """

    def __init__(self, app: "App[Any]", folder: Path) -> None:
        self._app, self._folder = app, folder
        self._known: set[tuple[str, ...]] = set()
        self.details = ""

    def watch_tasks(self) -> None:
        """Also catch the errors of tasks that nothing waits for."""

        def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if isinstance(error := context.get("exception"), Exception):
                self.report(error)

        asyncio.get_running_loop().set_exception_handler(report)

    def survives(self, error: Exception) -> bool:
        """Report an error, and close a screen that cannot be used after it.

        Returns:
            Whether the app can continue; not if its first screen has never been complete.
        """
        self.report(error)
        stack = self._app.screen_stack if self._app.is_running else []
        if not stack or not stack[0].is_mounted:
            return False
        self._app.call_later(self._close_broken)
        return True

    def _close_broken(self) -> None:
        """Close the screen on top if a part of it has ended: Textual's own widgets end at an error."""
        *below, screen = self._app.screen_stack
        if below and any(part.is_mounted and not part.is_running for part in screen.query()):
            screen.dismiss(None)

    def report(self, error: BaseException) -> None:
        """Write an error to a file, and show a sentence that names the file; nothing if it is known."""
        if isinstance(error, WorkerFailed):
            error = error.error
        # The same error in every frame is one error: neither files nor sentences may pile up.
        identity = (type(error).__name__, *map(str, traceback.extract_tb(error.__traceback__)))
        if identity in self._known or len(self._known) >= _MOST_FILES:
            return
        self._known.add(identity)
        self.details = self._write(error)
        text = tr("This screen had an internal error; training continues. {details}", details=self.details)
        self._app.notify(text, severity="error", timeout=20, markup=False)

    def _write(self, error: BaseException) -> str:
        """Write the file; returns where it is, or why it could not be written."""
        trace = "".join(traceback.format_exception(error))
        try:
            make_private_folder(self._folder)
            old = sorted(name for name in os.listdir(self._folder) if name.startswith("error-"))
            for name in old[: 1 - _MOST_FILES]:
                with suppress(OSError):
                    os.unlink(self._folder / name)
            path = self._folder / f"error-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
            with open(
                path, "x", encoding="utf-8", errors="backslashreplace", opener=for_the_user_alone
            ) as file:
                file.write(f"{' '.join(sys.argv)}\nPython {sys.version}\n\n{trace}")
        except OSError as reason:
            return tr(
                "The details could not be written to {folder}: {strerror}.",
                folder=self._folder,
                strerror=reason.strerror,
            )
        return tr("Details: {path}", path=path)
