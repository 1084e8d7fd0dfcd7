"""A run at any of its steps, from the same fold over its events as the run at present."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.tracking.snapshot import RunView, Snapshot
from vanish_recorder.protocol.events import RunEvent

_GAP = 64  # events between two states that are kept, at first: to apply so many takes some milliseconds
_MOST, _LEAST = 256, 16  # states that are kept
_MOST_POINTS = 2**21  # in the series of all states that are kept


class _Kept(NamedTuple):
    """The state after the first `events` events. It is copied before anything is applied to it."""

    events: int
    view: RunView


class Past:
    """Folds the events of a run, and shows it as it was at a step.

    Some of the states on the way are kept. A step in the past is reached from the state before it, by
    applying the events since that state again.

    Args:
        view: the run before its first event.
        again: returns the events from one number up to another one, in order; the first event has the
            number 0.
    """

    def __init__(self, view: RunView, again: Callable[[int, int], Iterable[RunEvent]]) -> None:
        self._view, self._again = view, again
        self._steps = array("q")  # of each event; they never decrease
        self._gap = _GAP
        self._kept = [_Kept(0, view.copy())]
        self._shown: tuple[_Kept, Snapshot] | None = None  # the state that `at` returned last

    @property
    def view(self) -> RunView:
        """The run after the events so far."""
        return self._view

    @property
    def last_step(self) -> int:
        """The step of the latest event; 0 before the first one."""
        return self._steps[-1] if self._steps else 0

    def add(self, event: RunEvent) -> None:
        """Apply the next event."""
        self._view.apply(event)
        self._steps.append(event.step)
        if len(self._steps) % self._gap == 0:
            self._keep()

    def at(self, step: int) -> Snapshot:
        """The run after all events up to this step. Errors of `again` are raised."""
        events = bisect_right(self._steps, step)
        if self._shown is not None and self._shown[0].events == events:
            return self._shown[1]
        start = self._before(events)
        view = start.view.copy()
        for event in self._again(start.events, events):
            view.apply(event)
        snapshot = view.snapshot()
        self._shown = (_Kept(events, view), snapshot)
        return snapshot

    def _before(self, events: int) -> _Kept:
        """The nearest state that is known, and not later."""
        place = bisect_right(self._kept, events, key=lambda kept: kept.events) - 1
        nearest = self._kept[place]
        if self._shown is not None and nearest.events < self._shown[0].events <= events:
            return self._shown[0]
        return nearest

    def _keep(self) -> None:
        """Keep the present state. When there are too many, every other one is dropped."""
        most = min(_MOST, max(_LEAST, _MOST_POINTS // max(1, self._view.size)))
        if len(self._kept) >= most:
            self._kept = self._kept[::2]
            self._gap *= 2
        if len(self._steps) % self._gap == 0:
            self._kept.append(_Kept(len(self._steps), self._view.copy()))
