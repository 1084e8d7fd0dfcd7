"""The gradient through time: against closed forms, PyTorch's eigenvalues and autograd."""

import math

import pytest
import torch

from engine.theory.through_time import (
    UNITS,
    Start,
    gradients,
    past_the_gate,
    recurrent_weights,
    spectral_radius,
)


@pytest.mark.parametrize("start", ["normal", "orthogonal"])
@pytest.mark.parametrize("radius", [0.5, 1.0, 2.0])
def test_the_spectral_radius_is_that_of_the_eigenvalues(start: Start, radius: float) -> None:
    weights = recurrent_weights(start, radius)
    largest = torch.linalg.eigvals(torch.tensor(weights, dtype=torch.float64)).abs().max().item()
    assert largest == pytest.approx(radius, rel=1e-4)
    assert spectral_radius(weights) == pytest.approx(radius, rel=1e-4)


def test_the_powers_of_a_nilpotent_matrix_end_at_0() -> None:
    assert spectral_radius(((0.0, 1.0), (0.0, 0.0))) == 0


def test_an_orthogonal_start_without_an_activation_is_the_closed_form() -> None:
    found = gradients("orthogonal", 0.9, "identity", 50)
    assert found == pytest.approx([0.9 ** (50 - step) for step in range(1, 51)], rel=1e-9)


def test_far_from_the_end_a_normal_start_changes_by_its_radius_per_step() -> None:
    found = gradients("normal", 0.9, "identity", 100)
    assert (found[0] / found[50]) ** (1 / 50) == pytest.approx(0.9, rel=0.02)


@pytest.mark.parametrize(("start", "radius"), [("normal", 1.5), ("orthogonal", 1.0)])
def test_tanh_is_what_autograd_says(start: Start, radius: float) -> None:
    """The same network in PyTorch: its inputs and the last gradient are drawn from the same seeds."""
    from random import Random

    steps = 20
    weights = torch.tensor(recurrent_weights(start, radius), dtype=torch.float64)
    inputs = Random(2)
    h = torch.zeros(UNITS, dtype=torch.float64, requires_grad=True)
    states = []
    for _ in range(steps):
        x = torch.tensor([inputs.gauss(0, 0.5) for _ in range(UNITS)], dtype=torch.float64)
        h = torch.tanh(weights @ h + x)
        h.retain_grad()
        states.append(h)
    last = Random(3)
    torch.autograd.backward(h, torch.tensor([last.gauss(0, 1) for _ in range(UNITS)], dtype=torch.float64))
    norms = [state.grad.norm().item() for state in states if state.grad is not None]
    assert gradients(start, radius, "tanh", steps) == pytest.approx([each / norms[-1] for each in norms])


def test_a_forget_gate_is_a_power() -> None:
    assert past_the_gate(0.5, 4) == (0.125, 0.25, 0.5, 1.0)
    assert past_the_gate(1.0, 100) == (1.0,) * 100
    assert math.isclose(past_the_gate(0.95, 28)[0], 0.95**27)
