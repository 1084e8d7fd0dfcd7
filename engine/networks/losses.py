"""Losses on the logits, by name. Each returns the loss and its gradient at the logits."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.networks.fast_losses import columns_are_faster, cross_entropy_by_columns

# From logits [batch, classes] and labels, int64 [batch]: (loss, a scalar; dL/dlogits [batch, classes]).
Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@torch.no_grad()
def cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """−log p of the label, p = softmax(logits), averaged over the batch. Gradient: (p − one-hot) / batch.

    Args:
        logits: float [batch, classes].
        labels: int64 [batch].

    Returns:
        (loss, a scalar; dL/dlogits [batch, classes]), both bit-identical to autograd's.
    """
    log_p = torch.log_softmax(logits, dim=1)  # [batch, classes]
    loss = F.nll_loss(log_p, labels)  # scalar: the mean of −log_p at the labels
    # The gradient takes the two operations that autograd takes. Subtracting the one-hot labels from the
    # softmax gives the same numbers, but other last bits.
    d_log_p = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), -1 / len(labels))  # [batch, classes]
    d_logits = torch.ops.aten._log_softmax_backward_data(d_log_p, log_p, 1, logits.dtype)  # [batch, classes]
    return loss, d_logits


@torch.no_grad()
def binary_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Against one-hot targets, averaged over batch and classes. Gradient: (sigmoid − one-hot) / (both sizes).

    Args:
        logits: float [batch, classes].
        labels: int64 [batch].

    Returns:
        (loss, a scalar; dL/dlogits [batch, classes]).
    """
    # F.one_hot would read the labels' values first, so on a GPU the step would wait for the device.
    targets = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), 1.0)  # [batch, classes]
    loss = F.binary_cross_entropy_with_logits(logits, targets)  # scalar
    return loss, torch.sigmoid(logits).sub_(targets).div_(logits.numel())


def _fastest_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """`cross_entropy`, in the form that is faster here; both forms give the same bits.

    Args:
        logits: float [batch, classes].
        labels: int64 [batch].

    Returns:
        (loss, a scalar; dL/dlogits [batch, classes]).
    """
    if columns_are_faster(logits):
        return cross_entropy_by_columns(logits, labels)
    return cross_entropy(logits, labels)


LOSSES: dict[str, Loss] = {"cross_entropy": _fastest_cross_entropy, "bce": binary_cross_entropy}
