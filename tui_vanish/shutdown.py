"""How the app ends: by a key, by a signal, or because its terminal is gone. The runs are saved each time."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from engine.protocol.status import Status
from tui_vanish import terminal

if TYPE_CHECKING:
    from tui_vanish.session.session import Session

_SAVE_SECONDS = 1.4  # a signal ends the app within 2 s
_PATIENCE_SECONDS = 0.4
_LOST_SECONDS = 1.0
_EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}


class Leaver(Protocol):
    """What ends an app: a Textual app, and the terminal as it was before."""

    suspended: tuple[str, ...]

    @property
    def is_headless(self) -> bool:
        """Whether there is no terminal at all."""

    def set_interval(self, interval: float, callback: Callable[[], Any]) -> Any:
        """Call back again and again."""

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> Any:
        """Call back once."""

    def stop_showing(self) -> None:
        """Show nothing from here on."""

    def restore_title(self) -> None:
        """Give the window the title that it had before."""

    def restore_terminal(self) -> None:
        """Put the terminal back as it was."""

    def exit(self, result: int | None = None) -> None:
        """End the app."""


class Shutdown:
    """Ends an app in order, once.

    Args:
        app: whose terminal is put back.
        session: whose engine is closed.
    """

    def __init__(self, app: Leaver, session: "Session") -> None:
        self._app, self._session = app, session
        self._begun = False
        self._task: asyncio.Task[None] | None = None
        self._left: list[str] = []

    def listen(self) -> None:
        """Obey the signals that end a program, and notice when the terminal goes."""
        loop = asyncio.get_running_loop()
        for number in _EXIT_CODES:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
                loop.add_signal_handler(number, self._obey, number)
        self._app.set_interval(_LOST_SECONDS, self.leave_if_lost)

    def leave(self, *, at_once: bool = False, running: bool = False) -> None:
        """Save all runs and end the app.

        Args:
            at_once: a step that hangs doesn't keep it.
            running: the runs go on in a process that is nobody's child.
        """
        if running:
            self._left = self._unfinished()
        self._begin(0, _SAVE_SECONDS if at_once else None)

    @property
    def left(self) -> list[str]:
        """The runs that went on in another process."""
        return self._left

    def _unfinished(self) -> list[str]:
        """The runs that another process could go on with."""
        folder = self._session.engine.runs_folder
        runs = self._session.runs.unfinished()
        paused = {run.run for run in runs if run.status is Status.PAUSED} - set(self._app.suspended)
        return [run.run for run in runs if run.run not in paused and (folder / run.run).is_dir()]

    def _hand_over(self) -> None:
        """Let another process take up the runs that are left running."""
        if self._left:
            from tui_vanish.jobs import background

            try:
                background.hand_over(self._left, self._session.engine.runs_folder)
            except OSError:  # no process is to be had; what was learnt is saved, and can be resumed
                self._left = []

    def leave_if_lost(self) -> bool:
        """Whether there is no terminal any more; then save and leave without writing to it."""
        if self._app.is_headless or not terminal.is_lost():
            return False
        if not self._begun:
            self._begun = True
            # The app's own loop may block in a write from here on.
            threading.Thread(target=self._save_and_vanish, name="shutdown").start()
        return True

    def _obey(self, number: signal.Signals) -> None:
        if not self.leave_if_lost():
            if number == signal.SIGHUP:
                self._left = self._unfinished()
            self._begin(_EXIT_CODES[number], _SAVE_SECONDS, quick=True)

    def _begin(self, code: int, seconds: float | None, *, quick: bool = False) -> None:
        if self._session.engine.importing:  # nothing can be stopped, and what was taken up is as it was saved
            self._hand_over()
            self._vanish(code)
        if not self._begun:
            self._begun = True
            self._session.remember()
            self._task = asyncio.create_task(self._save_and_leave(code, seconds, quick=quick))

    async def _save_and_leave(self, code: int, seconds: float | None, *, quick: bool) -> None:
        self._app.set_timer(_PATIENCE_SECONDS, self._ask_for_patience)
        try:
            await asyncio.wait_for(asyncio.to_thread(self._session.engine.close), seconds)
        except TimeoutError:  # a slow disk, say: what isn't saved is trained again from what is
            quick = True
        self._hand_over()
        if quick:  # taking torch down can take longer than all before it
            self._vanish(code)
        self._app.stop_showing()
        self._app.restore_title()
        self._app.exit(code)

    def _ask_for_patience(self) -> None:
        self._session.client.tell("Saving what was learnt…", timeout=60)

    def _save_and_vanish(self) -> None:
        try:
            self._left = self._unfinished()
            if not self._session.engine.importing:
                self._session.engine.close()
            self._hand_over()
        finally:
            os._exit(_EXIT_CODES[signal.SIGHUP])

    def _vanish(self, code: int) -> None:
        """End the process at once, with the terminal as it was before."""
        if not terminal.is_lost():
            self._app.restore_title()
            self._app.restore_terminal()
        os._exit(code)
