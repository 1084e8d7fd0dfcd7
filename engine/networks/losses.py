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
    by_columns = _faster_by_columns(logits)
    z, classes = (logits.T.contiguous(), 0) if by_columns else (logits, 1)
    log_probabilities = torch.log_softmax(z, classes)
    # So far dL by the log-probabilities. What takes it on is what autograd calls; softmax − one-hot would
    # end in other last bits.
    error = torch.zeros_like(z).scatter_(classes, labels.unsqueeze(classes), -1 / len(labels))
    error = torch.ops.aten._log_softmax_backward_data(error, log_probabilities, classes, logits.dtype)
    if by_columns:
        log_probabilities, error = log_probabilities.T, error.T.contiguous()
    return F.nll_loss(log_probabilities, labels), error


def _faster_by_columns(logits: Tensor) -> bool:
    """Whether a softmax over the classes is several times faster by columns, and the same to the bit.

    So it is with AVX-512, whose vectors of 16 are longer than a row, for batches that fill them.
    """
    return logits.is_cpu and len(logits) % 16 == 0 and torch.backends.cpu.get_cpu_capability() == "AVX512"


@torch.no_grad()
def binary_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Against one-hot targets, mean over batch and classes; its gradient is (sigmoid − one-hot) / both."""
    # F.one_hot would look at the labels' values before it goes on.
    targets = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), 1.0)
    loss = F.binary_cross_entropy_with_logits(logits, targets)
    return loss, torch.sigmoid(logits).sub_(targets).div_(logits.numel())


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy, "bce": binary_cross_entropy}
