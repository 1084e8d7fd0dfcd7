"""What the rules for watched runs examine: the latest samples of the latest structure."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from vanish_recorder.diagnosis.median import smoothed
from vanish_recorder.protocol.structure import BlockSpec, TensorRole, TensorSpec
from vanish_recorder.protocol.watch_events import Measured, StructureFound

SAMPLES = 10
SMOOTHED = 5  # a median over them ignores one odd batch
CONFIRMED = 3  # samples before a rule says anything


@dataclass(frozen=True, slots=True)
class Block:
    """A block, smoothed over the latest samples. None: it does not apply, or was not measured.

    Attributes:
        spec: what it is.
        number: counted from 0 at the input.
        delta: ‖dL/dh‖ at its output.
        update: ‖ΔW‖/‖W‖ of its matrices together.
        size: root mean square of its output.
        spread: how much the output differs over the batch, divided by the size; None if the size is 0.
        dead: fraction of its units that are 0 for a whole batch.
    """

    spec: BlockSpec
    number: int
    delta: float | None
    update: float | None
    size: float | None
    spread: float | None
    dead: float | None

    @property
    def name(self) -> str:
        """The block's name."""
        return self.spec.name


class Window:
    """The latest samples in which every number is finite.

    Args:
        structure: what the numbers belong to.

    Attributes:
        structure: the same.
        samples: the latest, the newest last.
        first_step: of the run's first sample; 0 before it.
        first_scale: the first loss scale; None without one.
        blocks: smoothed, from the input to the output.
    """

    def __init__(self, structure: StructureFound) -> None:
        self.structure = structure
        self.samples: deque[Measured] = deque(maxlen=SAMPLES)
        self._recent: list[Measured] = []
        self._states = ""
        self._of_roles: dict[tuple[TensorRole, ...], list[int]] = {}
        self._columns: dict[str, deque[Sequence[float | None]]] = {
            name: deque(maxlen=SMOOTHED) for name in ("delta", "update", "size", "spread", "dead")
        }
        self.first_step = 0
        self.first_scale: float | None = None
        self.blocks: tuple[Block, ...] = ()

    def add(self, sample: Measured) -> None:
        """Add a sample."""
        self.first_step = self.first_step or sample.step
        self.samples.append(sample)
        self._recent = list(self.samples)[-SMOOTHED:]
        self._states = _steady([each.states for each in self._recent])
        if self.first_scale is None:
            self.first_scale = sample.scale
        size = list(map(_size, self._of(sample, "activation_mean"), self._of(sample, "activation_std")))
        self._columns["size"].append(size)
        self._columns["spread"].append(list(map(_part, self._of(sample, "sample_std"), size)))
        self._columns["delta"].append(self._of(sample, "delta_norm"))
        self._columns["update"].append(self._of(sample, "update_ratio"))
        self._columns["dead"].append(self._of(sample, "dead"))
        self.blocks = self._smoothed_blocks()

    @property
    def step(self) -> int:
        """Of the latest sample."""
        return self.samples[-1].step if self.samples else 0

    @property
    def confirmed(self) -> bool:
        """Whether there are enough samples to say anything."""
        return len(self.samples) >= CONFIRMED

    @property
    def by_leaves(self) -> bool:
        """Whether the blocks are leaf modules in the order of their calls, and no chain."""
        return any(spec.role == "leaf" for spec in self.structure.blocks)

    def tensors(self, name: str, number: int) -> float | None:
        """A quantity of a tensor, smoothed."""
        return smoothed([_at(sample.tensors.get(name, ()), number) for sample in self._recent])

    def latest(self, name: str) -> Sequence[float | None]:
        """A quantity of all tensors in the latest sample."""
        return self.samples[-1].tensors.get(name, ()) if self.samples else ()

    def tensor_was(self, number: int, state: str) -> bool:
        """Whether a tensor was in this state in each of the latest samples."""
        return number < len(self._states) and self._states[number] == state

    def of_roles(self, *roles: TensorRole) -> list[int]:
        """The tensors of these roles."""
        if roles not in self._of_roles:
            tensors = enumerate(self.structure.tensors)
            self._of_roles[roles] = [number for number, spec in tensors if spec.role in roles]
        return self._of_roles[roles]

    def always(self, name: str, number: int, value: float) -> bool:
        """Whether a quantity of a tensor was exactly `value` in each of the latest samples."""
        columns = (sample.tensors.get(name, ()) for sample in reversed(self._recent))
        return all(_at(column, number) == value for column in columns)

    def lr_was_zero(self, number: int) -> bool:
        """Whether a tensor's learning rate was 0 in each of the latest samples."""
        return all(_at(sample.lr, number) == 0 for sample in reversed(self._recent))

    def place(self, spec: TensorSpec) -> str:
        """The block that a tensor belongs to; the tensor itself, if it belongs to none."""
        blocks = self.structure.blocks
        return blocks[spec.block].name if spec.block is not None and spec.block < len(blocks) else spec.name

    def _of(self, sample: Measured, name: str) -> Sequence[float | None]:
        """A quantity of the blocks in a sample, with a value for every block."""
        blocks = len(self.structure.blocks)
        column = sample.blocks.get(name, ())
        return column if len(column) == blocks else (None,) * blocks

    def _smoothed_blocks(self) -> tuple[Block, ...]:
        smooth = (map(smoothed, zip(*columns, strict=True)) for columns in self._columns.values())
        specs = self.structure.blocks
        return tuple(map(Block, specs, range(len(specs)), *smooth))


def _size(mean: float | None, deviation: float | None) -> float | None:
    return None if mean is None or deviation is None else math.hypot(mean, deviation)


def _part(difference: float | None, size: float | None) -> float | None:
    return difference / size if size and difference is not None else None


def _steady(states: Sequence[str]) -> str:
    """For each tensor the letter that it has in all samples, or a ? if they differ."""
    if len(set(states)) == 1:
        return states[0]
    return "".join(each[0] if len(set(each)) == 1 else "?" for each in zip(*states, strict=False))


def _at(column: Sequence[float | None], number: int) -> float | None:
    return column[number] if number < len(column) else None
