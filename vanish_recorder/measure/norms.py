"""Norms and counts that are right for numbers near both ends of the range of float32.

The squares of a vanishing gradient are below the range of float32 long before the gradient itself is, and
those of an exploding one are above it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# A float32 norm between these is as good as a double one: hardly any square was out of range.
_SMALLEST, _LARGEST = 1e-12, 1e18


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


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """The norms of several tensors of one device, float64 [tensors].

    On the CPU, double precision is several times slower. It is used where float32 would be wrong.

    Args:
        tensors: real, of any shape.
    """
    if not tensors:
        return torch.empty(0, dtype=torch.float64)
    if not all(each.device.type == "cpu" for each in tensors):
        return torch.stack([norm(each) for each in tensors])
    return torch.tensor([_norm_on_cpu(each) for each in tensors], dtype=torch.float64, device="cpu")


def _norm_on_cpu(values: Tensor) -> float:
    wide = torch.float64 if values.dtype is torch.float64 else torch.float32
    quick = float(torch.linalg.vector_norm(values, dtype=wide).item())
    if _SMALLEST < quick < _LARGEST or (quick == 0 and values.numel() == 0):
        return quick
    return float(norm(values).item())
