"""How far a run is: everything about its place that a checkpoint has to hold, but for tensors."""

from dataclasses import dataclass, field, fields
from typing import Any, Self, TypedDict

from engine.protocol.events import EpochFinished, from_record, to_record


class Where(TypedDict):
    """The part of an event that says where the run was."""

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
        epochs_per_stage: the budget of each stage.
        step: of the run, the last one taken; `epoch` and `stage` likewise the last begun.
        step_of_stage: the last one taken; `epoch_of_stage` the last begun.
        in_epoch: whether the present epoch has begun and not ended.
        time: the run's own training seconds; `epoch_time` the present epoch's.
        lr: the learning rate set by hand, which the stages to come take over.
        frozen: the layers of the present stage that don't train.
        last_epoch: the latest finished.
        best: the best test accuracy so far.
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
        """Plain values, which a checkpoint can hold."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        values["frozen"] = sorted(self.frozen)
        values["last_epoch"] = to_record(self.last_epoch) if self.last_epoch else None
        return values

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Self:
        """The progress that `state` was taken of."""
        last_epoch = from_record(state["last_epoch"]) if state["last_epoch"] else None
        return cls(**{**state, "frozen": frozenset(state["frozen"]), "last_epoch": last_epoch})

    def where(self) -> Where:
        """What every event says of its place."""
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
        """Count training time."""
        self.time += seconds
        self.epoch_time += seconds

    def begin_epoch(self) -> None:
        """Count an epoch, from its first image on."""
        self.epoch += 1
        self.epoch_of_stage += 1
        self.in_epoch = True
        self.epoch_time = 0.0

    def begin_stage(self, frozen: frozenset[str]) -> None:
        """Count a stage."""
        self.stage += 1
        self.step_of_stage = self.epoch_of_stage = 0
        self.in_epoch = False
        self.frozen = frozen

    def finish_epoch(self, event: EpochFinished) -> None:
        """Keep what the run's last line will say."""
        self.last_epoch = event
        self.best = max(self.best or 0.0, event.test_accuracy)

    @property
    def stage_is_over(self) -> bool:
        """Whether the stage has had its epochs."""
        return not self.in_epoch and self.epoch_of_stage >= self.epochs_per_stage > 0
