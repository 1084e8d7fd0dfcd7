"""Between the engine and the screen: the latest snapshot is fetched a few times a second."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from engine.runtime.state import EngineSnapshot
    from tui_vanish.session.engine import EngineLife

# Seconds after a key at which its answer is looked for: the engine obeys between two of its rounds.
_ANSWERS = (0.03, 0.08, 0.2)


class Poller:
    """Polls the engine, and shows what is new.

    Nothing is posted to the app by the engine, so training never waits for the screen, and a screen that has
    nothing new to show sends nothing.

    Attributes:
        stopped: whether the app ends, so that nothing is to be shown any more.

    Args:
        app: whose timers are used.
        engine: is asked for its snapshot.
        show: gets each snapshot that hasn't been shown.
        refresh: polls a second.
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
        self.stopped = False

    def start(self) -> None:
        """Begin to poll."""
        self._app.set_interval(self._seconds, self.poll)

    def stop(self) -> None:
        """Show nothing from here on: the app ends, and its widgets go one after the other."""
        self.stopped = True

    def poll(self) -> None:
        """Show the latest snapshot unless it is on the screen already."""
        snapshot = self._engine.snapshot()
        if self.stopped or snapshot.sequence == self._shown:
            return
        self._shown = snapshot.sequence
        with self._app.batch_update():
            self._show(snapshot)

    def show_again(self) -> None:
        """Show the latest snapshot once more: something outside it has changed."""
        self._shown = None
        self.poll()

    def expect(self) -> None:
        """Look for an answer sooner than the next poll."""
        for seconds in _ANSWERS:
            self._app.set_timer(seconds, self.poll)
