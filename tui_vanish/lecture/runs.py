"""The runs that a lecture shows: recorded ones at any step, or else a run of this session."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.protocol.recorded import recorded_run
from scenarios import load
from scenarios.index import built_in
from tui_vanish.lecture.exercises import changed

if TYPE_CHECKING:
    from engine.storage.history import History
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.session.session import Session


class LectureRuns:
    """Reads recorded runs in threads, and keeps them.

    Args:
        session: has the runs that are trained here.
        on_read: called when a run has been read.
    """

    def __init__(self, session: "Session", on_read: Callable[[], None]) -> None:
        self._session, self._on_read = session, on_read
        self._recorded: dict[str, History | None] = {}  # None if there is no recorded run
        self._reading: dict[str, asyncio.Task[None]] = {}

    def want(self, *scenario_ids: str) -> None:
        """Begin to read the recorded runs of these scenarios, unless they have been read."""
        for scenario_id in scenario_ids:
            if scenario_id not in self._recorded and scenario_id not in self._reading:
                self._reading[scenario_id] = asyncio.create_task(self._read(scenario_id))

    def is_reading(self, *scenario_ids: str) -> bool:
        """Whether one of these is being read."""
        return any(scenario_id in self._reading for scenario_id in scenario_ids)

    def get(self, scenario_id: str, step: int | None = None) -> "Snapshot | None":
        """The recorded run of a scenario, else the latest run of it in this session.

        Args:
            scenario_id: of the scenario.
            step: at which it is seen; None for its end. A run of this session is always seen as it is now.

        Returns:
            None if it has not been read yet, and if there is none.
        """
        if history := self._recorded.get(scenario_id):
            return history.at(history.last_step if step is None else step)
        if scenario_id in self._reading:
            return None
        return self.live(scenario_id)

    def is_recorded(self, scenario_id: str) -> bool:
        """Whether a recorded run of it has been read."""
        return self._recorded.get(scenario_id) is not None

    def live(self, scenario_id: str) -> "Snapshot | None":
        """The latest run of the scenario that was trained here."""
        return next((run for run in self._trained(scenario_id) if run.has_begun), None)

    def is_trained(self, scenario_id: str) -> bool:
        """Whether the scenario was trained here, or is about to be."""
        return any(True for _ in self._trained(scenario_id))

    def _trained(self, scenario_id: str) -> "Iterator[Snapshot]":
        """The runs of the scenario in this session, the latest first. Edited variants are not among them."""
        for run in reversed(self._session.snapshot.runs):
            if run.scenario_id == scenario_id and not run.is_recorded and run.watched is None:
                entry = built_in().get(scenario_id)
                if entry is None or not changed(load(entry.path), run.spec.scenario()):
                    yield run

    async def _read(self, scenario_id: str) -> None:
        history = None
        with suppress(Exception):  # a recording that is missing or damaged: the step says that there is none
            history = await asyncio.to_thread(_opened, scenario_id)
        self._recorded[scenario_id] = history
        del self._reading[scenario_id]
        self._on_read()


def _opened(scenario_id: str) -> "History":
    from engine.storage.history import History
    from engine.storage.recorded import recorded_folder

    history = History(recorded_folder(recorded_run(scenario_id)))
    history.poll()
    return history
