"""The order in which a run reports its events. A log that breaks it was damaged, or put together by hand."""

from vanish_recorder.protocol.event import Event
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
)
from vanish_recorder.protocol.watch_events import Measured, WatchStarted

# Each of these is reported at most once at a step, an epoch or a stage.
_ONCE: dict[type[Event], str] = {
    Sample: "step",
    Measured: "step",
    EpochFinished: "epoch",
    StageStarted: "stage",
}


class OutOfOrder(ValueError):
    """An event cannot follow the events before it."""


class Order:
    """Checks one event after the other. An event that is refused counts as if it were not there."""

    def __init__(self) -> None:
        self._last: RunEvent | None = None
        self._reached: dict[type[Event], int] = {}
        self._has_started = False

    def check(self, event: RunEvent) -> None:
        """Check that this event can follow the last one.

        Raises:
            OutOfOrder: it cannot: it is repeated, or something before it is later.
        """
        last, kind = self._last, type(event)
        is_first = isinstance(event, RunStarted | WatchStarted)
        # Each segment of a watched run says how it was started.
        if is_first and self._has_started and not isinstance(event, WatchStarted):
            raise OutOfOrder("the run has started already")
        if last is not None:
            places = ((event.step, last.step), (event.epoch, last.epoch), (event.stage, last.stage))
            # Written so that a time which is not a number is refused, too.
            if any(now < before for now, before in places) or not event.time >= last.time:
                raise OutOfOrder("out of order")
            # A finished run that is resumed says so first. One whose first line was lost starts again.
            if isinstance(last, RunFinished) and not (is_first or isinstance(event, Resumed)):
                raise OutOfOrder("the run has ended already")
            if isinstance(event, Intervened) and event.kind == "next_stage" and event == last:
                raise OutOfOrder("repeated")
        if (counter := _ONCE.get(kind)) is not None:
            place = getattr(event, counter)
            if place <= self._reached.get(kind, -1):
                raise OutOfOrder("repeated or out of order")
            self._reached[kind] = place
        self._has_started = self._has_started or is_first
        self._last = event
