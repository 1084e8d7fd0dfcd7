"""What a round of optimizer steps did to the parameters."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from vanish_recorder.measure import host
from vanish_recorder.measure.change import Change
from vanish_recorder.measure.norms import norms
from vanish_recorder.measure.readout import Readout

FP16_SMALLEST = 2.0**-24  # the smallest number above 0 that fp16 has


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
        self._found: dict[int, Change] = {}  # what is on the host already
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
        on_host: list[Tensor] = []
        devices: dict[torch.device, list[Tensor]] = {}
        for parameter in parameters:
            before = self._before.get(id(parameter))
            if before is None:
                continue
            if scale is None and host.is_plain(parameter, before):
                on_host.append(parameter)
            else:
                devices.setdefault(before.device, []).append(parameter)
        self._found |= host.changes(on_host, [self._before.pop(id(each)) for each in on_host])
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
            below = underflow(gradient, scale)
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
        found = dict(self._found)
        for identities, (part,), sizes in self._parts:
            numbers = self._readout.numbers(part)
            for place, (identity, size) in enumerate(zip(identities, sizes, strict=True)):
                gradient, update, weight, pushed, moved, below = numbers[6 * place : 6 * place + 6]
                found[identity] = Change(
                    gradient, update, weight, pushed, moved, size, below if below >= 0 else None
                )
        return found


def underflow(gradient: Tensor, scale: Tensor | None, dim: tuple[int, ...] | None = None) -> Tensor:
    """The fraction of a gradient's values that fp16 cannot hold, float64.

    Args:
        gradient: real, of any shape, without the loss scale.
        scale: of the loss when it was computed, a scalar tensor; None without one.
        dim: the dimensions that are counted over; None for all.
    """
    limit = FP16_SMALLEST if scale is None else FP16_SMALLEST / scale.to(gradient.device)
    return (gradient.abs() < limit).double().mean(dim)


def local(values: Tensor) -> Tensor:
    """The tensor itself; of a sharded one, the part that this process holds. Without its history."""
    to_local = getattr(values, "to_local", None)
    return (to_local() if to_local is not None else values).detach()


def _real(values: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones."""
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
