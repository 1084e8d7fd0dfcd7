"""The loss scale: gradients are computed larger, so that 16 bits have numbers for them (Micikevicius 2018).

It uses the operations of `torch.amp.GradScaler`, for its bits. But nothing is read from the device: a step
whose gradient overflowed is taken back there, where GradScaler would wait for the device and then leave it
out.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.storage.checkpoint import Unfit
from engine.training.restored import has_keys, table, tensor

FIRST = 65536.0  # of a dynamic scale; these four are GradScaler's defaults
GROWTH, BACKOFF = 2.0, 0.5
GROWTH_STEPS = 2000  # good steps after which a dynamic scale grows


class LossScale:
    """Scales the loss of a stage, and unscales its gradients.

    Args:
        wanted: the scale, or "dynamic" for one that halves when a gradient overflows and later grows again.
        device: of the run.
    """

    def __init__(self, wanted: float | str, device: torch.device) -> None:
        self._dynamic = wanted == "dynamic"
        first = FIRST if self._dynamic else float(wanted)
        self.scale = torch.full((), first, dtype=torch.float32, device=device)
        self._good = torch.zeros((), dtype=torch.int32, device=device)  # steps since the scale changed
        self._skipped = torch.zeros((), dtype=torch.float64, device=device)
        self._overflowed = torch.zeros((), dtype=torch.float32, device=device)  # 1 if it did in this step
        self._used = self.scale  # in the latest step

    def begin(self) -> Tensor:
        """The scale of the next step, a float32 scalar tensor. A later update does not change it."""
        self._used = self.scale.clone()
        return self._used

    def unscale(self, gradients: Sequence[Tensor]) -> None:
        """Divide gradients, float32 of any shape, by the scale in place; note whether one is not finite."""
        self._overflowed = torch.zeros_like(self._overflowed)
        inverse = self._used.double().reciprocal().float()
        torch._amp_foreach_non_finite_check_and_unscale_(list(gradients), self._overflowed, inverse)

    def take_back(self, changed: Tensor, before: Tensor) -> None:
        """Give a tensor the values of `before` again if a gradient overflowed."""
        changed.copy_(torch.where(self._overflowed > 0, before, changed))

    def update(self) -> None:
        """Count the step, and choose the scale of the next one."""
        self._skipped = self._skipped + self._overflowed
        if self._dynamic:
            torch._amp_update_scale_(self.scale, self._good, self._overflowed, GROWTH, BACKOFF, GROWTH_STEPS)

    def readout(self) -> Tensor:
        """Of the latest step: its scale, how many steps were skipped so far, whether it was: float64 [3]."""
        return torch.stack([self._used.double(), self._skipped, self._overflowed.double()])

    def state(self) -> dict[str, Tensor]:
        """What `restore` needs: scalar tensors, not copied."""
        return {"scale": self.scale, "good": self._good, "skipped": self._skipped}

    def restore(self, state: Any) -> None:
        """Continue from the state of another one.

        Raises:
            Unfit: `state` is of no loss scale.
        """
        own = self.state()
        has_keys(table(state, "loss scale"), set(own), "loss scale")
        saved = {name: tensor(state[name], like, "loss scale") for name, like in own.items()}
        if not 0 < float(saved["scale"]) < math.inf or float(saved["skipped"]) < 0:
            raise Unfit("its loss scale is damaged")
        values = {name: each.to(own[name].device, copy=True) for name, each in saved.items()}
        self.scale, self._good, self._skipped = values["scale"], values["good"], values["skipped"]
        self._used = self.scale
