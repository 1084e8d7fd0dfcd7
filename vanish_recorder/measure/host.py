"""What a step did to parameters that are float32 on the CPU, in few calls of torch.

A call costs as much as the arithmetic of a small tensor, so small tensors of one size are measured together.
Larger ones are measured one after the other in the same memory, which stays in the processor's caches.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vanish_recorder.measure.change import Change
from vanish_recorder.measure.norms import is_accurate, norm_on_host

_PLAIN = (Tensor, torch.nn.Parameter)
_SMALL = 2**11  # numbers; a larger tensor is measured alone, where it lies
_TOGETHER = 2**20  # numbers of small tensors that are copied to one place
_EXACT = 2**24  # a float32 counts to it


def is_plain(parameter: Tensor, before: Tensor) -> bool:
    """Whether `changes` can measure a parameter."""
    gradient = parameter.grad
    return (
        gradient is not None
        and all(
            type(each) in _PLAIN
            and each.dtype is torch.float32
            and each.device.type == "cpu"
            and each.layout is torch.strided
            and each.is_contiguous()
            for each in (parameter, before, gradient)
        )
        and before.shape == parameter.shape == gradient.shape
    )


@torch.no_grad()
def changes(parameters: Sequence[Tensor], copies: Sequence[Tensor]) -> dict[int, Change]:
    """What a step did to parameters for which `is_plain` is true, by identity.

    Args:
        parameters: after the step, with a gradient.
        copies: of them before the step; they are overwritten.
    """
    found: dict[int, Change] = {}
    small: dict[int, list[tuple[Tensor, Tensor]]] = {}
    large = max((each.numel() for each in parameters), default=0)
    spare = torch.empty(large, dtype=torch.float32, device="cpu")
    for parameter, before in zip(parameters, copies, strict=True):
        size = parameter.numel()
        if size <= _SMALL:
            small.setdefault(size, []).append((parameter, before))
        else:
            found[id(parameter)] = _change(parameter, before, spare[:size])
    for size, members in small.items():
        count = max(1, _TOGETHER // max(1, size))
        for start in range(0, len(members), count):
            chosen = members[start : start + count]
            if len(chosen) == 1:
                found[id(chosen[0][0])] = _change(*chosen[0], spare[:size])
                continue
            changed = _changes_of_one_size(*zip(*chosen, strict=True))
            found.update((id(parameter), each) for (parameter, _), each in zip(chosen, changed, strict=True))
    return found


def _change(parameter: Tensor, copy: Tensor, spare: Tensor) -> Change:
    assert parameter.grad is not None
    before, gradient = copy.view(-1), parameter.grad.view(-1)
    weight_norm, grad_norm = norm_on_host(before), norm_on_host(gradient)
    update = torch.sub(parameter.view(-1), before, out=spare)
    moved, size = torch.ne(update, 0, out=before), update.numel()
    count = pushed = _count(moved, moved)
    update_norm = norm_on_host(update) if count else 0.0
    if count < size:  # else every weight moved: those with a gradient, too
        mask = torch.ne(gradient, 0, out=update)
        pushed = _count(mask, mask)
        count = _count(moved, mask) if count else 0.0
    return Change(grad_norm, update_norm, weight_norm, pushed, count, size)


def _count(first: Tensor, second: Tensor) -> float:
    """How often both masks are 1."""
    if first.numel() <= _EXACT:
        return float(torch.dot(first, second).item())
    parts = range(0, first.numel(), _EXACT)
    return sum(_count(first[start : start + _EXACT], second[start : start + _EXACT]) for start in parts)


def _changes_of_one_size(parameters: Sequence[Tensor], copies: Sequence[Tensor]) -> list[Change]:
    size = copies[0].numel()
    # Each is [tensors, size].
    before = torch.stack([each.view(-1) for each in copies])
    gradient = torch.stack([each.grad.view(-1) for each in parameters if each.grad is not None])
    update = torch.stack([each.view(-1) for each in parameters]).sub_(before)
    with torch.autocast("cpu", enabled=False):  # the step may be made under it: products would be rounded
        norms = [_norms_of_rows(rows) for rows in (gradient, update, before)]
    mask = torch.ne(gradient, 0, out=torch.empty_like(gradient))
    counts = torch.stack([mask.sum(1), update.ne_(0).mul_(mask).sum(1)]).tolist()
    rows = zip(*norms, *counts, strict=True)
    return [
        Change(grad_norm, update_norm, weight_norm, pushed, moved, size)
        for grad_norm, update_norm, weight_norm, pushed, moved in rows
    ]


def _norms_of_rows(rows: Tensor) -> list[float]:
    squares: list[float] = torch.linalg.vecdot(rows, rows).tolist()
    return [
        math.sqrt(square) if is_accurate(square) else norm_on_host(row)
        for square, row in zip(squares, rows.unbind(), strict=True)
    ]
