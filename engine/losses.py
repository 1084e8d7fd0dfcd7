"""Losses on the logits, by name."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Loss = Callable[[Tensor, Tensor], Tensor]


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy against one-hot targets, mean over batch and classes.

    Args:
        logits: [batch, classes].
        labels: int64 [batch].
    """
    # Not F.one_hot: it looks at the labels' values before it goes on.
    targets = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), 1.0)
    return F.binary_cross_entropy_with_logits(logits, targets)


LOSSES: dict[str, Loss] = {"cross_entropy": F.cross_entropy, "bce": binary_cross_entropy}
