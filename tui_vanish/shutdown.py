"""How the app ends: by a key, a signal, or the loss of its terminal. The runs are saved in every case."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from tui_vanish import terminal
from tui_vanish.language import tr
from tui_vanish.signal_watcher import SignalWatcher
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from tui_vanish.jobs.background import Successor
    from tui_vanish.session.session import Session

# A signal ends the app within 2 s even if something hangs. Saving the runs gets most of that time.
_SAVE_SECONDS = 1.4
_RESTORE_SECONDS = 0.3
_LAST_SECONDS = 1.9
_PATIENCE_SECONDS = 0.4
_EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}


class Leaver(Protocol):
    """What shutting down needs from the app: callbacks, the terminal and the exit."""

    @property
    def suspended(self) -> tuple[str, ...]:
        """The runs that are paused while the app is suspended."""

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> Any:
        """Call `callback` once after `delay` seconds."""

    def restore_title(self) -> None:
        """Restore the window's title from before the start."""

    def restore_terminal(self) -> None:
        """Restore the terminal's state from before the start."""

    def restore_terminal_by_force(self, number: signal.Signals) -> None:
        """Restore the terminal even if it accepts no output or is now the shell's."""

    def resume(self) -> None:
        """Take the terminal again after a suspension."""

    def exit(self, result: int | None = None) -> None:
        """End the app."""


class Shutdown:
    """Saves the runs, restores the terminal and ends the app, once.

    After a key this happens in the event loop. After a signal or the loss of the terminal it happens in
    separate threads, because the event loop may be blocked writing to a terminal that accepts no output.

    Args:
        app: the app to end; it restores its terminal.
        session: its engine is closed.
        stop_showing: called when the screen must not be updated any more.
        save_seconds: how long saving may take when the app ends at once.
        last_seconds: after how long a signal ends the process, even if something hangs.
    """

    def __init__(
        self,
        app: Leaver,
        session: "Session",
        stop_showing: Callable[[], None],
        *,
        save_seconds: float = _SAVE_SECONDS,
        last_seconds: float = _LAST_SECONDS,
    ) -> None:
        self._app, self._session, self._stop_showing = app, session, stop_showing
        self._save_seconds, self._last_seconds = save_seconds, last_seconds
        self._watcher = SignalWatcher(_EXIT_CODES, self.on_signal)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listening = threading.Event()
        self._begun = False
        self._urgent = False
        self._task: asyncio.Task[None] | None = None
        self._handing_over = threading.Lock()
        self._exit_lock = threading.Lock()
        self._handed_over = False
        self._left: list[str] = []
        self._successor: Successor | None = None
        self._problem = ""

    def watch(self) -> None:
        """Start to watch for signals that end the program, and for the loss of the terminal.

        This has to happen before the terminal is changed, so that a signal in between restores it.
        """
        self._watcher.start()

    def listen(self) -> None:
        """Leave through the event loop from now on, where that answers."""
        self._watcher.resume_with(self._app.resume)
        self._loop = asyncio.get_running_loop()
        self._listening.set()

    def ignoring_interrupts(self) -> AbstractContextManager[None]:
        """While another program has the terminal, ctrl+c is for that program."""
        return self._watcher.ignoring(signal.SIGINT)

    def stop_listening(self) -> None:
        """Stop watching: the app has ended and all is saved, so a signal may end the process at once."""
        if not self._urgent:
            self._watcher.stop()

    def leave(self, *, at_once: bool = False, running: bool = False) -> None:
        """Save all runs and end the app.

        Args:
            at_once: end the app even if a step hangs.
            running: the runs continue in a detached process.
        """
        if self._begun or self._urgent:
            return
        self._begun = True
        if running:
            self._left = self._unfinished()
        if self._session.engine.importing:  # torch is being imported: nothing needs saving yet
            self.hand_over()
            self._exit(0)
        self._session.remember()
        self._task = asyncio.create_task(self._save_and_leave(self._save_seconds if at_once else None))

    def leave_running(self) -> None:
        """Have the runs continue in another process: the app has to end, and the user did not ask for it."""
        if not self._begun and not self._urgent:
            self._begun = True
            self._left = self._unfinished()

    def is_forced(self) -> bool:
        """Whether the terminal is lost; the watcher then ends the app without writing to it."""
        return self._loop is not None and terminal.is_lost()

    @property
    def left(self) -> list[str]:
        """The runs that were left to another process."""
        return self._left

    @property
    def successor(self) -> "Successor | None":
        """The process that was started to continue them; it may not hold them yet."""
        return self._successor

    @property
    def problem(self) -> str:
        """Why no process could be started; empty if one was."""
        return self._problem

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
            and os.path.isdir(folder / run.run)
        ]

    def hand_over(self) -> None:
        """Start the process that continues the runs that are left running, once. They must be saved."""
        with self._handing_over:
            if not self._left or self._handed_over:
                return
            self._handed_over = True
            from engine.storage import handover
            from tui_vanish.jobs import background

            try:
                self._successor = background.hand_over(self._left, self._session.engine.runs_folder)
            except OSError as error:  # the runs are saved and can be resumed
                self._problem = f"no process could be started: {error.strerror}"
            handover.end(self._session.engine.runs_folder)

    def _close_engine(self) -> None:
        """Save all runs. Lists say "handing over" of those that are left running, from before they stop."""
        if self._left:
            from engine.storage import handover
            from vanish_recorder.storage.run_lock import Owner

            with suppress(OSError):
                handover.announce(self._session.engine.runs_folder, self._left, Owner.present())
        self._session.engine.close()

    # ------------------------------------------------------------------------ in the event loop

    async def _save_and_leave(self, seconds: float | None) -> None:
        self._app.set_timer(_PATIENCE_SECONDS, self._ask_for_patience)
        try:
            await asyncio.wait_for(asyncio.to_thread(self._close_engine), seconds)
        except TimeoutError:  # for example a slow disk: unsaved steps are trained again from the last save
            self.hand_over()
            self._exit(0)
        self.hand_over()
        self._stop_showing()
        self._app.restore_title()
        self._app.exit(0)

    def _ask_for_patience(self) -> None:
        self._session.client.notify(tr("Saving the runs…"), timeout=60)

    def _exit(self, code: int) -> None:
        """Restore the terminal and end the process at once."""
        if not terminal.is_lost():
            self._app.restore_title()
            self._app.restore_terminal()
        with self._exit_lock:
            os._exit(code)

    # --------------------------------------------------------------------- outside the event loop

    def on_signal(self, number: signal.Signals) -> None:
        """End the process within 2 s, even if the event loop, a step or the disk hangs.

        Args:
            number: the signal, or SIGHUP if the terminal is lost.
        """
        self._urgent = True
        code = _EXIT_CODES[number]
        # Not a daemon thread: if the app ends by itself meanwhile, the process waits for the save.
        leaving = threading.Thread(target=self.save_and_exit, args=(number,), name="shutdown")
        try:
            leaving.start()
            leaving.join(self._last_seconds)
        finally:
            os._exit(code)

    def save_and_exit(self, number: signal.Signals) -> None:
        """Save the runs, restore the terminal and end the process with the signal's exit code.

        After SIGHUP the runs continue in a detached process, unless the user has already chosen how to quit.

        Args:
            number: the signal.
        """
        try:
            if number == signal.SIGHUP and not self._begun:
                self._left = self._unfinished()
            if not self._session.engine.importing:
                self._save()
            self.hand_over()
            self._restore_terminal(number)
        finally:
            os._exit(_EXIT_CODES[number])  # torch's own cleanup can take longer than all of the above

    def _save(self) -> None:
        """Save what can be saved in time; unsaved steps are trained again from the last save."""
        saving = threading.Thread(target=self._close_and_remember, name="saving", daemon=True)
        saving.start()
        saving.join(self._save_seconds)

    def _close_and_remember(self) -> None:
        self._close_engine()
        self._session.remember()

    def _restore_terminal(self, number: signal.Signals) -> None:
        """Restore the terminal: in the event loop, so that it draws no more, or else by force."""
        if terminal.is_lost():
            return
        self._listening.wait(_RESTORE_SECONDS)  # while the app starts, the loop will answer soon
        if self._loop is not None and terminal.is_ours():
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._exit, _EXIT_CODES[number])
                threading.Event().wait(_RESTORE_SECONDS)  # the process ends here if the loop answers
        with self._exit_lock:  # restoring by force unblocks the loop, which would end the process too soon
            self._app.restore_terminal_by_force(number)
