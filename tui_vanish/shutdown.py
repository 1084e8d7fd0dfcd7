"""How the app ends: by a key, by a signal, or because its terminal is gone. The runs are saved each time."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from engine.protocol.status import Status
from tui_vanish import terminal
from tui_vanish.signal_watcher import SignalWatcher

if TYPE_CHECKING:
    from tui_vanish.session.session import Session

# A signal ends the app within 2 s, whatever hangs: saving gets the most of it, then the terminal its share.
_SAVE_SECONDS = 1.4
_FAREWELL_SECONDS = 0.3
_LAST_SECONDS = 1.9
_PATIENCE_SECONDS = 0.4
_EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}


class Leaver(Protocol):
    """What ends an app: a Textual app, and the terminal as it was before."""

    @property
    def suspended(self) -> tuple[str, ...]:
        """The runs that are paused while the app is suspended."""

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> Any:
        """Call back once."""

    def restore_title(self) -> None:
        """Give the window the title that it had before."""

    def restore_terminal(self) -> None:
        """Put the terminal back as it was."""

    def restore_terminal_by_force(self, number: signal.Signals) -> None:
        """Put the terminal back although it accepts no output."""

    def exit(self, result: int | None = None) -> None:
        """End the app."""


class Shutdown:
    """Ends an app in order, once.

    A key's departure runs in the event loop. A signal's, and that of a lost terminal, runs in threads of its
    own, because the event loop may be blocked in a write to a terminal that takes nothing.

    Args:
        app: whose terminal is put back.
        session: whose engine is closed.
        stop_showing: is called when the screen is not to be updated any more.
    """

    def __init__(self, app: Leaver, session: "Session", stop_showing: Callable[[], None]) -> None:
        self._app, self._session, self._stop_showing = app, session, stop_showing
        self._watcher = SignalWatcher(_EXIT_CODES, self._obey)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = False
        self._urgent = False
        self._task: asyncio.Task[None] | None = None
        self._handing_over = threading.Lock()
        self._last_word = threading.Lock()
        self._handed_over = False
        self._left: list[str] = []

    def listen(self) -> None:
        """Obey the signals that end a program, and notice when the terminal goes."""
        self._loop = asyncio.get_running_loop()
        self._watcher.start()

    def listen_no_more(self) -> None:
        """The app has ended by itself, and all is saved: from here on a signal ends the process at once."""
        if not self._urgent:
            self._watcher.stop()

    def leave(self, *, at_once: bool = False, running: bool = False) -> None:
        """Save all runs and end the app.

        Args:
            at_once: a step that hangs doesn't keep it.
            running: the runs continue in a detached process.
        """
        if self._begun or self._urgent:
            return
        self._begun = True
        if running:
            self._left = self._unfinished()
        if self._session.engine.importing:  # nothing can be stopped, and what was taken up is as it was saved
            self._hand_over()
            self._vanish(0)
        self._session.remember()
        self._task = asyncio.create_task(self._save_and_leave(_SAVE_SECONDS if at_once else None))

    def is_forced(self) -> bool:
        """Whether the terminal is gone, so that the watcher ends the app without writing to it."""
        return self._loop is not None and terminal.is_lost()

    @property
    def left(self) -> list[str]:
        """The runs that continue in another process."""
        return self._left

    def _unfinished(self) -> list[str]:
        """The runs that another process can continue."""
        folder = self._session.engine.runs_folder
        # The engine's own snapshot: the one on the screen is old where the event loop is blocked.
        snapshot = self._session.engine.snapshot()
        return [
            run.run
            for run in snapshot.runs
            if not run.status.ended
            and run.run not in snapshot.owners
            and (run.status is not Status.PAUSED or run.run in self._app.suspended)
            and (folder / run.run).is_dir()
        ]

    def _hand_over(self) -> None:
        """Let another process take up the runs that are left running, once."""
        with self._handing_over:
            if not self._left or self._handed_over:
                return
            self._handed_over = True
            from tui_vanish.jobs import background

            try:
                background.hand_over(self._left, self._session.engine.runs_folder)
            except OSError:  # no process is to be had; what was learnt is saved, and can be resumed
                self._left = []

    # ------------------------------------------------------------------------ in the event loop

    async def _save_and_leave(self, seconds: float | None) -> None:
        self._app.set_timer(_PATIENCE_SECONDS, self._ask_for_patience)
        try:
            await asyncio.wait_for(asyncio.to_thread(self._session.engine.close), seconds)
        except TimeoutError:  # a slow disk, say: what isn't saved is trained again from what is
            self._hand_over()
            self._vanish(0)
        self._hand_over()
        self._stop_showing()
        self._app.restore_title()
        self._app.exit(0)

    def _ask_for_patience(self) -> None:
        self._session.client.notify("Saving what was learnt…", timeout=60)

    def _vanish(self, code: int) -> None:
        """End the process at once, with the terminal as it was before."""
        if not terminal.is_lost():
            self._app.restore_title()
            self._app.restore_terminal()
        with self._last_word:
            os._exit(code)

    # --------------------------------------------------------------------- outside the event loop

    def _obey(self, number: signal.Signals) -> None:
        """End the process within 2 s, also where the event loop, a step or the disk hangs."""
        self._urgent = True
        code = _EXIT_CODES[number]
        # This one is no daemon: if the app ends by itself meanwhile, the process waits for the runs.
        leaving = threading.Thread(target=self._save_and_vanish, args=(number,), name="shutdown")
        try:
            leaving.start()
            leaving.join(_LAST_SECONDS)
        finally:
            os._exit(code)

    def _save_and_vanish(self, number: signal.Signals) -> None:
        try:
            if number == signal.SIGHUP and not self._begun:  # else a person has chosen what becomes of them
                self._left = self._unfinished()
            if not self._session.engine.importing:
                self._save()
            self._hand_over()
            self._farewell(number)
        finally:
            os._exit(_EXIT_CODES[number])  # also taking torch down can take longer than all before it

    def _save(self) -> None:
        """Save what can be saved in time: the rest is trained again from what is."""
        saving = threading.Thread(target=self._close_and_remember, name="saving", daemon=True)
        saving.start()
        saving.join(_SAVE_SECONDS)

    def _close_and_remember(self) -> None:
        self._session.engine.close()
        self._session.remember()

    def _farewell(self, number: signal.Signals) -> None:
        """Put the terminal back: in the event loop, which then draws no more, or else by force."""
        if self._loop is None or terminal.is_lost():
            return
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._vanish, _EXIT_CODES[number])
            threading.Event().wait(_FAREWELL_SECONDS)  # the process ends meanwhile if the loop answers
        with self._last_word:  # by force the loop comes free, and would end the process too soon
            self._app.restore_terminal_by_force(number)
