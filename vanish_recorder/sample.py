"""One measured round: what was read on the device, and the event that becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from vanish_recorder.measure.change import Change, together
from vanish_recorder.measure.readout import Readout
from vanish_recorder.measure.weights import WeightProbe
from vanish_recorder.model.tensors import Tensors
from vanish_recorder.protocol.structure import BlockSpec, TensorState

Values = dict[str, tuple[float | None, ...]]
_OF_TENSORS = ("grad_norm", "update_ratio", "unmoved", "weight_norm", "grad_rms", "underflow")
_OF_BLOCKS = (
    "delta_norm",
    "activation_mean",
    "activation_std",
    "sample_std",
    "dead",
    "grad_norm",
    "update_ratio",
    "unmoved",
    "weight_norm",
)


@dataclass
class Sample:
    """What is known of a round that is measured.

    Attributes:
        step: of the run.
        readout: for all its numbers.
        weights: of the parameters that optimizers step.
        lr: of each stepped parameter by identity: a number, or the part of the readout that holds it.
        stepped: identities of the parameters that an optimizer stepped.
        without_gradient: of those, the ones that have no gradient.
        skipped: identities of the parameters whose step was skipped.
        frozen: of those in blocks that the user has frozen.
        overflow: for each optimizer with a loss scale, its parameters and the part that is 1 if it skipped.
    """

    step: int
    readout: Readout = field(default_factory=Readout)
    weights: WeightProbe = field(init=False)
    lr: dict[int, "float | Later"] = field(default_factory=dict)
    stepped: set[int] = field(default_factory=set)
    without_gradient: set[int] = field(default_factory=set)
    skipped: set[int] = field(default_factory=set)
    frozen: set[int] = field(default_factory=set)
    overflow: list[tuple[set[int], "Later"]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.weights = WeightProbe(self.readout)

    def later(self, value: Tensor) -> "Later":
        """A number that is copied with all the others."""
        return Later(self.readout, self.readout.put(value.reshape(-1)[:1]))


@dataclass(frozen=True, slots=True)
class Later:
    """A number that is known after the readout was fetched."""

    readout: Readout
    part: int

    def __float__(self) -> float:
        return self.readout.numbers(self.part)[0]


@dataclass
class TensorColumns:
    """The columns of a sample about the tensors.

    Attributes:
        columns: by quantity, one value for each tensor.
        states: one letter for each tensor.
        lr: of each tensor.
        left_out: the tensors that cannot be measured, and why.
    """

    columns: Values
    states: str
    lr: tuple[float | None, ...]
    left_out: dict[str, str]


def tensor_columns(
    sample: Sample, tensors: Tensors, optimized: set[int], reason: Callable[[BaseException], str]
) -> tuple[TensorColumns, dict[int, Change]]:
    """The columns about the tensors, after the readout was fetched.

    Args:
        sample: of the round.
        tensors: the model's parameters now.
        optimized: identities of the parameters that belong to an optimizer.
        reason: an exception in words.
    """
    changes = sample.weights.changes()
    skipped = set(sample.skipped)
    for members, found in sample.overflow:
        if float(found):
            skipped |= members
    states: list[TensorState] = []
    left_out: dict[str, str] = {}
    rows: list[Change | None] = []
    for parameter, spec in zip(tensors.parameters, tensors.specs, strict=True):
        identity = id(parameter)
        why = tensors.cannot_be_measured(parameter)
        if not why and identity in sample.weights.failed:
            why = reason(sample.weights.failed[identity])
        if why:
            left_out[spec.name] = why
        state = _state(identity, parameter, sample, optimized, skipped, cannot=bool(why))
        states.append(state)
        rows.append(changes.get(identity) if state in "sk" else None)
    columns: Values = {}
    for name in _OF_TENSORS:
        column = tuple(
            None
            if row is None or (state == "k" and name != "weight_norm")
            else _finite_or_not(getattr(row, name))
            for row, state in zip(rows, states, strict=True)
        )
        if any(value is not None for value in column):
            columns[name] = column
    lr = tuple(
        float(sample.lr[id(parameter)]) if id(parameter) in sample.lr else None
        for parameter in tensors.parameters
    )
    measured = {
        number: row
        for number, (row, state) in enumerate(zip(rows, states, strict=True))
        if row is not None and state == "s"
    }
    return TensorColumns(columns, "".join(states), lr, left_out), measured


def _state(
    identity: int, parameter: Tensor, sample: Sample, optimized: set[int], skipped: set[int], *, cannot: bool
) -> TensorState:
    if not parameter.requires_grad:
        return "x" if cannot and not parameter.is_floating_point() else "f"
    if cannot:
        return "x"
    if identity in sample.frozen:
        return "f"
    if identity in skipped:
        return "k"
    if identity in sample.without_gradient:
        return "u"
    if identity in sample.stepped:
        return "s"
    return "w" if identity in optimized else "o"


def _finite_or_not(value: float | None) -> float | None:
    return None if value is None else float(value)


def block_columns(
    tensors: Tensors,
    measured: dict[int, Change],
    blocks: Sequence[BlockSpec],
    outputs: Mapping[str, Mapping[str, float]],
) -> Values:
    """The quantities of each block: of its output, and of the matrices in it together.

    Args:
        tensors: the model's parameters.
        measured: what was measured, by the number of the tensor.
        blocks: of the model.
        outputs: by block and quantity, what was measured at its output.
    """
    members: list[list[Change]] = [[] for _ in blocks]
    for number, change in measured.items():
        spec = tensors.specs[number]
        if spec.role == "matrix" and spec.block is not None and spec.block < len(blocks):
            members[spec.block].append(change)
    rows: list[dict[str, Any]] = [
        {**outputs.get(block.name, {}), **together(changes)}
        for block, changes in zip(blocks, members, strict=True)
    ]
    return {
        name: tuple(row.get(name) for row in rows)
        for name in _OF_BLOCKS
        if any(row.get(name) is not None for row in rows)
    }
