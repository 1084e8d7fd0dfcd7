"""Losses on the logits, by name, each with its gradient."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

# From logits [batch, classes] and labels, int64 [batch]: (the loss, a scalar; dL/dlogits [batch, classes]).
Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@torch.no_grad()
def cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean over the batch; its gradient is (softmax − one-hot) / batch, in autograd's own bits."""
    log_probabilities = torch.log_softmax(logits, 1)
    error = _one_hot(logits, labels, -1 / len(labels))  # so far dL by the log-probabilities
    # What autograd calls; softmax − one-hot would end in other last bits.
    error = torch.ops.aten._log_softmax_backward_data(error, log_probabilities, 1, logits.dtype)
    return F.nll_loss(log_probabilities, labels), error


@torch.no_grad()
def binary_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Against one-hot targets, mean over batch and classes; its gradient is (sigmoid − one-hot) / both."""
    targets = _one_hot(logits, labels, 1.0)
    loss = F.binary_cross_entropy_with_logits(logits, targets)
    return loss, torch.sigmoid(logits).sub_(targets).div_(logits.numel())


def _one_hot(logits: Tensor, labels: Tensor, value: float) -> Tensor:
    """`value` at each label and 0 elsewhere. F.one_hot would look at the labels' values before it goes on."""
    return torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), value)


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy, "bce": binary_cross_entropy}
