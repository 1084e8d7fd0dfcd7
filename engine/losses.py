"""Losses on the logits, by name, each with its gradient."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

# From logits [batch, classes] and labels, int64 [batch]: (the loss, a scalar; dL/dlogits [batch, classes]).
Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@torch.no_grad()
def cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean over the batch; its gradient is (softmax − one-hot) / batch, in the operations of autograd.

    Taken by columns: PyTorch goes through rows as short as these several times more slowly with AVX-512.
    """
    columns = torch.log_softmax(logits.T.contiguous(), 0)
    error = torch.zeros_like(columns).scatter_(0, labels.unsqueeze(0), -1 / len(labels))  # dL by `columns`
    error = torch.ops.aten._log_softmax_backward_data(error, columns, 0, logits.dtype)
    return F.nll_loss(columns.T, labels), error.T.contiguous()


@torch.no_grad()
def binary_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Against one-hot targets, mean over batch and classes; its gradient is (sigmoid − one-hot) / both."""
    # F.one_hot would look at the labels' values before it goes on.
    targets = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), 1.0)
    loss = F.binary_cross_entropy_with_logits(logits, targets)
    return loss, torch.sigmoid(logits).sub_(targets).div_(logits.numel())


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy, "bce": binary_cross_entropy}
