"""Which units of ReLU layers were 0 for every image of the latest samples together.

In one batch, a unit that is rarely active looks dead. Over a thousand images few such units are left. Small
batches hold fewer in ten samples, but over more samples a unit that has died would count only long after.
"""

import math
from typing import Any

import torch
from torch import Tensor

_COUNTED = 1000  # images that are counted over, if they are in
_FEWEST, _MOST = 5, 10  # samples; of tiny batches as many more as hold
_LEAST = 150  # images


class ZeroUnits:
    """Counts over the samples of one stage. Each unit only keeps the number of the sample of its last output.

    Args:
        batch: images per sample.
    """

    def __init__(self, batch: int) -> None:
        wanted = min(_MOST, max(_FEWEST, math.ceil(_COUNTED / batch)))
        self._window = max(wanted, math.ceil(_LEAST / batch))  # samples
        self._samples = 0
        # The sample in which each unit was last not 0, int32 [layers, units].
        self._last: Tensor | None = None

    def add(self, zero: Tensor) -> Tensor | None:
        """Count the next sample.

        Args:
            zero: float [layers, units]: 1 for each unit that is 0 for every image of this sample, else 0.

        Returns:
            The fraction of each layer's units that were 0 for every image of the latest samples, float64
            [layers]; None before there are enough of them.
        """
        self._samples += 1
        if self._last is None:
            self._last = torch.zeros_like(zero, dtype=torch.int32)
        self._last = self._last.where(zero > 0, self._samples)
        if self._samples < self._window:
            return None
        return (self._last <= self._samples - self._window).double().mean(1)

    def state(self) -> dict[str, Any]:
        """What `restore` needs: a number, and int32 [layers, units]; None before the first sample."""
        return {"samples": self._samples, "last": self._last}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Continue from the state of another one."""
        self._samples, last = state["samples"], state["last"]
        self._last = None if last is None else last.to(device)
