"""Switches the meters on and off, and reads the machine while they are on."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui_vanish.jobs.meters import Meters

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

    from tui_vanish.jobs.meters import Reading

_SECONDS = 1.0  # between two readings


class MetersSwitch:
    """The meters of the app.

    Args:
        app: has the timer.
        show: shows the meters on the screen.

    Attributes:
        is_on: whether they are shown.
        reading: the latest one; None before the first.
    """

    def __init__(self, app: "App[Any]", show: Callable[[], None]) -> None:
        self._app, self._show = app, show
        self.is_on = False
        self.reading: Reading | None = None
        self._meters: Meters | None = None
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None

    def toggle(self) -> None:
        """Show or hide the meters."""
        self.is_on = not self.is_on
        self.reading = None
        if self._timer is None:
            self._timer = self._app.set_interval(_SECONDS, self.read)
        if self.is_on:
            self._timer.resume()
            self.read()
        else:
            self._timer.pause()
            self._meters = None  # what happens until they are on again is no part of the next reading
        self._show()

    def read(self) -> None:
        """Read the machine, in a thread, because the driver of a GPU may need time."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        if (meters := self._meters) is None:
            made = await asyncio.to_thread(Meters)
            self._meters = made if self.is_on else None
            return
        reading = await asyncio.to_thread(meters.read)
        if self._meters is meters:  # else they were switched off meanwhile
            self.reading = reading
            self._show()
