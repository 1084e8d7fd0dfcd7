"""χ and ξ against closed forms, an independent integral, plain iteration and the engine's first gradients.

This file is longer than 300 lines because each kind of activation settles in another way, and all are held
to the same independent integral.
"""

import math
import subprocess
import sys
from collections.abc import Callable
from statistics import fmean

import pytest
import torch
from torch import Tensor, nn

import scenarios
from engine.data.fashion_mnist import Dataset, scaled
from engine.meanfield.depth_scale import (
    DepthScale,
    depth_scale,
    depth_scale_of,
    why_no_depth_scale,
    with_fixed_point,
)
from engine.meanfield.prediction import predict
from engine.networks.backprop import backpropagate
from engine.networks.losses import LOSSES
from engine.networks.mlp import Network, Tape, build_hidden

ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "sigmoid_beta", "leaky_relu", "elu", "silu", "gelu")

U = torch.linspace(-12, 12, 40_001, dtype=torch.float64)
DENSITY = torch.exp(-U * U / 2) * (U[1] - U[0]) / math.sqrt(2 * math.pi)


def at_variance(activation: str, q: float) -> tuple[Tensor, Tensor]:
    """φ and φ' at Gaussian z of variance q, on a dense grid."""
    z = (math.sqrt(q) * U).requires_grad_()
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "tanh": torch.tanh,
        "elu": nn.ELU(),
        "silu": nn.SiLU(),
        "gelu": nn.GELU(),
    }
    value = functions.get(activation, torch.sigmoid)(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope


def mean(values: Tensor) -> float:
    return float((values * DENSITY).sum())


def of_scenario(scenario_id: str, *overrides: str) -> DepthScale:
    found = depth_scale(scenarios.load(scenario_id, overrides))
    assert found is not None
    return found


# ----------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("sigma_w2", [1e-9, 0.3, 1.0, 1.9, 2.0, 2.1, 50.0])
def test_chi_of_the_identity_is_sigma_w2_and_of_relu_half_of_it(sigma_w2: float) -> None:
    assert depth_scale_of("identity", sigma_w2).chi == pytest.approx(sigma_w2, rel=1e-12)
    assert depth_scale_of("relu", sigma_w2).chi == pytest.approx(sigma_w2 / 2, rel=1e-12)


def test_relu_with_he_weights_neither_vanishes_nor_explodes_and_keeps_any_variance() -> None:
    found = of_scenario("relu-he")
    assert found.chi == pytest.approx(1.0)
    assert (found.xi, found.reach, found.q) == (None, None, None)
    assert depth_scale_of("relu", 1.98).q == 0
    assert depth_scale_of("relu", 2.02).q == math.inf
    assert depth_scale_of("relu", 1.0, sigma_b2=0.1).q == pytest.approx(0.2)
    assert depth_scale_of("identity", 0.5, sigma_b2=0.1).q == pytest.approx(0.2)


@pytest.mark.parametrize("sigma_w2", [1e-12, 0.1, 0.5, 0.999])
def test_tanh_with_small_weights_is_linear(sigma_w2: float) -> None:
    found = depth_scale_of("tanh", sigma_w2)
    assert found.q == 0
    assert found.chi == pytest.approx(sigma_w2, rel=1e-9)


def test_edge_of_chaos_of_tanh_without_biases_is_at_sigma_w_1() -> None:
    below, at, above = (depth_scale_of("tanh", sigma_w2) for sigma_w2 in (0.98, 1.0, 1.3))
    assert below.chi < 1
    assert at.chi == pytest.approx(1.0)
    assert at.xi is None
    assert above.chi > 1
    # Near the edge q* = (σ_w² − 1)/2, from E[tanh²] = q − 2q² + ...
    assert depth_scale_of("tanh", 1.001).q == pytest.approx(0.0005, rel=0.01)


def test_sigmoid_with_tiny_weights_has_chi_sigma_w2_over_16() -> None:
    for sigma_w2 in (1e-12, 1e-6, 1e-3):
        found = depth_scale_of("sigmoid", sigma_w2)
        assert found.chi == pytest.approx(sigma_w2 / 16, rel=1e-3)
        assert found.q == pytest.approx(sigma_w2 / 4, rel=1e-3)
    with_beta = depth_scale_of("sigmoid_beta", 1e-6, beta=0.05)
    assert with_beta.chi == pytest.approx(1e-6 * 0.3**2, rel=1e-3)


def test_known_scenarios() -> None:
    assert math.sqrt(of_scenario("depth-7").chi) == pytest.approx(1 / 7.21, abs=1e-4)
    assert of_scenario("sigmoid-critical").chi == pytest.approx(1.0, abs=0.001)
    assert of_scenario("init-std-1").factor == pytest.approx(1.05, abs=0.005)


# ---------------------------------------------------------------------------- the sign of ξ, and 6 ξ


def test_xi_is_the_number_of_layers_over_which_the_squared_gradient_changes_by_e() -> None:
    for sigma_w2 in (0.2, 0.9, 5.0, 100.0):
        for activation in ACTIVATIONS:
            found = depth_scale_of(activation, sigma_w2)
            assert found.xi is not None
            assert found.reach is not None
            assert found.chi**found.xi == pytest.approx(1 / math.e)
            assert (found.xi > 0) == (found.chi < 1)
            grown = found.factor**found.reach
            assert max(grown, 1 / grown) == pytest.approx(math.e**3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sigma_w2", [0.0, 5e-324, 1e-200, 1e-12, 1 + 1e-12, 1 + 1e-6, 1e10, 1e300])
def test_no_size_of_the_weights_is_too_extreme(activation: str, sigma_w2: float) -> None:
    found = depth_scale_of(activation, sigma_w2)
    assert math.isfinite(found.chi)
    assert found.chi >= 0
    assert found.xi is None or math.isfinite(found.xi)


# ------------------------------------------------------------------------------- the fixed point


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "sigmoid_beta"])
@pytest.mark.parametrize("sigma_w2", [0.32, 0.95, 1.05, 2.0, 10.0, 103.0, 1000.0])
@pytest.mark.parametrize("sigma_b2", [0.0, 0.05])
def test_fixed_point_and_chi_are_those_of_an_independent_integral(
    activation: str, sigma_w2: float, sigma_b2: float
) -> None:
    found = depth_scale_of(activation, sigma_w2, sigma_b2=sigma_b2, beta=0.05)
    assert found.q is not None
    value, slope = at_variance(activation, found.q)
    assert sigma_w2 * mean(value**2) + sigma_b2 == pytest.approx(found.q, rel=2e-5)
    beta = 0.05 if activation == "sigmoid_beta" else 0.0
    assert found.chi == pytest.approx(sigma_w2 * mean((slope + beta) ** 2), rel=3e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("sigma_w2", [0.32, 0.9, 1.5, 10.0, 103.0])
@pytest.mark.parametrize("start", [0.01, 1000.0])
def test_plain_iteration_from_any_start_ends_at_the_fixed_point(
    activation: str, sigma_w2: float, start: float
) -> None:
    q = start
    for _ in range(200):
        q = sigma_w2 * mean(at_variance(activation, q)[0] ** 2)
    assert q == pytest.approx(depth_scale_of(activation, sigma_w2).q, rel=2e-5, abs=1e-9)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "sigmoid_beta"])
@pytest.mark.parametrize("q", [0.01, 1.0, 50.0])
def test_a_fixed_point_leads_back_to_its_weights(activation: str, q: float) -> None:
    found = with_fixed_point(activation, q, beta=0.05)
    again = depth_scale_of(activation, found.sigma_w2, beta=0.05)
    assert again.q == pytest.approx(q, rel=1e-4)
    assert again.chi == pytest.approx(found.chi, rel=1e-4)


@pytest.mark.parametrize("sigma_w2", [1.2, 1.5, 1.9])
def test_elu_settles_between_sigma_w2_1_and_2_as_plain_iteration_does(sigma_w2: float) -> None:
    found = depth_scale_of("elu", sigma_w2)
    assert found.q is not None
    q = 1.0
    for _ in range(400):
        q = sigma_w2 * mean(at_variance("elu", q)[0] ** 2)
    assert found.q == pytest.approx(q, rel=1e-4)
    assert found.chi == pytest.approx(sigma_w2 * mean(at_variance("elu", q)[1] ** 2), rel=1e-4)


def test_elu_fades_like_the_identity_below_sigma_w2_1_and_grows_like_relu_from_2_on() -> None:
    below, above = depth_scale_of("elu", 0.9), depth_scale_of("elu", 2.5)
    assert (below.q, above.q) == (0.0, math.inf)
    assert (below.chi, above.chi) == pytest.approx((0.9, 1.25))
    assert depth_scale_of("elu", 2.0).chi == pytest.approx(1.0)


@pytest.mark.parametrize("activation", ["silu", "gelu"])
@pytest.mark.parametrize("sigma_w2", [1.0, 1.99, 2.5, 3.5, 4.5])
@pytest.mark.parametrize("first_q", [0.05, 1.0, 30.0])
def test_silu_and_gelu_fade_or_grow_as_plain_iteration_from_the_first_layer_does(
    activation: str, sigma_w2: float, first_q: float
) -> None:
    found, q = depth_scale_of(activation, sigma_w2, first_q=first_q), first_q
    for _ in range(200):
        if not 1e-4 < q < 1e4:
            break
        q = sigma_w2 * mean(at_variance(activation, q)[0] ** 2)
    assert found.q == (math.inf if q > first_q else 0.0)
    # Small z are halved on both sides of 0; of large z one half passes unchanged.
    assert found.chi == pytest.approx(sigma_w2 / (2 if found.q else 4))


def test_of_a_scenario_with_gelu_the_first_layer_decides() -> None:
    wide = ("model.activation=gelu", "model.init.std=0.15")  # σ_w² = 2.88 between equal layers
    assert of_scenario("depth-7", *wide).q == math.inf
    assert of_scenario("depth-7", *wide[:1], "model.init={scheme='he', gain=1.1}").q == 0.0


def test_silu_and_gelu_are_known_without_biases_only() -> None:
    with pytest.raises(NotImplementedError):
        depth_scale_of("gelu", 1.0, sigma_b2=0.1)


@pytest.mark.parametrize("sigma_w2", [0.5, 2 / 1.0001, 3.0])
def test_chi_of_leaky_relu_is_half_of_sigma_w2_plus_its_leak(sigma_w2: float) -> None:
    assert depth_scale_of("leaky_relu", sigma_w2).chi == pytest.approx(sigma_w2 * 1.0001 / 2, rel=1e-12)


# ------------------------------------------------------------------------------------ scenarios


@pytest.mark.parametrize(
    ("scenario_id", "reason"),
    [
        ("skip", "a skip connection carries the gradient past layers"),
        ("batchnorm", "a normalisation sets the variance of z at each layer"),
        ("customnorm", "a normalisation sets the variance of z at each layer"),
        ("layernorm", "a normalisation sets the variance of z at each layer"),
        ("gradnorm", "the gradient is normalised at each layer"),
        ("resnet-20", "theory is about fully connected layers"),
        ("staged", "its stages add layers, so its depth changes"),
    ],
)
def test_where_it_is_not_defined_a_clause_says_why(scenario_id: str, reason: str) -> None:
    scenario = scenarios.load(scenario_id)
    assert depth_scale(scenario) is None
    assert why_no_depth_scale(scenario) == reason


def test_every_scenario_has_a_depth_scale_or_a_reason() -> None:
    for entry in scenarios.entries():
        scenario = scenarios.load(entry.id)
        assert (depth_scale(scenario) is None) == bool(why_no_depth_scale(scenario))


@pytest.mark.parametrize("std", [0.05, 0.5, 3.0])
def test_logits_of_a_deep_network_start_with_the_variance_of_the_fixed_point(std: float) -> None:
    overrides = (f"model.init.std={std}", "model.hidden_layers=12")
    logits = predict(scenarios.load("depth-7", overrides)).layers[-1]
    assert logits.q == pytest.approx(of_scenario("depth-7", *overrides).q, rel=1e-3)


def test_depth_does_not_matter_and_the_scheme_does() -> None:
    assert of_scenario("depth-3") == of_scenario("depth-7")
    xavier = of_scenario("depth-7", 'model.activation="tanh"', 'model.init={scheme="xavier"}')
    assert xavier.sigma_w2 == pytest.approx(1.0)
    assert xavier.xi is None
    assert of_scenario("sigmoid-beta").chi > of_scenario("depth-7").chi


# -------------------------------------------------------------------------------- the engine


@pytest.mark.parametrize(
    "overrides",
    [
        ("model.init.std=0.025",),
        ("model.init.std=0.2",),
        ('model.activation="sigmoid_beta"', "model.beta=0.1", "model.init.std=0.1"),
        ('model.activation="tanh"', "model.init.std=0.035"),
        ('model.activation="tanh"', "model.init.std=0.07"),
        ('model.activation="relu"', "model.init.std=0.05"),
        ('model.activation="relu"', 'model.init={scheme="he"}'),
        ('model.activation="identity"', "model.init.std=0.05"),
        ('model.activation="leaky_relu"', 'model.init={scheme="he"}'),
        ('model.activation="elu"', "model.init.std=0.035"),
        ('model.activation="silu"', "model.init.std=0.035"),
        ('model.activation="gelu"', "model.init.std=0.035"),
        ('model.activation="gelu"', "model.init.std=0.2"),
    ],
    ids=lambda overrides: " ".join(overrides),
)
def test_first_gradients_of_wide_networks_change_by_chi_per_layer(
    sample_data: Dataset, overrides: tuple[str, ...]
) -> None:
    layers, settled, draws = 12, 5, 4  # from layer 5 on, q is that of the fixed point
    scenario = scenarios.load("depth-7", ("model.width=512", f"model.hidden_layers={layers}", *overrides))
    images, labels = scaled(sample_data.train_images[:64]), sample_data.train_labels[:64]
    logs = []
    for seed in range(draws):
        network = Network(*build_hidden(scenario.mlp, seed, torch.device("cpu")))
        tape, deltas = Tape(images), dict[int, Tensor]()
        _, error = LOSSES[scenario.training.loss](network(images, tape), labels)
        backpropagate(network, tape, error, deltas.__setitem__)
        upper, lower = (float(deltas[number].double().square().sum()) for number in (layers - 1, settled - 1))
        logs.append(math.log(lower / upper) / (layers - settled))
    expected = depth_scale(scenario)
    assert expected is not None
    assert math.exp(fmean(logs)) == pytest.approx(expected.chi, rel=0.05)


def test_it_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, scenarios; from engine.meanfield.depth_scale import depth_scale; "
        "assert depth_scale(scenarios.load('depth-3')).xi > 0; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "torchvision"} & set(done.stdout.split())
