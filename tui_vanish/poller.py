"""Connects engine and screen: it fetches the latest snapshot a few times per second."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from engine.runtime.state import EngineSnapshot
    from tui_vanish.session.engine import EngineLife

# Seconds after a command at which the engine is polled early: it executes commands between two rounds.
_ANSWERS = (0.03, 0.08, 0.2)


class Poller:
    """Polls the engine, and shows what is new.

    The engine posts nothing to the app, so training never waits for the screen. If there is no new snapshot,
    nothing is drawn.

    Attributes:
        stopped: whether the app is quitting, so that nothing must be shown any more.

    Args:
        app: provides the timers.
        engine: provides the snapshots.
        show: called with each new snapshot.
        refresh: polls per second.
    """

    def __init__(
        self,
        app: App[int],
        engine: "EngineLife",
        show: Callable[["EngineSnapshot"], None],
        refresh: float,
    ) -> None:
        self._app = app
        self._engine = engine
        self._show = show
        self._seconds = 1 / refresh
        self._shown: int | None = None
        self._answer_until = 0.0
        self.stopped = False

    @property
    def is_expecting(self) -> bool:
        """Whether a command was sent whose effect is not on the screen yet, though it may be soon."""
        return monotonic() < self._answer_until

    def start(self) -> None:
        """Start polling."""
        self._app.set_interval(self._seconds, self.poll)

    def stop(self) -> None:
        """Show nothing any more, because the app is quitting and removes its widgets one by one."""
        self.stopped = True

    def poll(self) -> None:
        """Show the latest snapshot, unless it is already on the screen."""
        snapshot = self._engine.snapshot()
        if self.stopped or snapshot.sequence == self._shown:
            return
        self._shown = snapshot.sequence
        self._answer_until = 0.0
        with self._app.batch_update():
            self._show(snapshot)

    def show_again(self) -> None:
        """Show the latest snapshot again, because something outside it has changed."""
        self._shown = None
        self.poll()

    def expect(self) -> None:
        """Poll a few times soon, because a command was sent."""
        self._answer_until = monotonic() + _ANSWERS[-1]
        for seconds in _ANSWERS:
            self._app.set_timer(seconds, self.poll)
