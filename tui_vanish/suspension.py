"""Pauses all training runs while the app is suspended (ctrl+z), and resumes them afterwards."""

import asyncio
from typing import TYPE_CHECKING

from engine.protocol.commands import Pause, Resume
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from tui_vanish.session.session import Session

_PAUSE_SECONDS = 0.5  # the longest wait; a round of the engine takes far less
_BY_SIGNAL = "by signal"


class Suspension:
    """The runs that are paused because the app is suspended.

    Args:
        session: has the runs.

    Attributes:
        runs: their names.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.runs: tuple[str, ...] = ()

    async def begin(self) -> None:
        """Pause all training runs, and wait until they are paused."""
        training = tuple(run.run for run in self._session.snapshot.runs if run.status is Status.RUNNING)
        for name in training:
            self._session.send(Pause(name, _BY_SIGNAL))
        self.runs = training
        deadline = asyncio.get_running_loop().time() + _PAUSE_SECONDS
        while training and asyncio.get_running_loop().time() < deadline:
            latest = self._session.engine.snapshot()
            running = {run.run for run in latest.runs if run.status is Status.RUNNING}
            if running.isdisjoint(training):
                break
            await asyncio.sleep(0.02)

    def end(self) -> bool:
        """Resume the paused runs.

        Returns:
            Whether there were any.
        """
        suspended, self.runs = self.runs, ()
        for name in suspended:
            self._session.send(Resume(name, _BY_SIGNAL))
        return bool(suspended)
