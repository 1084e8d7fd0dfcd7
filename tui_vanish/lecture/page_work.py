"""Lets a theory page measure what it lacks in a thread, and draws it again meanwhile."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.worker import Worker, get_current_worker

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer

    from tui_vanish.theory.page import Page

_SECONDS = 0.2  # between two updates of the page while a thread measures


class PageWork:
    """Does the work of the page that is shown; that of a page that is left is cancelled.

    Args:
        screen: has the thread and the timer.
        draw: draws the page again.
    """

    def __init__(self, screen: "Screen[None]", draw: Callable[[], None]) -> None:
        self._screen, self._draw = screen, draw
        self._worker: Worker[None] | None = None
        self._timer: Timer | None = None

    def begin(self, page: "Page") -> None:
        """Measure what the page lacks."""
        self.stop()
        if (work := page.work()) is None:
            return

        def in_thread() -> None:
            worker = get_current_worker()
            work(lambda: worker.is_cancelled)

        self._worker = self._screen.run_worker(
            in_thread, group="page", exclusive=True, thread=True, exit_on_error=False
        )
        self._timer = self._screen.set_interval(_SECONDS, self._look)

    def stop(self) -> None:
        """Stop measuring."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _look(self) -> None:
        if self._worker is not None and self._worker.is_finished:
            self._worker = None
            self.stop()
        self._draw()
