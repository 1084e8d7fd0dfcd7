"""The model that is recorded: its parameters, its blocks, and the optimizers that step it."""

import weakref
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from vanish_recorder.guard import Guard
from vanish_recorder.hooks.outputs import OutputProbe
from vanish_recorder.model.boundaries import Boundary, find_boundaries
from vanish_recorder.model.tensors import find_tensors, fingerprint
from vanish_recorder.optimizers import Known, Optimizers
from vanish_recorder.protocol.structure import BlockSpec

if TYPE_CHECKING:
    from torch.optim import Optimizer


class WatchedModel:
    """What is known of the model. It is found again when a layer was replaced.

    Args:
        model: is not kept alive.
        patterns: of the names of the modules whose outputs are measured; empty for the blocks found.

    Attributes:
        alive: the model, unless the script has dropped it.
        tensors: its parameters.
        blocks: in the order of their calls; empty before the first pass.
        optimizers: that were seen so far.
    """

    def __init__(self, model: nn.Module, patterns: Sequence[str]) -> None:
        self.alive: Callable[[], nn.Module | None] = weakref.ref(model)
        self.tensors = find_tensors(model)
        self.blocks: tuple[BlockSpec, ...] = ()
        self.optimizers = Optimizers()
        self._patterns = tuple(patterns)
        self._fingerprint: Hashable = None  # when the parameters were found
        self._boundaries: dict[int, Boundary] | None = None
        self._extensions: dict[str, tuple[int, int]] = {}  # see OutputProbe

    def look(self) -> None:
        """Find the parameters again if a layer was replaced."""
        model = self.alive()
        if model is None:
            return
        seen = fingerprint(model)
        if seen == self._fingerprint:
            return
        self._fingerprint = seen
        found = find_tensors(model, [block.name for block in self.blocks])
        if found.numbers != self.tensors.numbers or found.specs != self.tensors.specs:
            self.tensors = found
            self.optimizers.forget()
            self._boundaries = None

    def know(self, optimizer: "Optimizer") -> Known:
        """Which of the parameters an optimizer steps."""
        known = self.optimizers.know(optimizer, self.tensors.numbers)
        if known.parameters or known.asked or self.alive() is None:
            return known
        self.look()  # it may be the optimizer of a layer that was replaced
        return self.optimizers.know(optimizer, self.tensors.numbers)

    def probe(self, model: nn.Module, guard: Guard, kept: str | None) -> OutputProbe:
        """A probe that reads the outputs in the next pass; see there."""
        if self._boundaries is None:
            self._boundaries = find_boundaries(model, self._patterns)
        return OutputProbe(model, self._boundaries, guard, self._extensions, kept)

    def find_blocks(self, probe: OutputProbe | None) -> None:
        """Take the blocks from the first pass, in the order of their calls."""
        seen = [] if probe is None else [block.spec for block in probe.blocks.values()]
        names = {block.name for block in self.blocks}
        if all(spec.name in names for spec in seen):
            return
        merged = list(self.blocks)
        place = 0
        for spec in seen:
            where = next((n for n, block in enumerate(merged) if block.name == spec.name), None)
            if where is None:
                merged.insert(place, spec)
                where = place
            place = where + 1
        self.blocks = tuple(merged)
        model = self.alive()
        if model is not None:
            self.tensors = find_tensors(model, [block.name for block in self.blocks])

    def parameters_in(self, known: Known, blocks: set[str]) -> list[Tensor]:
        """The parameters of an optimizer that lie in blocks of these names."""
        if not blocks:
            return []
        numbers, specs = self.tensors.numbers, self.tensors.specs
        return [
            each
            for each in known.parameters
            if (block := specs[numbers[id(each)]].block) is not None and self.blocks[block].name in blocks
        ]

    def matrices_in(self, block: str) -> list[nn.Parameter]:
        """The matrices of a block that can be measured."""
        return [
            each
            for each, spec in zip(self.tensors.parameters, self.tensors.specs, strict=True)
            if spec.role == "matrix"
            and spec.block is not None
            and self.blocks[spec.block].name == block
            and not self.tensors.cannot_be_measured(each)
        ]
