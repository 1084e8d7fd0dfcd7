"""The activations' slopes against finite differences, and the operation that normalises the gradient."""

import math

import pytest
import torch
from torch import Tensor, nn

from engine.data.fashion_mnist import Dataset
from engine.networks.activations import build, derivative, normalise_gradient
from engine.theory.curves import CURVES
from tests.engine.lab import course, first_sample, number

Z = torch.linspace(-9, 9, 181, dtype=torch.float64)


def backward_of(z: Tensor, beta: float) -> Tensor:
    return build("sigmoid_beta", beta).backward(torch.ones_like(z), torch.sigmoid(z))


def finite_differences(z: Tensor, beta: float) -> Tensor:
    """Of σ(z) + βz, central."""
    step = 1e-5
    up, down = torch.sigmoid(z + step) + beta * (z + step), torch.sigmoid(z - step) + beta * (z - step)
    return (up - down) / (2 * step)


def test_the_beta_sigmoid_s_forward_pass_is_the_plain_sigmoid_to_the_bit() -> None:
    z = torch.randn(512, 128, generator=torch.Generator().manual_seed(0)) * 10
    assert torch.equal(build("sigmoid_beta", 0.05).forward(z), torch.sigmoid(z))


@pytest.mark.parametrize("beta", [0.0, 0.05, 0.1, 1.0])
def test_the_beta_sigmoid_s_backward_pass_is_the_slope_of_sigmoid_plus_beta_z(beta: float) -> None:
    torch.testing.assert_close(backward_of(Z, beta), finite_differences(Z, beta), rtol=1e-7, atol=1e-9)


def test_the_slide_s_derivative_fails_the_same_check() -> None:
    sigmoid, beta = torch.sigmoid(Z), 0.05
    misprint = sigmoid * (1 + sigmoid) + beta
    assert not torch.allclose(misprint, finite_differences(Z, beta), rtol=1e-2, atol=1e-2)


def test_the_beta_sigmoid_multiplies_what_comes_from_above() -> None:
    a = torch.sigmoid(torch.tensor([0.0, 2.0]))
    gradient = build("sigmoid_beta", 0.5).backward(torch.tensor([3.0, -1.0]), a)
    slope = 1 / (1 + math.exp(-2)) * (1 - 1 / (1 + math.exp(-2)))
    assert gradient.tolist() == pytest.approx([3 * 0.75, -(slope + 0.5)])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "identity", "leaky_relu", "elu", "silu", "gelu"])
def test_back_through_an_activation_is_autograd_s_to_the_bit(name: str) -> None:
    activation, above = build(name), torch.linspace(-2, 3, len(Z), dtype=torch.float64)
    z = Z.clone().requires_grad_()
    a = activation.forward(z)
    torch.autograd.backward(a, above)
    assert z.grad is not None
    kept = z.detach() if activation.keeps_z else a.detach()
    assert torch.equal(activation.backward(above, kept), z.grad)
    torch.testing.assert_close(above * derivative(name, kept), z.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("leaky_relu", nn.LeakyReLU()), ("elu", nn.ELU()), ("silu", nn.SiLU()), ("gelu", nn.GELU())],
)
def test_an_activation_and_its_slope_are_pytorch_s_own_and_those_of_the_theory_page(
    name: str, plain: nn.Module
) -> None:
    z = torch.randn(64, 33, generator=torch.Generator().manual_seed(0)) * 5
    assert torch.equal(build(name).forward(z), plain(z))
    curve = next(curve for curve in CURVES if curve.name == name)
    a = build(name).forward(Z)
    slopes = derivative(name, Z if build(name).keeps_z else a)
    assert a.tolist() == pytest.approx([curve.value(float(each)) for each in Z], abs=1e-12)
    assert slopes.tolist() == pytest.approx([curve.slope(float(each)) for each in Z], abs=1e-12)


def test_an_unknown_activation_is_refused() -> None:
    with pytest.raises(KeyError):
        build("softplus")
    with pytest.raises(KeyError):
        derivative("softplus", Z)


def test_beta_raises_layer_1_s_delta_about_threefold_at_the_start(sample_data: Dataset) -> None:
    plain = course(7)
    raised = course(7, {"model.activation": "sigmoid_beta", "model.beta": 0.05})
    factors = []
    for seed in range(4):
        with_beta = first_sample(raised, sample_data, seed).layers[0].delta_norm
        without = first_sample(plain, sample_data, seed).layers[0].delta_norm
        factors.append(number(with_beta) / number(without))
    assert sum(factors) / len(factors) == pytest.approx(3.04, abs=0.1)


def test_beta_leaves_the_output_layer_s_gradient_as_it_is(sample_data: Dataset) -> None:
    plain = first_sample(course(3), sample_data).layers[-1]
    raised = course(3, {"model.activation": "sigmoid_beta", "model.beta": 0.05})
    assert first_sample(raised, sample_data).layers[-1] == plain


def test_the_normalised_gradient_has_mean_0_and_deviation_1_over_the_whole_tensor() -> None:
    above = torch.rand(5, 3, dtype=torch.float64) * 1e-3
    gradient = normalise_gradient(above)
    torch.testing.assert_close(gradient * (above.std() + 1e-6) + above.mean(), above)
    assert gradient.mean().item() == pytest.approx(0, abs=1e-12)
    assert gradient.std().item() == pytest.approx(1, rel=1e-2)


def test_with_normalised_gradients_no_layer_s_delta_is_smaller_than_the_next(sample_data: Dataset) -> None:
    layers = first_sample(course(5, {"model.gradient": "normalised"}), sample_data).layers[:-1]
    size = math.sqrt(512 * 128 - 1)
    deltas = [number(layer.delta_norm) for layer in layers]
    # The topmost gradient is not large beside the 1e-6 in the denominator; below it all are of length 1.
    assert deltas[:-1] == pytest.approx([size] * 4, rel=1e-3)
