"""A run while it is trained: its trainer, view and directory, and what becomes of a command or a failure."""

import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine.data.idx import DataError
from engine.diagnosis import Diagnosis
from engine.protocol.commands import CannotFreeze, ResumeRun, RunCommand, Stop
from engine.protocol.events import Intervened, Paused, Resumed, RunEvent, RunFinished, StageStarted
from engine.protocol.spec import RunSpec
from engine.protocol.status import Status
from engine.runtime import resume
from engine.runtime.apply_command import apply_command
from engine.runtime.endings import end_notice, failure
from engine.runtime.state import Severity
from engine.storage.checkpoint import Checkpoint, copied
from engine.storage.origin import Origin
from engine.storage.run_directory import RunDirectory, Save
from engine.storage.saver import Saver
from engine.storage.summary import summarise
from engine.tracking.snapshot import RunView, Snapshot

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset
    from engine.measure.inspection import LayerView
    from engine.training.trainer import Trainer
    from scenarios.schema import Scenario

# What a kill may not take back: each is followed by a checkpoint.
_SAVED_AT_ONCE = (StageStarted, Intervened, Paused, Resumed, RunFinished)

Notify = Callable[[str, Severity, str], None]


class LiveRun:
    """One run of the engine, from the command that asked for it to its end.

    Whatever goes wrong in it ends it as failed and touches no other run. `step` may be called in any
    thread; what it has to tell waits until `flush` is called in the engine's.

    Args:
        name: the run's, and its folder's.
        scenario: what it trains.
        seed: of all its randomness.
        folder: its own.
        saver: saves it beside the training.
        on_event: gets every event after it was folded in and written.
        notify: gets (run, severity, text) of what a person should hear of once.
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
        """Whether it wants a step in the next round."""
        return self._trainer is not None and self._trainer.status is Status.RUNNING

    @property
    def trouble(self) -> str:
        """Where it can't be saved, and why; empty while it can."""
        return f"{self._folder}: {self._trouble}" if self._trouble else ""

    def snapshot(self) -> Snapshot:
        """The run at this moment; made anew only after an event."""
        if self._snapshot.sequence != self._view.sequence:
            self._snapshot = self._view.snapshot()
        return self._snapshot

    def begin(self, data: "Dataset", threads: int) -> None:
        """Open the directory and build the network."""
        try:
            self._directory = RunDirectory.create(
                self._folder, self._scenario.resolved(), self._seed, Origin.of(data, threads)
            )
        except FileExistsError as error:
            self._notify(self.name, "warning", f"not saved, {self._folder}: {error.strerror}")
        try:
            self._trainer = self._build(data, threads)
            self._trainer.begin()
        except Exception as error:  # whatever torch has against it (no memory, say) ends this run alone
            self._failure = error
        self.flush()

    def resume(self, command: ResumeRun, data: "Dataset", threads: int) -> None:
        """Take the run from its directory, and go on where it was saved last.

        If that can't be, the run is failed here, and its directory is left as it is.
        """
        try:
            saved = resume.read_saved(self._folder)
        except resume.CannotResume as error:
            self.fail(str(error))
            return
        try:
            for event in saved.events:
                self._view.apply(event)
                self._diagnosis.follow(event)  # what came of it is in the log
            resume.check(saved, command, data, threads)
            trainer = self._build(data, threads)
            if saved.checkpoint is not None:
                trainer.restore(saved.checkpoint.trainer, announce=saved.started is None)
            self._directory = saved.open()
        except Exception as error:  # a checkpoint may fit in no way, and the disk may be gone
            with suppress(OSError):
                saved.lock.release()
            self.fail(f"{self.name} cannot be resumed: {error}")
            return
        for remark in saved.remarks:
            self._notify(self.name, "warning", f"{self.name}: {remark}")
        # An order given now overrules one that is to be repeated.
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
        except Exception as error:  # likewise
            self._failure = error
        self.flush()

    def _build(self, data: "Dataset", threads: int) -> "Trainer":
        from engine.training.trainer import Trainer

        return Trainer(self.name, self._scenario, self._seed, data, self._pending.append, threads=threads)

    def step(self) -> None:
        """One step of training."""
        if self._trainer is not None:
            try:
                self._trainer.step()
            except Exception as error:  # likewise
                self._failure = error

    def apply(self, command: RunCommand) -> None:
        """Carry out a command between two rounds. One that comes too late changes nothing."""
        trainer = self._trainer
        if trainer is None or trainer.status.ended:
            return
        try:
            apply_command(command, trainer)
        except CannotFreeze as error:
            self._notify(self.name, "warning", str(error))
        except Exception as error:  # likewise: a command may evaluate, or build a stage
            self._failure = error
        self.flush()

    def inspect(self, layer: str) -> "LayerView | None":
        """Histograms of a layer, also after the end; None, and a word why, where there is none to look at."""
        trainer = self._trainer
        if trainer is None or trainer.status is Status.FAILED:
            self._notify(self.name, "warning", f"the network of {self._scenario.id} is not in memory")
            return None
        if layer not in trainer.network.layer_names:
            self._notify(self.name, "warning", f"{layer} is not built yet")
            return None
        try:
            return trainer.inspect(layer)
        except Exception as error:  # looking may need memory that isn't there; the run doesn't suffer for it
            self._notify(self.name, "warning", f"{layer} cannot be looked at: {error}")
            return None

    def stop(self) -> None:
        """End it, if it hasn't ended."""
        self.apply(Stop(self.name))

    def finish_saving(self) -> None:
        """Wait until what it had to save was tried."""
        if self._directory is not None:
            self._saver.finish(self._directory)

    def flush(self) -> None:
        """Fold in, write and pass on what happened since the last time; save the run if it is time."""
        try:
            self._publish_pending()
            if self._failure is None:
                self._repeat()
                if not self._view.status.ended and monotonic() >= self._save_at:
                    self._save()
        except Exception as error:  # likewise: saving copies what lies on the device
            self._failure = error
        if (failure := self._failure) is not None:
            self._failure = None
            self._pending.clear()
            said = str(failure) if isinstance(failure, DataError) else f"{type(failure).__name__}: {failure}"
            self.fail(said, "".join(traceback.format_exception(failure)))
        self.notify_trouble()

    def notify_trouble(self) -> None:
        """Say once that the run can't be saved, and once that it can again."""
        trouble = self._directory.trouble if self._directory else ""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        what = "It is tried again" if self._view.status.ended else "Training goes on"
        text = f"not saved, {self._folder}: {trouble}. {what}." if trouble else f"saved again, {self._folder}"
        self._notify(self.name, "warning", text)

    def fail(self, error: str, trace: str | None = None) -> None:
        """End it as failed; `error` is one sentence, `trace` goes into the log only."""
        if self._trainer is not None:
            self._trainer.status = Status.FAILED
        self._publish(failure(self._view.snapshot(), error, trace))

    def _repeat(self) -> None:
        """What was done by hand after the checkpoint is done again, at the same steps."""
        trainer = self._trainer
        while trainer and self._to_repeat and trainer.status is Status.RUNNING:
            if self._to_repeat[0].step > trainer.steps:
                return
            apply_command(resume.again(self._to_repeat.popleft()), trainer)
            self._publish_pending()

    def _publish_pending(self) -> None:
        for event in self._pending:
            verdicts = self._diagnosis.follow(event)
            ends = isinstance(event, RunFinished)  # a run's last word stays the last
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
        """Hand the run as it stands to the saver."""
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
