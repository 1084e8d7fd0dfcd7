"""The losses, by hand."""

import math

import pytest
import torch

from engine.networks.losses import LOSSES, cross_entropy
from tests.engine.lab import plain_loss

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 1])


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_cross_entropy_is_the_mean_of_minus_the_log_probability() -> None:
    rows = [
        -math.log(math.exp(row[label]) / sum(map(math.exp, row)))
        for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True)
    ]
    assert LOSSES["cross_entropy"](LOGITS, LABELS)[0].item() == pytest.approx(sum(rows) / 2)


def test_binary_cross_entropy_is_against_one_hot_targets_mean_over_batch_and_classes() -> None:
    terms = [
        -math.log(sigmoid(value) if column == label else 1 - sigmoid(value))
        for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True)
        for column, value in enumerate(row)
    ]
    assert LOSSES["bce"](LOGITS, LABELS)[0].item() == pytest.approx(sum(terms) / 6)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_hold_for_logits_that_would_overflow_an_exponential(name: str) -> None:
    loss, gradient = LOSSES[name](torch.tensor([[1e4, -1e4]]), torch.tensor([1]))
    assert math.isfinite(loss.item())
    assert loss.item() >= 1e4
    assert gradient.isfinite().all()


@pytest.mark.parametrize("images", [1, 3, 16, 76, 96, 100, 512, 1000])
@pytest.mark.parametrize("size", [0.01, 1, 30])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_gradient_are_autograd_s_to_the_bit(name: str, size: float, images: int) -> None:
    draw = torch.Generator().manual_seed(images)
    logits = (size * torch.randn(images, 10, generator=draw)).requires_grad_()
    labels = torch.randint(10, (images,), generator=draw)
    expected = plain_loss(name, logits, labels)
    torch.autograd.backward(expected)
    loss, gradient = LOSSES[name](logits.detach(), labels)
    assert torch.equal(loss, expected.detach())
    assert logits.grad is not None
    assert torch.equal(gradient, logits.grad)


@pytest.mark.parametrize("images", [16, 96, 512])
def test_the_plain_cross_entropy_is_the_registered_one_to_the_bit(images: int) -> None:
    draw = torch.Generator().manual_seed(images)
    logits = 3 * torch.randn(images, 10, generator=draw)
    labels = torch.randint(10, (images,), generator=draw)
    plain, registered = cross_entropy(logits, labels), LOSSES["cross_entropy"](logits, labels)
    assert torch.equal(plain[0], registered[0])
    assert torch.equal(plain[1], registered[1])
    assert plain[1].is_contiguous()
    assert registered[1].is_contiguous()
