"""Engine: the training thread, its command queue, and the rounds over the active runs."""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine import devices
from engine.data import DataError, find_source, load
from engine.events import Inspect, ResumeRun, RunCommand, RunEvent, Status, Train
from engine.inspection import LayerView
from engine.liverun import LiveRun, Severity, failure
from engine.rounds import Rounds
from engine.runlock import Owner
from engine.runlog import NotARun, default_runs_folder, new_run_name, read_description
from engine.runview import Snapshot
from engine.saver import Saver

if TYPE_CHECKING:
    from engine.data import Dataset
    from scenarios.schema import Scenario

SAVE_SECONDS = 30.0
PUBLISH_SECONDS = 0.05  # a screen polls a few times a second: more often would only cost training


@dataclass(frozen=True, slots=True)
class Settings:
    """What the engine is started with.

    Attributes:
        device: auto, cpu, cuda or cuda:N.
        data: a folder that holds Fashion-MNIST, or None for the first source that is there.
        threads: torch threads of each run. The bits depend on it, so it is part of a run.
        runs_dir: where run directories go; None is the user's state folder.
        side_by_side: how many runs may take their step at the same time, if each has one torch thread.
        save_seconds: how often a run that trains is saved, besides whenever something happens to it.
    """

    device: str = "auto"
    data: Path | None = None
    threads: int = 1
    runs_dir: Path | None = None
    side_by_side: int = 1
    save_seconds: float = SAVE_SECONDS


@dataclass(frozen=True, slots=True)
class Notice:
    """Something rare that a person should hear of once. Numbers count up from 1."""

    number: int
    run: str
    severity: Severity
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
        owners: who trains those of the runs that other processes train; an engine's own snapshot has none.
    """

    sequence: int = 0
    runs: tuple[Snapshot, ...] = ()
    activity: str = ""
    device: str = ""
    data: str = ""
    notices: tuple[Notice, ...] = ()
    inspection: LayerView | None = None
    owners: Mapping[str, Owner] = field(default_factory=dict)


class Engine:
    """Trains in a thread of its own; `snapshot` is what it says, `send` what it is told.

    All active runs advance in rounds, a step each, and commands take effect between two rounds. Torch is
    imported by the thread when the first run starts. The thread is no daemon: `close` it.

    Args:
        settings: device, data, threads and folder.
        on_event: gets every event of every run, in the engine's thread.
    """

    def __init__(self, settings: Settings, on_event: Callable[[RunEvent], None] | None = None) -> None:
        self._settings = settings
        self._on_event = on_event
        self._folder = settings.runs_dir or default_runs_folder()
        self._commands: queue.SimpleQueue[RunCommand | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine")
        self._saver = Saver(settings.save_seconds, on_change=lambda: self._commands.put(None))
        self._published = EngineSnapshot()
        self._closing = False
        self._importing = False
        self._activity = self._device = self._data_title = ""
        self._dataset: Dataset | None = None
        self._runs: dict[str, LiveRun] = {}
        self._notices: list[Notice] = []
        self._inspection: LayerView | None = None
        self._changed = False
        self._published_at = 0.0

    # -------------------------------------------------------------------- called from anywhere

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def train(self, scenario: "Scenario", seed: int) -> str:
        """Ask for a run; its name is known at once."""
        name = new_run_name(scenario.id)
        self.send(Train(name, scenario, seed))
        return name

    def send(self, command: RunCommand) -> None:
        """Queue a command; one for a run that has ended, or isn't there, changes nothing."""
        self._commands.put(command)

    def snapshot(self) -> EngineSnapshot:
        """The latest published state: a reference, never a wait."""
        return self._published

    def close(self) -> None:
        """Stop every run, save it, and wait for the thread to end."""
        self._closing = True
        self._commands.put(None)
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
        return self._importing

    # ------------------------------------------------------------------- in the engine's thread

    def _work(self) -> None:
        settings = self._settings
        rounds = Rounds(settings.side_by_side if settings.threads == 1 else 1, settings.threads)
        self._saver.start()
        while not self._closing:
            idle = not self._active()
            self._publish(at_once=idle)
            self._drain(wait=idle)
            rounds.advance(self._active())
        rounds.close()
        for run in self._runs.values():
            run.stop()
        self._saver.close()
        self._tell_troubles()
        self._publish(at_once=True)

    def _active(self) -> list[LiveRun]:
        return [run for run in self._runs.values() if run.is_running]

    def _drain(self, *, wait: bool) -> None:
        """Carry out the commands that are there; with `wait`, stay until there is one."""
        while not self._closing:
            try:
                command = self._commands.get(block=wait)
            except queue.Empty:
                return
            wait = False
            if command is None:
                self._tell_troubles()
            elif isinstance(command, Train):
                self._begin(command)
            elif isinstance(command, ResumeRun):
                self._resume(command)
            elif (run := self._runs.get(command.run)) is None:
                continue
            elif isinstance(command, Inspect):
                self._inspection = run.inspect(command.layer) or self._inspection
                self._changed = True
            else:
                run.obey(command)
            self._publish(at_once=True)

    def _tell_troubles(self) -> None:
        for run in self._runs.values():
            run.tell_trouble()

    def _begin(self, command: Train) -> None:
        run = self._add(command.run, command.scenario, command.seed)
        self._with_data(run, lambda data: run.begin(data, self._settings.threads))

    def _resume(self, command: ResumeRun) -> None:
        before = self._runs.get(command.run)
        if before is not None:
            if not before.snapshot().status.ended:
                return
            before.finish_saving()
        from scenarios.schema import Scenario

        try:
            what = read_description(self._folder / command.run)
            scenario = Scenario.model_validate(what.scenario)
        except (NotARun, ValueError) as error:
            text = f"{command.run} cannot be resumed: {error}"
            self._notify(command.run, "error", text)
            self._hear(failure(Snapshot(0, command.run, Status.FAILED, {}, 0), text))
            return
        run = self._add(command.run, scenario, what.seed)
        self._with_data(run, lambda data: run.resume(command, data, self._settings.threads))

    def _add(self, name: str, scenario: "Scenario", seed: int) -> LiveRun:
        run = LiveRun(name, scenario, seed, self._folder / name, self._saver, self._hear, self._notify)
        self._runs[name] = run
        return run

    def _with_data(self, run: LiveRun, begin: Callable[["Dataset"], None]) -> None:
        """Let a run begin, once torch and the data are there."""
        try:
            data = self._prepare()
        except (DataError, devices.DeviceError) as error:
            run.fail(str(error))
        except Exception as error:  # a broken installation of torch fails the run, not the app
            run.fail(f"{type(error).__name__}: {error}")
        else:
            begin(data)
        finally:
            self._tell("")

    def _prepare(self) -> "Dataset":
        """Torch, the device and the data, once."""
        if self._dataset is None:
            self._importing = True
            self._tell("loading PyTorch")
            try:
                devices.preload_torch()
            finally:
                self._importing = False
            import torch

            torch.set_num_threads(self._settings.threads)
            device = devices.resolve(self._settings.device)
            self._device = str(device)
            source = find_source(self._settings.data)
            self._tell("reading Fashion-MNIST")
            self._dataset = load(source, device)
            self._data_title = source.title
        return self._dataset

    def _hear(self, event: RunEvent) -> None:
        self._changed = True
        if self._on_event is not None:
            self._on_event(event)

    def _notify(self, run: str, severity: Severity, text: str) -> None:
        self._notices.append(Notice(len(self._notices) + 1, run, severity, text))
        self._changed = True

    def _tell(self, activity: str) -> None:
        self._activity, self._changed = activity, True
        self._publish(at_once=True)

    def _publish(self, *, at_once: bool) -> None:
        now = monotonic()
        if not self._changed or not (at_once or now - self._published_at >= PUBLISH_SECONDS):
            return
        self._changed, self._published_at = False, now
        self._published = EngineSnapshot(
            sequence=self._published.sequence + 1,
            runs=tuple(run.snapshot() for run in self._runs.values()),
            activity=self._activity,
            device=self._device,
            data=self._data_title,
            notices=tuple(self._notices),
            inspection=self._inspection,
        )
