"""How far a run has come: everything that a checkpoint holds of it, except tensors."""

from dataclasses import dataclass, field, fields
from typing import Any, Self, TypedDict

from engine.storage.checkpoint import Unfit
from engine.training.restored import has_keys, real, table, whole
from vanish_recorder.protocol.codec import from_record, to_record
from vanish_recorder.protocol.events import EpochFinished

_COUNTS = ("epochs_per_stage", "step", "epoch", "stage", "step_of_stage", "epoch_of_stage")


class Where(TypedDict):
    """The fields of an event that say where the run was; see vanish_recorder.protocol.event.Event."""

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
        budget: after how many seconds of training it stops; None if it has no such budget.
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
    budget: float | None = None

    def state(self) -> dict[str, Any]:
        """The counters as plain values for a checkpoint."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        values["frozen"] = sorted(self.frozen)
        values["last_epoch"] = to_record(self.last_epoch) if self.last_epoch else None
        if self.budget is None:
            del values["budget"]
        return values

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Self:
        """The progress that returned `state`.

        Raises:
            Unfit: `state` is of no progress.
        """
        state = {"budget": None, **table(state, "progress")}
        has_keys(state, {each.name for each in fields(cls)}, "progress")
        counts = {name: whole(state[name], name) for name in _COUNTS}
        frozen, in_epoch, lr, best = (state[name] for name in ("frozen", "in_epoch", "lr", "best"))
        budget = state["budget"]
        if not isinstance(frozen, list) or not all(isinstance(name, str) for name in frozen):
            raise Unfit("its frozen layers are damaged")
        if type(in_epoch) is not bool or (in_epoch and not counts["epoch_of_stage"]):
            raise Unfit("its epoch is damaged")
        if counts["step_of_stage"] > counts["step"] or counts["epoch_of_stage"] > counts["epoch"]:
            raise Unfit("its counters contradict each other")
        return cls(
            run=str(state["run"]),
            epochs_per_stage=counts["epochs_per_stage"],
            step=counts["step"],
            epoch=counts["epoch"],
            stage=counts["stage"],
            step_of_stage=counts["step_of_stage"],
            epoch_of_stage=counts["epoch_of_stage"],
            time=real(state["time"], "time"),
            epoch_time=real(state["epoch_time"], "time"),
            in_epoch=in_epoch,
            lr=None if lr is None else real(lr, "learning rate"),
            frozen=frozenset(frozen),
            last_epoch=_epoch_in(state["last_epoch"]),
            best=None if best is None else real(best, "best accuracy", high=1.0),
            budget=None if budget is None else real(budget, "budget"),
        )

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
    def is_out_of_budget(self) -> bool:
        """Whether it has had its seconds of training."""
        return self.budget is not None and self.time >= self.budget

    @property
    def stage_is_over(self) -> bool:
        """Whether the stage has trained all its epochs."""
        return not self.in_epoch and self.epoch_of_stage >= self.epochs_per_stage > 0


def _epoch_in(record: Any) -> EpochFinished | None:
    """The event in a saved state; None if no epoch has finished."""
    if record is None:
        return None
    try:
        event = from_record(table(record, "last epoch"))
    except (TypeError, ValueError):
        event = None
    if not isinstance(event, EpochFinished):
        raise Unfit("its last epoch is damaged")
    return event
