"""How far a run has come: everything that a checkpoint holds of it, except tensors."""

from dataclasses import dataclass, field, fields
from typing import Any, Self, TypedDict

from engine.protocol.events import EpochFinished, from_record, to_record


class Where(TypedDict):
    """The fields of an event that say where the run was; see engine.protocol.events.Event."""

    run: str
    step: int
    epoch: int
    stage: int
    time: float


@dataclass
class Progress:
    """Counters of one run.

    Attributes:
        run: its name.
        epochs_per_stage: how many epochs each stage trains.
        step: the last step taken; 0 before the first.
        epoch: the last epoch begun, over all stages.
        stage: the last stage begun.
        step_of_stage: the last step taken in this stage.
        epoch_of_stage: the last epoch begun in this stage.
        in_epoch: whether the current epoch has begun and not ended.
        time: training time of the run in seconds, without pauses and evaluation.
        epoch_time: training time of the current epoch in seconds.
        lr: the learning rate set by hand, which also applies to later stages; None if it was never set.
        frozen: the layers of the current stage that do not train.
        last_epoch: the last finished epoch.
        best: the best test accuracy so far, from 0 to 1.
    """

    run: str
    epochs_per_stage: int
    step: int = 0
    epoch: int = 0
    stage: int = 0
    step_of_stage: int = 0
    epoch_of_stage: int = 0
    in_epoch: bool = False
    time: float = 0.0
    epoch_time: float = 0.0
    lr: float | None = None
    frozen: frozenset[str] = field(default_factory=frozenset)
    last_epoch: EpochFinished | None = None
    best: float | None = None

    def state(self) -> dict[str, Any]:
        """The counters as plain values for a checkpoint."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        values["frozen"] = sorted(self.frozen)
        values["last_epoch"] = to_record(self.last_epoch) if self.last_epoch else None
        return values

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Self:
        """The progress that returned `state`."""
        last_epoch = from_record(state["last_epoch"]) if state["last_epoch"] else None
        return cls(**{**state, "frozen": frozenset(state["frozen"]), "last_epoch": last_epoch})

    def where(self) -> Where:
        """The fields that say where the run is, for an event."""
        return {
            "run": self.run,
            "step": self.step,
            "epoch": self.epoch,
            "stage": self.stage,
            "time": self.time,
        }

    def take_step(self) -> None:
        """Count one step."""
        self.step += 1
        self.step_of_stage += 1

    def spend(self, seconds: float) -> None:
        """Add training time, in seconds."""
        self.time += seconds
        self.epoch_time += seconds

    def begin_epoch(self) -> None:
        """Count an epoch that begins."""
        self.epoch += 1
        self.epoch_of_stage += 1
        self.in_epoch = True
        self.epoch_time = 0.0

    def begin_stage(self, frozen: frozenset[str]) -> None:
        """Count a stage that begins; `frozen` are the names of the layers that do not train."""
        self.stage += 1
        self.step_of_stage = self.epoch_of_stage = 0
        self.in_epoch = False
        self.frozen = frozen

    def finish_epoch(self, event: EpochFinished) -> None:
        """Keep the results of an epoch for the run's last event."""
        self.last_epoch = event
        self.best = max(self.best or 0.0, event.test_accuracy)

    @property
    def stage_is_over(self) -> bool:
        """Whether the stage has trained all its epochs."""
        return not self.in_epoch and self.epoch_of_stage >= self.epochs_per_stage > 0
