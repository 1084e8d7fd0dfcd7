"""Engine: the training thread as others see it, from its settings to its published state."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol.commands import RunCommand, Train
from engine.runtime.state import EngineSnapshot, Settings, State
from engine.storage.paths import default_runs_folder, new_run_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.protocol.events import RunEvent
    from scenarios.schema import Scenario


class Engine:
    """Trains in a thread of its own; `snapshot` is what it says, `send` what it is told.

    All active runs advance in rounds, a step each, and commands take effect between two rounds. Torch is
    imported by the thread when the first run starts. The thread is no daemon: `close` it.

    Args:
        settings: device, data, threads and folder.
        on_event: gets every event of every run, in the engine's thread.
    """

    def __init__(self, settings: Settings, on_event: "Callable[[RunEvent], None] | None" = None) -> None:
        self._settings = settings
        self._on_event = on_event
        self._folder = settings.runs_dir or default_runs_folder()
        self._state = State()
        self._names: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="engine")

    # -------------------------------------------------------------------- called from anywhere

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def train(self, scenario: "Scenario", seed: int) -> str:
        """Ask for a run; its name is known at once."""
        while (name := new_run_name(scenario.id)) in self._names:
            pass  # many begin in one second
        self._names.add(name)
        self.send(Train(name, scenario, seed))
        return name

    def send(self, command: "RunCommand") -> None:
        """Queue a command; one for a run that has ended, or isn't there, changes nothing."""
        self._state.commands.put(command)

    def snapshot(self) -> EngineSnapshot:
        """The latest published state: a reference, never a wait."""
        return self._state.published

    def close(self) -> None:
        """Stop every run, save it, and wait for the thread to end."""
        self._state.closing = True
        self._state.commands.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def runs_folder(self) -> Path:
        """Where run directories go."""
        return self._folder

    @property
    def alive(self) -> bool:
        """Whether the thread is there; a defect of the engine itself would end it."""
        return self._thread.is_alive()

    @property
    def importing(self) -> bool:
        """Whether torch is being imported: nothing can be stopped then, and nothing needs saving."""
        return self._state.importing

    def _work(self) -> None:
        from engine.runtime.loop import (
            Loop,  # with all that trains and saves; a screen's first frame is there sooner
        )

        Loop(self._settings, self._folder, self._state, self._on_event).run()
