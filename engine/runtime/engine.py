"""Engine: the training thread as others see it, from its settings to its published state."""

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol.commands import RunCommand, Train
from engine.storage.paths import default_runs_folder, new_run_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.measure.inspection import LayerView
    from engine.protocol.events import RunEvent
    from engine.runtime.live_run import Severity
    from engine.storage.run_lock import Owner
    from engine.tracking.snapshot import Snapshot
    from scenarios.schema import Scenario

SAVE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the engine is started with.

    Attributes:
        device: auto, cpu, cuda or cuda:N.
        data: a folder that holds Fashion-MNIST, or None for the first source that is there.
        threads: torch threads of each run. The bits depend on it, so it is part of a run.
        choose_threads: take of the numbers up to `threads` the one that trains fastest here.
        runs_dir: where run directories go; None is the user's state folder.
        side_by_side: how many runs may take their step at the same time, if each has one torch thread.
        save_seconds: how often a run that trains is saved, besides whenever something happens to it.
    """

    device: str = "auto"
    data: Path | None = None
    threads: int = 1
    choose_threads: bool = False
    runs_dir: Path | None = None
    side_by_side: int = 1
    save_seconds: float = SAVE_SECONDS


@dataclass(frozen=True, slots=True)
class Notice:
    """Something rare that a person should hear of once. Numbers count up from 1."""

    number: int
    run: str
    severity: "Severity"
    text: str


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """The engine at one moment.

    Attributes:
        sequence: grows with every published change.
        runs: in the order of their starting.
        activity: what everybody waits for ("loading PyTorch"), or nothing.
        device: empty until known.
        data: the source's title, empty until known.
        notices: all so far.
        inspection: the latest answer to an Inspect; no part of any run.
        unsaved: what keeps runs from being saved now, and where; by the run.
        owners: who trains those of the runs that other processes train; an engine's own snapshot has none.
    """

    sequence: int = 0
    runs: "tuple[Snapshot, ...]" = ()
    activity: str = ""
    device: str = ""
    data: str = ""
    notices: tuple[Notice, ...] = ()
    inspection: "LayerView | None" = None
    unsaved: Mapping[str, str] = field(default_factory=dict)
    owners: "Mapping[str, Owner]" = field(default_factory=dict)


class Desk:
    """Where the engine's thread and all others leave things for each other.

    Attributes:
        commands: for the engine; None only wakes it.
        published: its latest state, which is replaced and never changed.
        importing: whether it is importing torch.
        closing: whether it is to end.
    """

    def __init__(self) -> None:
        self.commands: queue.SimpleQueue[RunCommand | None] = queue.SimpleQueue()
        self.published = EngineSnapshot()
        self.importing = False
        self.closing = False


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
        self._desk = Desk()
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
        self._desk.commands.put(command)

    def snapshot(self) -> EngineSnapshot:
        """The latest published state: a reference, never a wait."""
        return self._desk.published

    def close(self) -> None:
        """Stop every run, save it, and wait for the thread to end."""
        self._desk.closing = True
        self._desk.commands.put(None)
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
        return self._desk.importing

    def _work(self) -> None:
        from engine.runtime.loop import (
            Loop,  # with all that trains and saves; a screen's first frame is there sooner
        )

        Loop(self._settings, self._folder, self._desk, self._on_event).run()
