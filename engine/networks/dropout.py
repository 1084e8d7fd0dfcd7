"""Dropout (Srivastava et al. 2014): the masks of one training step, in the bits of `nn.Dropout`."""

from typing import Self

import torch
from torch import Tensor

from engine.randomness import generator
from scenarios.schema import Mlp


class Dropout:
    """Draws the masks of one forward pass, layer by layer from the input on.

    A step has its own generator, so a resumed run draws the same masks without any state. As all draws, they
    are made on the CPU, so that a seed means the same on every device.

    Args:
        part: of the activations that become 0, from 0 to below 1.
        draw: the generator of this step.
    """

    def __init__(self, part: float, draw: torch.Generator) -> None:
        self._kept, self._draw = 1 - part, draw

    @classmethod
    def of_step(cls, model: Mlp, seed: int, step: int) -> Self | None:
        """The dropout of one step of a run; None if its model has none."""
        return cls(model.dropout, generator(seed, "dropout", step)) if model.dropout else None

    def mask(self, a: Tensor) -> Tensor:
        """What to multiply `a`, float [batch, units], with: 0, or 1 divided by the part that is kept."""
        mask = torch.empty(a.shape, dtype=a.dtype).bernoulli_(self._kept, generator=self._draw)
        return mask.div_(self._kept).to(a.device, non_blocking=True)
