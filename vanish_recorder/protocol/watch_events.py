"""Events of a run that was recorded from a model which a script of the user's trains.

The numbers of a sample are columns: for each quantity, one value for each block or tensor, in the order of
the latest `structure`. Names are not repeated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from vanish_recorder.protocol.event import Event, Record
from vanish_recorder.protocol.structure import BlockSpec, OptimizerSpec, TensorSpec

# For each quantity, a value for each block or tensor. None: it does not apply there, or was not measured.
Columns = Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStarted(Event):
    """Recording began. This is the first line of a watched run's log.

    Attributes:
        schema: version of the log's format.
        watched: what is recorded, as `run.json` holds it: see vanish_recorder.description.
        device: of the model, as torch names it.
        parameters: how many numbers the model learns.
    """

    event: ClassVar[str] = "watch_started"
    schema: int
    watched: Record
    device: str
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureFound(Event):
    """The model's blocks and tensors. It is written before the first sample, and again if it has changed.

    Attributes:
        blocks: from the input to the output; empty if activations are not measured.
        tensors: in the order of `named_parameters()`.
        optimizers: that have stepped so far.
        left_out: tensors that are not measured, by name, and why.
        without_activations: why the activations and their gradients are not measured; empty if they are.
    """

    event: ClassVar[str] = "structure"
    blocks: tuple[BlockSpec, ...] = ()
    tensors: tuple[TensorSpec, ...] = ()
    optimizers: tuple[OptimizerSpec, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    without_activations: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Event):
    """One measured step: a round of optimizer steps.

    Attributes:
        logged: the latest number under each name that the script logged. `loss` is what the backward pass
            began with, unless the script logged it; `lr` is the first group's, without a change by hand.
        blocks: at each block's output: `delta_norm` ‖dL/dh‖, `activation_mean`, `activation_std`,
            `sample_std`, `dead`; and of the matrices in the block together: `grad_norm`, `update_ratio`,
            `unmoved`, `weight_norm`.
        tensors: `grad_norm` as the optimizer used it, `update_ratio`, `unmoved`, `weight_norm`, `grad_rms`,
            and in fp16 `underflow`.
        states: for each tensor one letter of vanish_recorder.protocol.structure.STATES.
        lr: of each tensor, with a change by hand.
        over_time: of each recurrent block by name, ‖dL/dx_t‖ or ‖dL/dh_t‖ by time step, the first step first.
        scale: the loss scale; None without one.
        skipped: steps that were skipped so far, because a gradient overflowed.
        seconds: that measuring took since the sample before.
        backward_passes: that the step had, if `loss` is only the last one's; else 0.
    """

    event: ClassVar[str] = "measured"
    logged: Mapping[str, float] = field(default_factory=dict)
    blocks: Columns = field(default_factory=dict)
    tensors: Columns = field(default_factory=dict)
    states: str = ""
    lr: tuple[float | None, ...] = ()
    over_time: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    scale: float | None = None
    skipped: int = 0
    seconds: float = 0.0
    backward_passes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned(Event):
    """Samples that were taken out of a long log to keep it small, and what the script logged with them.

    It is in the place of the last of them, and has its step and time.

    Attributes:
        samples: how many were taken out here.
        span: the log has one sample for each so many steps now.
        steps: of those whose logged numbers were kept.
        times: of the same, in training seconds.
        logged: for each name, one number for each of these steps.
    """

    event: ClassVar[str] = "thinned"
    samples: int
    span: int
    steps: tuple[int, ...] = ()
    times: tuple[float, ...] = ()
    logged: Columns = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[int, float, dict[str, float]]]:
        """Step, time and logged numbers of each sample whose numbers were kept."""
        for number, (step, time) in enumerate(zip(self.steps, self.times, strict=True)):
            values = ((name, column[number]) for name, column in self.logged.items())
            yield step, time, {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochLogged(Event):
    """The script ended an epoch, and logged these numbers by name."""

    event: ClassVar[str] = "epoch_logged"
    logged: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramsTaken(Event):
    """Histograms of one block's weights, gradients and activations, as a user asked for in the app.

    Attributes:
        block: its name.
        histograms: by name (`weights`, `gradients`, `activations`): first and last edge, then the counts.
    """

    event: ClassVar[str] = "histograms"
    block: str
    histograms: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDisabled(Event):
    """A part of the recorder failed and was switched off. The training continues.

    Attributes:
        part: what is no longer recorded, in a few words.
        reason: the error in a sentence.
    """

    event: ClassVar[str] = "part_disabled"
    part: str
    reason: str


WatchEvent = WatchStarted | StructureFound | Measured | Thinned | EpochLogged | HistogramsTaken | PartDisabled
WATCH_EVENTS: dict[str, type[WatchEvent]] = {
    kind.event: kind
    for kind in (
        WatchStarted,
        StructureFound,
        Measured,
        Thinned,
        EpochLogged,
        HistogramsTaken,
        PartDisabled,
    )
}
