"""What a round of optimizer steps did to the parameters."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vanish_recorder.measure.norms import norms
from vanish_recorder.measure.readout import Readout

FP16_SMALLEST = 2.0**-24  # the smallest number above 0 that fp16 has


@dataclass(slots=True)
class Change:
    """What a step did to one parameter.

    Attributes:
        grad_norm: of the gradient that the optimizer used.
        update_norm: ‖W after − W before‖.
        weight_norm: before the step.
        pushed: how many weights have a gradient that is not 0.
        moved: how many of them changed.
        size: how many weights there are.
        underflow: the fraction of the gradient's values that fp16 cannot hold; None if it was not measured.
    """

    grad_norm: float
    update_norm: float
    weight_norm: float
    pushed: float
    moved: float
    size: int
    underflow: float | None = None

    @property
    def update_ratio(self) -> float | None:
        """‖ΔW‖ / ‖W‖; None if every weight was zero."""
        return self.update_norm / self.weight_norm if self.weight_norm else None

    @property
    def unmoved(self) -> float | None:
        """The fraction of the pushed weights that did not change; None without any."""
        return 1 - self.moved / self.pushed if self.pushed else None

    @property
    def grad_rms(self) -> float:
        """The root mean square of the gradient."""
        return self.grad_norm / math.sqrt(self.size) if self.size else 0.0


class WeightProbe:
    """Measures one round of optimizer steps. It only reads.

    Args:
        readout: for the numbers.
    """

    def __init__(self, readout: Readout) -> None:
        self._readout = readout
        self._before: dict[int, Tensor] = {}
        # For each parameter, its number in the parts: gradient, update, weight; pushed and moved; underflow.
        self._parts: list[tuple[list[int], tuple[int, ...], list[int]]] = []
        self.failed: dict[int, Exception] = {}  # by identity of the parameter

    def into(self, readout: Readout) -> "WeightProbe":
        """This probe, with another readout for its numbers."""
        self._readout = readout
        return self

    def copy(self, parameters: Iterable[Tensor]) -> None:
        """Keep the weights as they are before a step. What is kept already stays as it is."""
        for parameter in parameters:
            if id(parameter) not in self._before:
                try:
                    self._before[id(parameter)] = local(parameter).clone()
                except Exception as error:
                    self.failed[id(parameter)] = error

    @torch.no_grad()
    def read(self, parameters: Sequence[Tensor], scale: Tensor | None) -> None:
        """Measure parameters after a step.

        Args:
            parameters: that were copied, and have a gradient.
            scale: of the loss in this step; None without one.
        """
        devices: dict[torch.device, list[Tensor]] = {}
        for parameter in parameters:
            if id(parameter) in self._before:
                devices.setdefault(self._before[id(parameter)].device, []).append(parameter)
        for members in devices.values():
            done, numbers = [], []
            for parameter in members:
                try:
                    numbers.append(self._measured(parameter, scale))
                    done.append(parameter)
                except Exception as error:
                    self.failed[id(parameter)] = error
                    self._before.pop(id(parameter), None)
            if done:
                part = self._readout.put(torch.stack(numbers))
                self._parts.append(
                    ([id(each) for each in done], (part,), [local(each).numel() for each in done])
                )

    def _measured(self, parameter: Tensor, scale: Tensor | None) -> Tensor:
        """Gradient, update and weight norm, pushed, moved, underflow (-1: not measured): float64 [6]."""
        before, after = self._before.pop(id(parameter)), local(parameter)
        assert parameter.grad is not None
        gradient = local(parameter.grad)
        if gradient.is_sparse:
            gradient = gradient.coalesce()
            rows = gradient.indices()
            gradient = gradient.values()
            weight = norms([_real(before)])
            before, after = before[tuple(rows)], after[tuple(rows)]
        else:
            weight = norms([_real(before)])
        before, after, gradient = _real(before), _real(after), _real(gradient)
        wide = torch.float64 if after.dtype is torch.float64 else torch.float32
        below = gradient.new_full((), -1.0, dtype=torch.float64)
        if (scale is not None or gradient.dtype is torch.float16) and gradient.numel():
            limit = FP16_SMALLEST if scale is None else FP16_SMALLEST / scale.to(gradient.device)
            below = (gradient.abs() < limit).sum(dtype=torch.float64) / gradient.numel()
        gradient_norm = norms([gradient])
        update = torch.sub(after, before, out=before)  # the copy is not needed any more
        update_norm = norms([update])
        moved = update.ne_(0)
        count = moved.sum(dtype=wide)
        if count.device.type == "cpu" and count.item() == moved.numel() > 0:
            pushed = count  # every weight moved: those with a gradient, too
        else:
            mask = gradient.ne(0).to(moved.dtype)
            pushed, count = mask.sum(dtype=wide), moved.mul_(mask).sum(dtype=wide)
        counts = torch.stack([pushed, count]).double()
        return torch.cat([gradient_norm, update_norm, weight, counts, below.reshape(1)])

    def changes(self) -> dict[int, Change]:
        """What was measured, by identity of the parameter. Call it after the readout was fetched."""
        found: dict[int, Change] = {}
        for identities, (part,), sizes in self._parts:
            numbers = self._readout.numbers(part)
            for place, (identity, size) in enumerate(zip(identities, sizes, strict=True)):
                gradient, update, weight, pushed, moved, below = numbers[6 * place : 6 * place + 6]
                found[identity] = Change(
                    gradient, update, weight, pushed, moved, size, below if below >= 0 else None
                )
        return found


def local(values: Tensor) -> Tensor:
    """The tensor itself; of a sharded one, the part that this process holds. Without its history."""
    to_local = getattr(values, "to_local", None)
    return (to_local() if to_local is not None else values).detach()


def _real(values: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones."""
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
