"""What the rules for watched runs examine: the latest samples of the latest structure."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from vanish_recorder.diagnosis.median import smoothed
from vanish_recorder.protocol.structure import BlockSpec, TensorSpec
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
        first_step: of the run's first sample.
        first_scale: the first loss scale; None without one.
        blocks: smoothed, from the input to the output.
    """

    def __init__(self, structure: StructureFound) -> None:
        self.structure = structure
        self.samples: deque[Measured] = deque(maxlen=SAMPLES)
        self.first_step = 0
        self.first_scale: float | None = None
        self.blocks: tuple[Block, ...] = ()

    def add(self, sample: Measured) -> None:
        """Add a sample."""
        if not self.samples:
            self.first_step = sample.step
        self.samples.append(sample)
        if self.first_scale is None:
            self.first_scale = sample.scale
        self.blocks = tuple(self._block(number, spec) for number, spec in enumerate(self.structure.blocks))

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

    def tensor_was(self, number: int, states: str) -> bool:
        """Whether a tensor was in one of the states in each of the latest samples."""
        return all(number < len(each.states) and each.states[number] in states for each in self._recent)

    def always(self, name: str, number: int, value: float) -> bool:
        """Whether a quantity of a tensor was exactly `value` in each of the latest samples."""
        return all(_at(sample.tensors.get(name, ()), number) == value for sample in self._recent)

    def lr_was_zero(self, number: int) -> bool:
        """Whether a tensor's learning rate was 0 in each of the latest samples."""
        return all(_at(sample.lr, number) == 0 for sample in self._recent)

    def place(self, spec: TensorSpec) -> str:
        """The block that a tensor belongs to; the tensor itself, if it belongs to none."""
        blocks = self.structure.blocks
        return blocks[spec.block].name if spec.block is not None and spec.block < len(blocks) else spec.name

    @property
    def _recent(self) -> list[Measured]:
        return list(self.samples)[-SMOOTHED:]

    def _block(self, number: int, spec: BlockSpec) -> Block:
        recent = self._recent

        def of(name: str) -> list[float | None]:
            return [_at(sample.blocks.get(name, ()), number) for sample in recent]

        means, deviations, differences = of("activation_mean"), of("activation_std"), of("sample_std")
        sizes = [
            None if mean is None or deviation is None else math.hypot(mean, deviation)
            for mean, deviation in zip(means, deviations, strict=True)
        ]
        spreads = [
            difference / size if size and difference is not None else None
            for difference, size in zip(differences, sizes, strict=True)
        ]
        return Block(
            spec=spec,
            number=number,
            delta=smoothed(of("delta_norm")),
            update=smoothed(of("update_ratio")),
            size=smoothed(sizes),
            spread=smoothed(spreads),
            dead=smoothed(of("dead")) if spec.rectified else None,
        )


def _at(column: Sequence[float | None], number: int) -> float | None:
    return column[number] if number < len(column) else None
