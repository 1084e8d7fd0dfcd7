"""What a recorded model consists of: its blocks and tensors, as found at a sample."""

from dataclasses import dataclass
from typing import Literal

BlockRole = Literal["block", "leaf", "recurrent"]
TensorRole = Literal["matrix", "bias", "norm", "embedding", "other"]

# What happened to a tensor in a round of optimizer steps; one letter for each tensor in a sample.
TensorState = Literal["s", "f", "u", "o", "w", "k", "x"]
STATES: dict[TensorState, str] = {
    "s": "an optimizer stepped it",
    "f": "frozen: requires_grad is False",
    "u": "unused: it has no gradient",
    "o": "in no optimizer",
    "w": "waiting: its optimizer did not step in this round",
    "k": "the step was skipped, because the gradient overflowed",
    "x": "cannot be measured",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSpec:
    """A boundary at which the activations and their gradient are measured.

    Attributes:
        name: as `named_modules()` has it, without the prefixes of wrappers.
        kind: the class of the module.
        role: a member of the longest chain of modules of one class, a leaf module, or a recurrent one.
        rectified: whether the output comes from a ReLU, so that units can be dead.
    """

    name: str
    kind: str
    role: BlockRole = "block"
    rectified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """A parameter.

    Attributes:
        name: as `named_parameters()` has it, without the prefixes of wrappers.
        shape: of the whole tensor, also where this process holds a part of it.
        dtype: as torch names it, without `torch.`.
        role: matrices are judged apart from biases and the weights of normalisations.
        block: the number of the block that it belongs to, counted from 0; None if it belongs to none.
        also: its other names, if modules share it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    role: TensorRole = "matrix"
    block: int | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSpec:
    """An optimizer that steps some of the tensors.

    Attributes:
        name: its class.
        eps: the number that Adam and its relatives add to the gradient's root mean square; None without it.
        tensors: how many of the tensors it steps.
    """

    name: str
    eps: float | None = None
    tensors: int = 0
