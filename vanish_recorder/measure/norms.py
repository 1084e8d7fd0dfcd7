"""Norms and counts that are right for numbers near both ends of the range of float32.

The squares of a vanishing gradient are below the range of float32 long before the gradient itself is, and
those of an exploding one are above it.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# A sum of float32 squares between these is as good as a double one: hardly any square was out of range.
_SMALLEST, _LARGEST = 1e-24, 1e36
_LARGE = 2.0**80


def norm(values: Tensor, dim: tuple[int, ...] | None = None) -> Tensor:
    """The norm in double precision.

    Args:
        values: float, of any shape.
        dim: the dimensions that are summed over; None for all.

    Returns:
        float64, with the dimensions of `values` that are not in `dim`; a scalar tensor if `dim` is None.
    """
    result: Tensor = torch.linalg.vector_norm(values, dim=dim, dtype=torch.float64)
    return result


def is_accurate(square: float) -> bool:
    """Whether a sum of squares that was computed in float32 is as good as one in double precision."""
    return _SMALLEST < square < _LARGEST


def norm_on_host(values: Tensor) -> float:
    """The norm of a tensor on the CPU. Double precision is slower: it is used where float32 would be wrong.

    Args:
        values: real, of any shape.
    """
    if values.dtype is torch.float32 and values.is_contiguous():
        flat = values if values.ndim == 1 else values.view(-1)
        square = float(torch.dot(flat, flat).item())
        if is_accurate(square):
            return math.sqrt(square)
        if math.isfinite(square):  # it vanishes: a power of two changes only the exponents
            flat = flat * _LARGE
            square = float(torch.dot(flat, flat).item())
            if is_accurate(square):
                return math.sqrt(square) / _LARGE
    elif values.dtype is not torch.float64:
        quick = float(torch.linalg.vector_norm(values, dtype=torch.float32).item())
        if is_accurate(quick * quick):
            return quick
    return float(norm(values).item()) if values.numel() else 0.0


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """The norms of several tensors, float64 [tensors].

    Args:
        tensors: real, of any shape, of one device.
    """
    if all(each.device.type == "cpu" for each in tensors):
        return torch.tensor([norm_on_host(each) for each in tensors], dtype=torch.float64, device="cpu")
    return torch.stack([norm(each) for each in tensors])
