"""The engine's thread: it carries out commands, and trains the active runs in rounds."""

import queue
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine import devices
from engine.data.fashion_mnist import DataError, find_source, load
from engine.protocol.commands import Forget, Inspect, ResumeRun, Train
from engine.protocol.spec import RunSpec
from engine.runtime import threads
from engine.runtime.endings import not_begun, reason_of
from engine.runtime.lockstep import Alone, Lockstep
from engine.runtime.rounds import Rounds
from engine.runtime.state import EngineSnapshot, Notice, Settings, State
from engine.storage.run_log import read_description
from engine.storage.saver import Saver
from engine.tracking.snapshot import RunView
from engine.training.awake import AWAKE
from vanish_recorder.protocol.failures import is_about_memory

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset
    from engine.measure.inspection import LayerView
    from engine.runtime.live_run import LiveRun
    from engine.runtime.state import Severity
    from scenarios.schema import Scenario
    from vanish_recorder.protocol.events import RunEvent

_GLANCE = 0.001  # seconds, less than a step takes
PUBLISH_SECONDS = 0.05  # a screen polls a few times per second, so more would only slow down training


class Loop:
    """Trains all active runs in rounds of one step each. Commands take effect between two rounds.

    Args:
        settings: device, data and threads.
        folder: for run directories.
        state: holds the commands and the published state.
        on_event: called with every event of every run.
        on_view: called with the name and the state of a run before its first event, and when it is resumed.
        lockstep: with the engines of other processes.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        state: State,
        on_event: "Callable[[RunEvent], None] | None",
        on_view: "Callable[[str, RunView], None] | None" = None,
        lockstep: Lockstep | None = None,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._state = state
        self._on_event, self._on_view = on_event, on_view
        self._lockstep = lockstep or Alone()
        self._saver = Saver(settings.save_seconds, on_change=lambda: state.commands.put(None))
        self._activity = self._device = self._data_title = ""
        self._dataset: Dataset | None = None
        self._rounds = Rounds()
        self._runs: dict[str, LiveRun] = {}
        self._notices: list[Notice] = []
        self._inspection: LayerView | None = None
        self._changed = False
        self._published_at = 0.0

    def run(self) -> None:
        """Train until the engine is closed."""
        try:
            self._saver.start()
            with AWAKE.ticking():
                self._train()
            for run in self._runs.values():
                run.stop()
        except Exception as error:  # an internal error: the errors of a run are handled in LiveRun
            what = (
                "Training has stopped" if is_about_memory(error) else "Internal error, training has stopped"
            )
            text = f"{what}: {reason_of(error)}. "
            text += "Runs are safe up to their last save: quit with q, restart, resume them."
            self._notify("", "error", text)
            self._publish(at_once=True)
            if not is_about_memory(error):
                raise
        finally:  # these threads are not daemons and would keep the process alive
            self._rounds.close()
            self._saver.close()
        self._notify_troubles()
        self._publish(at_once=True)

    def _train(self) -> None:
        while not self._state.closing:
            idle = not self._active()
            if idle:
                self._lockstep.rest()
            is_ahead = not idle and self._lockstep.is_ahead()
            self._publish(at_once=idle)
            self._drain(None if idle else _GLANCE if is_ahead else 0.0)
            if not (idle or is_ahead) and (active := self._active()):
                self._rounds.advance(active)
                self._lockstep.advance()

    def _active(self) -> "list[LiveRun]":
        return [run for run in self._runs.values() if run.is_running]

    def _drain(self, seconds: float | None) -> None:
        """Carry out the queued commands; wait so long for the first one, with None for ever."""
        while not self._state.closing:
            try:
                command = self._state.commands.get(block=seconds != 0, timeout=seconds)
            except queue.Empty:
                return
            seconds = 0
            if command is None:
                self._notify_troubles()
            elif isinstance(command, Train):
                self._begin(command)
            elif isinstance(command, ResumeRun):
                self._resume(command)
            elif isinstance(command, Forget):
                self._forget(command)
            elif (run := self._runs.get(command.run)) is None:
                if isinstance(command, Inspect):  # a screen waits for the answer
                    text = "its network is not in memory: resume the run to look at its layers"
                    self._notify(command.run, "warning", text)
            elif isinstance(command, Inspect):
                self._inspection = run.inspect(command.layer) or self._inspection
                self._changed = True
            else:
                run.apply(command)
            self._publish(at_once=True)

    def _notify_troubles(self) -> None:
        for run in self._runs.values():
            run.notify_trouble()

    def _begin(self, command: Train) -> None:
        run = self._add(command.run, command.scenario, command.seed)
        self._with_data(run, lambda data: run.begin(data, self._settings.threads, command.seconds))

    def _resume(self, command: ResumeRun) -> None:
        before = self._runs.get(command.run)
        if before is not None:
            if not before.snapshot().status.ended:
                return
            before.finish_saving()
        try:
            what = read_description(self._folder / command.run)
            scenario = what.spec.scenario()
            run = self._add(command.run, scenario, what.seed or 0)
        except Exception as error:  # whatever is in the folder must fail this run, not the engine
            text = f"{command.run} cannot be resumed: {reason_of(error)}"
            self._notify(command.run, "error", text)
            self._on_run_event(not_begun(command.run, text))
            return

        def on_view(view: RunView) -> None:
            if self._on_view is not None:
                self._on_view(command.run, view)

        self._with_data(run, lambda data: run.resume(command, data, self._settings.threads, on_view))

    def _forget(self, command: Forget) -> None:
        run = self._runs.get(command.run)
        if run is None or not run.snapshot().status.ended:
            return
        run.finish_saving()
        run.notify_trouble()
        if not run.trouble:
            del self._runs[command.run]
            self._changed = True
            self._publish(at_once=True)
        command.answer(run.trouble)

    def _add(self, name: str, scenario: "Scenario", seed: int) -> "LiveRun":
        from engine.runtime.live_run import LiveRun  # slow to import, so only when the first run begins

        run = LiveRun(
            name, scenario, seed, self._folder / name, self._saver, self._on_run_event, self._notify
        )
        if self._on_view is not None:
            self._on_view(name, RunView(name, RunSpec.of(scenario.resolved()), seed))
        self._runs[name] = run
        return run

    def _with_data(self, run: "LiveRun", begin: Callable[["Dataset"], None]) -> None:
        """Load torch and the data, if they are not loaded yet, and begin a run."""
        try:
            data = self._prepare()
        except (DataError, devices.DeviceError) as error:
            run.fail(str(error))
        except Exception as error:  # a broken installation of torch must fail the run, not the app
            run.fail(f"{type(error).__name__}: {error}")
        else:
            begin(data)
        finally:
            self._set_activity("")

    def _prepare(self) -> "Dataset":
        """Load torch, the device and the data. Only the first call does anything."""
        if self._dataset is None:
            self._state.importing = True
            self._set_activity("loading PyTorch")
            try:
                devices.preload_torch()
            finally:
                self._state.importing = False
            import torch

            torch.set_num_threads(self._settings.threads)
            device = devices.resolve(self._settings.device)
            self._device = str(device)
            source = self._settings.source or find_source(self._settings.data)
            self._set_activity("reading Fashion-MNIST")
            dataset = load(source, device)
            if self._settings.choose_threads:
                self._set_activity("trying numbers of threads")
                fastest = threads.measure(self._settings.threads, dataset)
                self._settings = replace(self._settings, threads=fastest, choose_threads=False)
            self._rounds = Rounds(self._settings.side_by_side if self._settings.threads == 1 else 1)
            self._dataset, self._data_title = dataset, dataset.title
        return self._dataset

    def _on_run_event(self, event: "RunEvent") -> None:
        self._changed = True
        if self._on_event is not None:
            self._on_event(event)

    def _notify(self, run: str, severity: "Severity", text: str) -> None:
        self._notices.append(Notice(len(self._notices) + 1, run, severity, text))
        self._changed = True

    def _set_activity(self, activity: str) -> None:
        self._activity, self._changed = activity, True
        self._publish(at_once=True)

    def _publish(self, *, at_once: bool) -> None:
        now = monotonic()
        if not self._changed or not (at_once or now - self._published_at >= PUBLISH_SECONDS):
            return
        self._changed, self._published_at = False, now
        self._state.published = EngineSnapshot(
            sequence=self._state.published.sequence + 1,
            runs=tuple(run.snapshot() for run in self._runs.values()),
            activity=self._activity,
            device=self._device,
            data=self._data_title,
            notices=tuple(self._notices),
            inspection=self._inspection,
            unsaved={name: run.trouble for name, run in self._runs.items() if run.trouble},
        )
