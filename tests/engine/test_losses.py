"""The losses, by hand."""

import math

import pytest
import torch

from engine.losses import LOSSES

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 1])


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_cross_entropy_is_the_mean_of_minus_the_log_probability() -> None:
    rows = [
        -math.log(math.exp(row[label]) / sum(map(math.exp, row)))
        for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True)
    ]
    assert LOSSES["cross_entropy"](LOGITS, LABELS).item() == pytest.approx(sum(rows) / 2)


def test_binary_cross_entropy_is_against_one_hot_targets_mean_over_batch_and_classes() -> None:
    terms = [
        -math.log(sigmoid(value) if column == label else 1 - sigmoid(value))
        for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True)
        for column, value in enumerate(row)
    ]
    assert LOSSES["bce"](LOGITS, LABELS).item() == pytest.approx(sum(terms) / 6)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_hold_for_logits_that_would_overflow_an_exponential(name: str) -> None:
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = LOSSES[name](logits, torch.tensor([1]))
    torch.autograd.backward(loss)
    assert math.isfinite(loss.item())
    assert loss.item() >= 1e4
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
