"""A run while it trains: its trainer, its state and its directory; how commands and errors are handled."""

import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine.diagnosis import Diagnosis
from engine.protocol.commands import CannotFreeze, ResumeRun, RunCommand, Stop
from engine.protocol.spec import RunSpec
from engine.runtime import resume
from engine.runtime.apply_command import apply_command
from engine.runtime.endings import end_notice, failure, reason_of
from engine.runtime.saved import CannotResume, Saved, read_saved
from engine.runtime.state import Severity
from engine.storage.checkpoint import Checkpoint, copied
from engine.storage.origin import Origin
from engine.storage.run_directory import RunDirectory, Save
from engine.storage.saver import Saver
from engine.storage.summary import summarise
from engine.tracking.snapshot import RunView, Snapshot
from vanish_recorder.protocol.events import Intervened, Paused, Resumed, RunEvent, RunFinished, StageStarted
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset
    from engine.measure.inspection import LayerView
    from engine.training.trainer import Trainer
    from scenarios.schema import Scenario

# Events that must survive if the process is killed: a checkpoint is saved after each of them.
_SAVED_AT_ONCE = (StageStarted, Intervened, Paused, Resumed, RunFinished)

Notify = Callable[[str, Severity, str], None]


class LiveRun:
    """One run of the engine, from the command that starts it to its end.

    An error in a run ends only this run, as failed. `step` may be called in any thread; its events wait until
    `flush` is called in the engine's thread.

    Args:
        name: of the run and of its folder.
        scenario: what it trains.
        seed: of all its randomness.
        folder: of the run.
        saver: saves it in another thread.
        on_event: called with every event after it was applied and written.
        notify: called with (run, severity, text) for a message that the user should see once.
    """

    def __init__(
        self,
        name: str,
        scenario: "Scenario",
        seed: int,
        folder: Path,
        saver: Saver,
        on_event: Callable[[RunEvent], None],
        notify: Notify,
    ) -> None:
        self.name, self._scenario, self._seed = name, scenario, seed
        self._folder, self._saver = folder, saver
        self._on_event, self._notify = on_event, notify
        spec = RunSpec.of(scenario.resolved())
        self._view, self._diagnosis = RunView(name, spec, seed), Diagnosis(spec)
        self._directory: RunDirectory | None = None
        self._trouble = ""
        self._save_at = 0.0
        self._trainer: Trainer | None = None
        self._to_repeat: deque[Intervened] = deque()
        self._pending: list[RunEvent] = []
        self._failure: Exception | None = None
        self._snapshot = self._view.snapshot()

    @property
    def is_running(self) -> bool:
        """Whether it takes part in the next round."""
        return self._trainer is not None and self._trainer.status is Status.RUNNING

    @property
    def trouble(self) -> str:
        """Where and why it cannot be saved; empty if it can."""
        return f"{self._folder}: {self._trouble}" if self._trouble else ""

    def snapshot(self) -> Snapshot:
        """The run at this moment. It is created again only after an event."""
        if self._snapshot.sequence != self._view.sequence:
            self._snapshot = self._view.snapshot()
        return self._snapshot

    def begin(self, data: "Dataset", threads: int, budget: float | None = None) -> None:
        """Open the directory, build the network and begin; `budget` is in seconds of training."""
        try:
            self._directory = RunDirectory.create(
                self._folder, self._scenario.resolved(), self._seed, Origin.of(data, threads)
            )
        except FileExistsError as error:
            self._trouble = str(error.strerror)
            self._notify(self.name, "warning", f"not saved, {self.trouble}")
        try:
            self._trainer = self._build(data, threads, budget)
            self._trainer.begin()
        except Exception as error:  # an error in torch, such as too little memory, must end only this run
            self._failure = error
        self.flush()

    def resume(
        self, command: ResumeRun, data: "Dataset", threads: int, on_view: Callable[[RunView], None]
    ) -> None:
        """Continue the run from its directory, from where it was last saved.

        If this is not possible, the run fails here, and its directory is not changed.

        Args:
            command: says how to resume.
            data: on the device to train on.
            threads: torch threads.
            on_view: called with the state of the run before its next event.
        """
        try:
            saved = read_saved(self._folder)
        except CannotResume as error:
            self.fail(str(error))
            return
        try:
            view, diagnosis = self._replayed(saved)
            resume.check(saved, command, data, threads)
            trainer = self._build(data, threads)
            resume.restore(trainer, saved, view.snapshot())
            self._directory = saved.open()
        except Exception as error:  # the log may be damaged, or the disk may be gone
            with suppress(OSError):
                saved.lock.release()
            self.fail(f"{self.name} cannot be resumed: {reason_of(error)}")
            return
        self._view, self._diagnosis = view, diagnosis
        on_view(view)
        for remark in saved.remarks:
            self._notify(self.name, "warning", f"{self.name}: {remark}")
        # A number of epochs given now replaces one that would be repeated.
        overruled = "epochs" if command.epochs is not None else ""
        self._to_repeat = deque(event for event in saved.to_repeat if event.kind != overruled)
        self._trainer = trainer
        try:
            if saved.checkpoint is None:
                trainer.begin()
            else:
                trainer.resume("after a crash" if saved.crashed else "by hand")
            if command.epochs is not None:
                trainer.set_epochs(command.epochs)
        except Exception as error:  # as in begin
            self._failure = error
        self.flush()

    def _replayed(self, saved: Saved) -> tuple[RunView, Diagnosis]:
        """The view and the diagnosis at the checkpoint; they are shown only if the run can be resumed."""
        spec = RunSpec.of(self._scenario.resolved())
        view, diagnosis = RunView(self.name, spec, self._seed), Diagnosis(spec)
        for event in saved.events():
            view.apply(event)
            diagnosis.follow(event)  # its verdicts are in the log already
        return view, diagnosis

    def _build(self, data: "Dataset", threads: int, budget: float | None = None) -> "Trainer":
        from engine.training.trainer import Trainer

        emit = self._pending.append
        return Trainer(self.name, self._scenario, self._seed, data, emit, threads=threads, budget=budget)

    def step(self) -> None:
        """Take one training step. Its events wait for `flush`."""
        if self._trainer is not None:
            try:
                self._trainer.step()
            except Exception as error:  # as in begin
                self._failure = error

    def apply(self, command: RunCommand) -> None:
        """Carry out a command between two rounds. A command after the end of the run changes nothing."""
        trainer = self._trainer
        if trainer is None or trainer.status.ended:
            return
        try:
            apply_command(command, trainer)
        except CannotFreeze as error:
            self._notify(self.name, "warning", str(error))
        except Exception as error:  # as in begin: a command may evaluate, or build a stage
            self._failure = error
        self.flush()

    def inspect(self, layer: str) -> "LayerView | None":
        """Histograms of a layer, also after the end of the run. None, with a notice, if there are none."""
        trainer = self._trainer
        if trainer is None or trainer.status is Status.FAILED:
            self._notify(self.name, "warning", f"the network of {self._scenario.id} is not in memory")
            return None
        if layer not in trainer.network.layer_names:
            self._notify(self.name, "warning", f"{layer} is not built yet")
            return None
        try:
            return trainer.inspect(layer)
        except Exception as error:  # there may be too little memory to inspect; the run must still continue
            self._notify(self.name, "warning", f"{layer} cannot be inspected: {error}")
            return None

    def stop(self) -> None:
        """End the run, if it has not ended."""
        self.apply(Stop(self.name))

    def finish_saving(self) -> None:
        """Wait until the saver has tried to save everything of this run."""
        if self._directory is not None:
            self._saver.finish(self._directory)

    def flush(self) -> None:
        """Apply, write and report the events since the last call, and save the run if it is time."""
        try:
            self._publish_pending()
            if self._failure is None:
                self._repeat()
                if not self._view.status.ended and monotonic() >= self._save_at:
                    self._save()
        except Exception as error:  # as in begin: saving copies tensors from the device
            self._failure = error
        if (cause := self._failure) is not None:
            self._failure = None
            self._pending.clear()
            self.fail(reason_of(cause), "".join(traceback.format_exception(cause)))
        self.notify_trouble()

    def notify_trouble(self) -> None:
        """Notify once that the run cannot be saved, and once that it can be saved again."""
        if self._directory is None or (trouble := self._directory.trouble) == self._trouble:
            return
        self._trouble = trouble
        what = "Saving is tried again" if self._view.status.ended else "Training continues"
        text = f"not saved, {self._folder}: {trouble}. {what}." if trouble else f"saved again, {self._folder}"
        self._notify(self.name, "warning", text)

    def fail(self, error: str, trace: str | None = None) -> None:
        """End the run as failed.

        Args:
            error: the reason in one sentence.
            trace: the traceback, for the log only.
        """
        if self._trainer is not None:
            self._trainer.status = Status.FAILED
        self._publish(failure(self._view.snapshot(), error, trace))

    def _repeat(self) -> None:
        """Repeat what was done by hand after the checkpoint, at the same steps."""
        trainer = self._trainer
        while trainer and self._to_repeat and trainer.status is Status.RUNNING:
            if self._to_repeat[0].step > trainer.steps:
                return
            apply_command(resume.again(self._to_repeat.popleft()), trainer)
            self._publish_pending()

    def _publish_pending(self) -> None:
        for event in self._pending:
            verdicts = self._diagnosis.follow(event)
            ends = isinstance(event, RunFinished)  # it must stay the last event, so verdicts come first
            for each in (*verdicts, event) if ends else (event, *verdicts):
                self._publish(each)
        self._pending.clear()

    def _publish(self, event: RunEvent) -> None:
        self._view.apply(event)
        if self._directory is not None:
            self._directory.write(event)
        if isinstance(event, _SAVED_AT_ONCE):
            self._save_at = 0.0
        self._on_event(event)
        if isinstance(event, RunFinished):
            self._save(last=True)
            self._notify(self.name, *end_notice(self._scenario.id, event))

    def _save(self, *, last: bool = False) -> None:
        """Give the current state of the run to the saver."""
        if self._directory is None:
            return
        size, trainer = self._directory.log_bytes, self._trainer
        checkpoint = None
        if trainer is not None and trainer.status is not Status.FAILED:
            checkpoint = Checkpoint(
                run=self.name,
                step=trainer.steps,
                status=trainer.status,
                log_bytes=size,
                trainer=copied(trainer.state()),
            )
        summary = summarise(self._view.snapshot(), size)
        self._saver.submit(self._directory, Save(checkpoint=checkpoint, summary=summary, last=last))
        self._save_at = monotonic() + self._saver.seconds
