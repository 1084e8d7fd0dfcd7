"""What the theory pages compute without torch, against torch and against the engine."""

import math
from collections.abc import Callable
from statistics import NormalDist

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import scenarios
from engine.meanfield import prediction
from engine.networks import activations
from engine.theory import circle, images
from engine.theory.chain import SMALLEST, chain, end, float32
from engine.theory.curves import (
    CURVES,
    Curve,
    beta_sigmoid,
    misprinted_slope,
    slope_by_difference,
)
from engine.theory.weights import density, lift, signals

ZS = [-9.0, -3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.5, 9.0]


@pytest.mark.parametrize("w", [0.01, 0.1, 0.9, 1.0, 1.1, 10.0])
def test_a_chain_is_what_torch_multiplies_in_float32(w: float) -> None:
    weights = torch.full((50,), w, dtype=torch.float32, requires_grad=True)
    signal = torch.ones(())
    outputs = []
    for layer in range(50):
        signal = signal * weights[layer]
        outputs.append(signal.item())
    found = chain(w, 50)
    assert found.outputs == tuple(outputs)
    torch.autograd.backward(signal)
    assert weights.grad is not None
    for ours, theirs in zip(found.gradients, weights.grad.tolist(), strict=True):
        # Which factor is rounded first differs, so the last bits may.
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-43) or ours == theirs


def test_the_slides_two_chains() -> None:
    assert chain(10.0, 7).outputs[-1] == 1e7
    assert chain(0.1, 7).outputs[-1] == pytest.approx(1e-7, rel=1e-6)
    assert chain(10.0, 7).gradients == (1e6,) * 7


@pytest.mark.parametrize(
    ("w", "kind", "layer"), [(10.0, "inf", 39), (2.0, "inf", 128), (0.1, "0", 46), (0.5, "0", 150)]
)
def test_where_a_chain_leaves_float32(w: float, kind: str, layer: int) -> None:
    found = end(w)
    assert found is not None
    assert (found.kind, found.layer) == (kind, layer)
    value = torch.tensor(float32(w)) ** 0
    for _ in range(layer):
        before, value = value, value * torch.tensor(w)
    assert value.item() == (math.inf if kind == "inf" else 0)
    assert 0 < before.item() < math.inf


def test_a_chain_of_point_nine_gets_stuck_at_a_denormal_number() -> None:
    found = end(0.9)
    assert found is not None
    assert found.kind == "denormal"
    stuck = torch.tensor(0.9) ** 0
    for _ in range(found.layer + 100):
        stuck = stuck * torch.tensor(0.9)
    assert 0 < stuck.item() <= 10 * SMALLEST


REFERENCES: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "identity": lambda z: z * 1,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "silu": F.silu,
    "gelu": F.gelu,
    "sigmoid_beta": lambda z: torch.sigmoid(z) + 0.05 * z,
}


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_a_curve_and_its_slope_are_torchs(curve: Curve) -> None:
    z = torch.tensor(ZS, dtype=torch.float64, requires_grad=True)
    a = REFERENCES[curve.name](z)
    torch.autograd.backward(a.sum())
    assert z.grad is not None
    assert [curve.value(x) for x in ZS] == pytest.approx(a.tolist(), abs=1e-12)
    assert [curve.slope(x) for x in ZS] == pytest.approx(z.grad.tolist(), abs=1e-12)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_peak_is_the_largest_slope(curve: Curve) -> None:
    place, height = curve.peak
    steps = [step / 1000 for step in range(-8000, 8001)]
    assert max(curve.slope(z) for z in steps) == pytest.approx(height, abs=1e-6)
    at_peak = max(curve.slope(place), curve.slope(place + 1e-9))  # a kink's slope is that of one side
    assert at_peak == pytest.approx(height)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "identity", "sigmoid_beta"])
def test_a_slope_is_what_a_net_of_that_activation_goes_back_with(name: str) -> None:
    curve = next(curve for curve in CURVES if curve.name == name)
    z = torch.tensor(ZS, dtype=torch.float64)
    activation = activations.build(name, 0.05)
    slopes = activation.backward(torch.ones_like(z), activation.forward(z))
    assert [curve.slope(x) for x in ZS] == pytest.approx(slopes.tolist(), abs=1e-12)


@pytest.mark.parametrize("z", ZS)
def test_the_slides_beta_slope_is_a_misprint(z: float) -> None:
    curve = beta_sigmoid(0.05)
    measured = slope_by_difference(curve.value, z)
    assert curve.slope(z) == pytest.approx(measured, abs=1e-8)
    assert (misprinted_slope(z, 0.05) == pytest.approx(measured, abs=1e-3)) == (z == -9.0)


@pytest.mark.parametrize("std", [0.05, 0.897, 1.0, 10.0])
def test_signals_are_those_of_the_engines_theory(std: float) -> None:
    predicted = prediction.predict(scenarios.load("depth-7", [f"model.init.std={std}"])).layers[:-1]
    found = signals(std, 7)
    assert [signal.q for signal in found] == pytest.approx([layer.q for layer in predicted], rel=1e-6)
    assert [signal.chi for signal in found] == pytest.approx([layer.chi for layer in predicted], rel=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.05, 0.2])
def test_what_beta_gains_at_layer_1_is_what_the_engines_theory_says(beta: float) -> None:
    lifted = prediction.predict(scenarios.load("sigmoid-beta", [f"model.beta={beta}"])).layers[0].delta_norm
    plain = prediction.predict(scenarios.load("depth-7")).layers[0].delta_norm
    assert lift(beta, 0.05, 7) == pytest.approx(lifted / plain, rel=1e-6)


def test_a_beta_of_a_twentieth_gains_a_factor_of_3_04() -> None:
    assert lift(0.05, 0.05, 7) == pytest.approx(3.04, abs=0.01)


def test_the_density_is_the_normal_one() -> None:
    reference = NormalDist(1.0, 0.05)
    for x in (0.9, 1.0, 1.07):
        assert density(x, 1.0, 0.05) == pytest.approx(reference.pdf(x))


def test_brightness_counts_every_pixel() -> None:
    pixels = images.sample().pixels
    found = images.brightness(pixels, 24)
    values = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).double() / 255
    assert len(pixels) == 1000 * 784
    assert sum(found.shares) == pytest.approx(1)
    assert found.shares[0] == pytest.approx((values == 0).double().mean().item())
    assert found.mean == pytest.approx(values.mean().item())
    assert found.std == pytest.approx(values.std(correction=0).item())
    assert found.second_moment == pytest.approx(values.square().mean().item())


def test_an_image_is_of_the_class_that_was_asked_for() -> None:
    sample = images.sample()
    for label in range(10):
        assert {sample.labels[sample.of_class(label, which)] for which in range(5)} == {label}


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_a_round_of_the_learning_circle_is_what_autograd_and_sgd_do(activation: str) -> None:
    pixels = images.sample().image(3)
    x = tuple(value / 255 for value in pixels)
    weights = circle.draw_weights(0.2, len(x))
    round_ = circle.go_round(weights, x, 7, activation, 0.5)
    tensors = [
        torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for value in (weights.w1, weights.b1, weights.w2, weights.b2)
    ]
    w1, b1, w2, b2 = tensors
    z1 = w1 @ torch.tensor(x, dtype=torch.float64) + b1
    a1 = activations.build(activation).forward(z1)
    z2 = w2 @ a1 + b2
    for tensor in (z1, a1, z2):
        tensor.retain_grad()
    loss = F.cross_entropy(z2[None], torch.tensor([7]))
    torch.autograd.backward(loss)
    assert round_.loss == pytest.approx(loss.item())
    assert round_.p == pytest.approx(torch.softmax(z2, 0).tolist())
    for ours, tensor in ((round_.d_z1, z1), (round_.d_a1, a1), (round_.d_z2, z2)):
        assert tensor.grad is not None
        assert ours == pytest.approx(tensor.grad.tolist(), abs=1e-12)
    torch.optim.SGD(tensors, lr=0.5).step()
    for matrix, tensor in zip((round_.after.w1, round_.after.w2), (w1, w2), strict=True):
        assert torch.allclose(torch.tensor(matrix, dtype=torch.float64), tensor.detach(), atol=1e-12)
    assert round_.after.b2 == pytest.approx(b2.tolist())


def test_going_round_brings_the_loss_down() -> None:
    x = tuple(value / 255 for value in images.sample().image(0))
    weights = circle.draw_weights(0.05, len(x))
    losses = []
    for _ in range(5):
        gone = circle.go_round(weights, x, images.sample().labels[0], "sigmoid", 0.1)
        weights = gone.after
        losses.append(gone.loss)
    assert losses == sorted(losses, reverse=True)
