"""Events of a run: plain frozen dataclasses, named in the past tense.

An event is one line of a run's log and of `run --json`; vanish_recorder.protocol.codec converts between the
dataclass and that line.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from vanish_recorder.protocol.event import Event, Record
from vanish_recorder.protocol.quantities import LayerQuantities
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import (
    EpochLogged,
    HistogramsTaken,
    Measured,
    PartDisabled,
    StructureFound,
    Thinned,
    WatchStarted,
)

OUT_OF_BUDGET = "budget"  # why a run was stopped that has had its seconds of training
RESTARTED = "the script was started again"  # why a watched run is resumed with a second process

InterventionKind = Literal["lr", "freeze", "unfreeze", "next_stage", "epochs", "lr_factor", "every"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSample(LayerQuantities):
    """What was measured at one layer in one step: its name, the table's quantities, and whether it is frozen.

    The order of the fields is the order of the keys in the log.

    Attributes:
        frozen: whether the layer does not train.
        always_zero: in a ReLU layer, the fraction of units that were 0 for every image of the latest samples
            together; None, and left out of the log, before there are enough of them.
    """

    frozen: bool = False
    always_zero: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The run began: everything that decides its numbers. This is the first line of a log.

    Attributes:
        schema: version of the log's format.
        scenario: all settings, as JSON.
        seed: of all randomness.
        device: as torch names it.
        threads: torch threads.
        data: `name` and `source` of the data set, and its number of `train` and `test` images.
        versions: of python and torch.
        parameters: number of weights, biases and other learnt values.
        steps_per_epoch: batches in an epoch.
        stages: number of stages.
        budget_seconds: after how many seconds of training it stops; None, and left out of the log, if it has
            no such budget.
    """

    event: ClassVar[str] = "run_started"
    schema: int
    scenario: Record
    seed: int
    device: str
    threads: int
    data: Record
    versions: dict[str, str]
    parameters: int
    steps_per_epoch: int
    stages: int
    budget_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStarted(Event):
    """A stage began. Its layers are listed by name."""

    event: ClassVar[str] = "stage_started"
    trainable: tuple[str, ...]
    frozen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Event):
    """One measured step. `loss` and `accuracy` (0 to 1) are those of the batch before the update.

    Attributes:
        scale: of the loss in this step; None, and left out of the log, without a loss scale.
        skipped: steps of the stage that were skipped so far, because a gradient overflowed; None, and left
            out of the log, without a loss scale.
    """

    event: ClassVar[str] = "sample"
    loss: float
    accuracy: float
    lr: float
    layers: tuple[LayerSample, ...]
    scale: float | None = None
    skipped: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFinished(Event):
    """An epoch ended.

    Attributes:
        train_loss: average over the epoch's batches, each before its update.
        train_accuracy: average over the epoch's batches, from 0 to 1.
        test_loss: over the whole test set, after the epoch.
        test_accuracy: over the whole test set, from 0 to 1.
        seconds: training time of the epoch.
        evaluation_seconds: time of the evaluation on the test set.
    """

    event: ClassVar[str] = "epoch_finished"
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float
    evaluation_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervened(Event):
    """The user changed the run by hand. From here on it no longer matches its scenario.

    Attributes:
        kind: what was changed.
        layer: the layer or block that was frozen or unfrozen.
        value: the new learning rate or number of epochs; of a watched run the new factor on what its script
            sets, or the new number of steps from one sample to the next.
    """

    event: ClassVar[str] = "intervention"
    kind: InterventionKind
    layer: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """The run was paused."""

    event: ClassVar[str] = "paused"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The run continues, after a pause or from its directory."""

    event: ClassVar[str] = "resumed"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChanged(Event):
    """A verdict began or ended.

    Attributes:
        state: whether it began or ended.
        kind: see vanish_recorder.protocol.verdicts.
        layer: the layer it is about; None for the whole network.
        since_step: the first step at which it was true.
        evidence: the numbers that it is based on, by name.
        text: the sentence for the user.
        suggestions: ids of scenarios to try; none in a watched run.
        cure: of a watched run, what helps in networks of that kind, in a sentence; "" is left out of the log.
        page: of a watched run, the id of the theory page about it; "" is left out of the log.
    """

    event: ClassVar[str] = "verdict"
    state: Literal["began", "ended"]
    kind: str
    layer: str | None
    since_step: int
    evidence: dict[str, float | None]
    text: str
    suggestions: tuple[str, ...]
    cure: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run ended. This is the last line of a log.

    Attributes:
        status: how it ended.
        epochs: how many were begun.
        steps: how many were taken.
        test_loss: of the last finished epoch.
        test_accuracy: of the last finished epoch, from 0 to 1.
        best_test_accuracy: of any epoch, from 0 to 1.
        seconds: training time.
        weights_sha256: see engine.training.evaluation.weights_sha256.
        first_bad_step: of a diverged run, the first step whose loss is not finite.
        nonfinite: of a diverged run, the names of the layers whose output is not finite.
        error: of a failed run, the reason in one sentence.
        traceback: of a failed run, if there is one.
        reason: `budget` if the run was stopped because its seconds of training were over.
    """

    event: ClassVar[str] = "run_finished"
    status: Status
    epochs: int
    steps: int
    test_loss: float | None
    test_accuracy: float | None
    best_test_accuracy: float | None
    seconds: float
    weights_sha256: str | None
    first_bad_step: int | None = None
    nonfinite: tuple[str, ...] | None = None
    error: str | None = None
    traceback: str | None = None
    reason: str | None = None


RunEvent = (
    RunStarted
    | StageStarted
    | Sample
    | EpochFinished
    | Intervened
    | Paused
    | Resumed
    | VerdictChanged
    | RunFinished
    | WatchStarted
    | StructureFound
    | Measured
    | Thinned
    | EpochLogged
    | HistogramsTaken
    | PartDisabled
)
