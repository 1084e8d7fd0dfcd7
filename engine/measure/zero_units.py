"""Which units of ReLU layers were 0 for every image of the latest samples together.

In one batch, a unit that is rarely active looks dead. Over some thousand images few such units are left.
"""

import math
from typing import Any

import torch
from torch import Tensor

_COUNTED = 4000  # images that are counted over
_LEAST = 2000  # in the first samples of a stage it is counted over fewer, but not below this


class ZeroUnits:
    """Counts over the samples of one stage. Each unit only keeps the number of the sample of its last output.

    Args:
        batch: images per sample.
    """

    def __init__(self, batch: int) -> None:
        self._window = math.ceil(_COUNTED / batch)  # samples
        self._least = math.ceil(_LEAST / batch)
        self._samples = 0
        self._last: Tensor | None = (
            None  # the sample in which each unit was last not 0, int32 [layers, units]
        )

    def add(self, zero: Tensor) -> Tensor | None:
        """Count the next sample.

        Args:
            zero: float [layers, units]: 1 for each unit that is 0 for every image of this sample, else 0.

        Returns:
            The fraction of each layer's units that were 0 for every image of the latest samples, float64
            [layers]; None before they hold enough images.
        """
        self._samples += 1
        if self._last is None:
            self._last = torch.zeros_like(zero, dtype=torch.int32)
        self._last = self._last.where(zero > 0, self._samples)
        if self._samples < self._least:
            return None
        return (self._last <= max(0, self._samples - self._window)).double().mean(1)

    def state(self) -> dict[str, Any]:
        """What `restore` needs: a number, and int32 [layers, units]; None before the first sample."""
        return {"samples": self._samples, "last": self._last}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Continue from the state of another one."""
        self._samples, last = state["samples"], state["last"]
        self._last = None if last is None else last.to(device)
