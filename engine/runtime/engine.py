"""Engine: starts the training thread, sends it commands, and returns its published state."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol.commands import RunCommand, Train
from engine.runtime.state import EngineSnapshot, Settings, State
from vanish_recorder.storage.paths import default_runs_folder, new_run_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.runtime.lockstep import Lockstep
    from engine.tracking.snapshot import RunView
    from scenarios.schema import Scenario
    from vanish_recorder.protocol.events import RunEvent


class Engine:
    """Trains in its own thread. `send` gives it commands, `snapshot` returns its state.

    All active runs advance in rounds of one step each, and commands take effect between two rounds. The
    thread imports torch when the first run starts. It is not a daemon thread, so `close` must be called.

    Args:
        settings: device, data, threads and folder.
        on_event: called with every event of every run, in the engine's thread.
        on_view: called with the name and the state of a run before its first event, and when it is resumed.
            Applying the events that follow to it gives the snapshots of this engine.
        lockstep: with the engines of other processes; None if there are none.
    """

    def __init__(
        self,
        settings: Settings,
        on_event: "Callable[[RunEvent], None] | None" = None,
        on_view: "Callable[[str, RunView], None] | None" = None,
        lockstep: "Lockstep | None" = None,
    ) -> None:
        self._settings = settings
        self._on_event, self._on_view, self._lockstep = on_event, on_view, lockstep
        self._folder = settings.runs_dir or default_runs_folder()
        self._state = State()
        self._names: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="engine")

    # -------------------------------------------------------------------- called from anywhere

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def train(self, scenario: "Scenario", seed: int, seconds: float | None = None) -> str:
        """Start a run, and return its name at once.

        Args:
            scenario: what to train.
            seed: of all its randomness.
            seconds: of training, after which it stops and is saved; None for none.
        """
        while (name := new_run_name(scenario.id)) in self._names:
            pass  # several runs may begin in the same second
        self._names.add(name)
        self.send(Train(name, scenario, seed, seconds))
        return name

    def send(self, command: "RunCommand") -> None:
        """Queue a command. A command for a run that has ended or does not exist changes nothing."""
        self._state.commands.put(command)

    def snapshot(self) -> EngineSnapshot:
        """The latest published state. It is only a reference, so this never waits."""
        return self._state.published

    def close(self) -> None:
        """Stop and save every run, and wait for the thread to end."""
        self._state.closing = True
        self._state.commands.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def runs_folder(self) -> Path:
        """The folder for run directories."""
        return self._folder

    @property
    def alive(self) -> bool:
        """Whether the thread is running. Only an internal error of the engine would end it early."""
        return self._thread.is_alive()

    @property
    def importing(self) -> bool:
        """Whether torch is being imported. This cannot be interrupted, and no run needs to be saved yet."""
        return self._state.importing

    def _work(self) -> None:
        # Imported here because it is slow: it imports all that trains and saves, and the first frame is due.
        from engine.runtime.loop import Loop

        Loop(self._settings, self._folder, self._state, self._on_event, self._on_view, self._lockstep).run()
