"""Histograms of a block's numbers, which a user asks for now and then."""

from collections.abc import Sequence

import torch
from torch import Tensor

BINS = 40


@torch.no_grad()
def histogram(tensors: Sequence[Tensor]) -> tuple[float, ...]:
    """The first and the last edge, then the count of each of `BINS` bins; empty without finite numbers.

    Args:
        tensors: real, of any shape. They are copied to the host.
    """
    flat = [each.detach().reshape(-1).to("cpu", torch.float64) for each in tensors]
    values = torch.cat(flat) if flat else torch.empty(0, dtype=torch.float64)
    values = values[values.isfinite()]
    if not values.numel():
        return ()
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    return (low, high, *torch.histc(values, BINS, low, high).tolist())
