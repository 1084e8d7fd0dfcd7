import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

import scenarios
from engine.data.fashion_mnist import Dataset, scaled
from engine.meanfield import gaussian
from engine.meanfield.output_error import output_error
from engine.meanfield.pairs import Pairs, Signal
from engine.meanfield.prediction import FASHION_MNIST, Prediction, predict, sigma_w2
from engine.networks.initializers import initialise
from engine.networks.losses import LOSSES
from scenarios.schema import Init, NormalInit, ScaledInit

ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "gelu"]


def prediction(scenario_id: str, *overrides: str) -> Prediction:
    return predict(scenarios.load(scenario_id, overrides))


def values(activation: str, z: torch.Tensor) -> torch.Tensor:
    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "identity": torch.clone,
        "leaky_relu": torch.nn.LeakyReLU(),
        "elu": torch.nn.ELU(),
        "silu": torch.nn.SiLU(),
        "gelu": torch.nn.GELU(),
    }
    return functions[activation](z)


def slopes(activation: str, z: torch.Tensor) -> torch.Tensor:
    z = z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(values(activation, z).sum(), z)
    return slope


# ----------------------------------------------------------------------------------- expectations


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("q", [1e-6, 0.08, 1.0, 60.0, 6000.0])
def test_single_sample_expectations_equal_a_brute_force_integral(activation: str, q: float) -> None:
    u = torch.linspace(-12, 12, 400_000, dtype=torch.float64)
    density = torch.exp(-u * u / 2) * (u[1] - u[0]) / math.sqrt(2 * math.pi)
    z = u * math.sqrt(q)
    phi, slope = values(activation, z), slopes(activation, z)
    for found, expected in (
        (gaussian.mean(activation, q), (phi * density).sum().item()),
        (gaussian.product(activation, q, q), (phi * phi * density).sum().item()),
        (gaussian.slope_product(activation, q, q), (slope * slope * density).sum().item()),
    ):
        assert found == pytest.approx(expected, rel=5e-5, abs=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("q", "c"), [(0.1, 0.09), (1.0, -0.3), (1.0, 0.0), (50.0, 45.0), (3000.0, 100.0)])
def test_two_sample_expectations_equal_a_brute_force_integral(activation: str, q: float, c: float) -> None:
    x = torch.linspace(-8, 8, 1200, dtype=torch.float64)
    density = torch.exp(-x * x / 2) * (x[1] - x[0]) / math.sqrt(2 * math.pi)
    u = math.sqrt(q) * x[:, None]
    v = c / q * u + math.sqrt(q - c * c / q) * x[None, :]  # Cholesky, not the shared part used there
    for function, found in (
        (values, gaussian.product(activation, q, c)),
        (slopes, gaussian.slope_product(activation, q, c)),
    ):
        at_u, at_v = function(activation, u).expand(-1, len(x)), function(activation, v)
        expected = torch.einsum("i,ij,ij,j->", density, at_u, at_v, density).item()
        assert found == pytest.approx(expected, rel=2e-3, abs=1e-9)


def test_two_samples_that_are_nearly_one_meet_the_single_sample() -> None:
    for q in (0.08, 60.0):
        for activation in ("sigmoid", "elu", "silu", "gelu"):
            near = gaussian.product(activation, q, q * (1 - 1e-9))
            assert near == pytest.approx(gaussian.product(activation, q, q), rel=1e-6)
            near = gaussian.slope_product(activation, q, q * (1 - 1e-9))
            assert near == pytest.approx(gaussian.slope_product(activation, q, q), rel=1e-3)


def test_beta_is_added_to_the_slope() -> None:
    z = torch.linspace(-8, 8, 10_001, dtype=torch.float64)
    density = torch.exp(-z * z / 2) * (z[1] - z[0]) / math.sqrt(2 * math.pi)
    expected = ((slopes("sigmoid", z) + 0.05).square() * density).sum().item()
    assert gaussian.slope_product("sigmoid_beta", 1.0, 1.0, 0.05) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", ["cross_entropy", "bce"])
@pytest.mark.parametrize("q", [0.08, 60.0])
def test_output_error_is_that_of_drawn_logits(loss: str, q: float) -> None:
    shares = {"own": 1.0, "same": 0.9, "other": 0.3}
    draw = torch.Generator().manual_seed(0)
    covariances = Pairs(*(q * share for share in shares.values()))
    found = output_error(loss, Signal(covariances, Pairs(q, q, q), 0.0), batch=2)
    for kind, share in shares.items():
        shared, left, right = (torch.randn(20_000, 10, generator=draw) for _ in range(3))
        logits = [
            math.sqrt(q) * (math.sqrt(share) * shared + math.sqrt(1 - share) * e) for e in (left, right)
        ]
        labels = torch.zeros(20_000, dtype=torch.int64), torch.full((20_000,), int(kind == "other"))
        errors = []
        for z, label in zip(logits, labels, strict=True):
            _, error = LOSSES[loss](z, label)
            errors.append(error * 20_000 / 2)  # as in a batch of two
        expected = (errors[0] * errors[1]).sum(1).mean().item()
        assert getattr(found, kind) == pytest.approx(expected, rel=0.04, abs=0.04 * found.own)


# ------------------------------------------------------------------------------ known predictions


@pytest.mark.parametrize("std", [0.01, 0.05, 0.3])
def test_chi_of_identity_is_sigma_w2_and_of_relu_half_of_it(std: float) -> None:
    sigma = 128 * std**2
    for name, chi in (("identity", sigma), ("relu", sigma / 2)):
        layers = prediction("depth-7", f'model.activation="{name}"', f"model.init.std={std}").layers
        assert [layer.chi for layer in layers[1:-1]] == pytest.approx([chi] * 6, rel=1e-6)
        assert layers[-1].chi == pytest.approx(sigma)


@pytest.mark.parametrize(
    ("scenario_id", "expected", "tolerance"),
    [
        ("linear-exploding", 0.1, 1e-6),
        ("linear-vanishing", 10.0, 1e-6),
        ("depth-7", 7.21, 0.005),
        ("relu", 2.5, 1e-6),
        ("relu-he", 1.0, 1e-6),
        ("init-std-1", 0.95, 0.005),
        ("init-std-10", 1 / 3.2, 0.01),
        ("sigmoid-critical", 1.0, 0.005),
        ("customnorm", 2.558, 0.001),
        ("layernorm", 2.558, 0.001),
        ("gradnorm", 1.0, 0.005),
    ],
)
def test_delta_factor_is_the_known_one(scenario_id: str, expected: float, tolerance: float) -> None:
    assert prediction(scenario_id).delta_factor == pytest.approx(expected, abs=tolerance)


def test_batchnorm_is_the_naive_formula_to_one_percent() -> None:
    variance = gaussian.product("sigmoid", 1.0, 1.0) - gaussian.mean("sigmoid", 1.0) ** 2
    naive = gaussian.slope_product("sigmoid", 1.0, 1.0) / variance
    assert [layer.chi for layer in prediction("batchnorm").layers[1:-1]] == pytest.approx(
        [naive] * 6, rel=0.01
    )


def test_beta_raises_the_first_layers_delta_threefold() -> None:
    plain, raised = prediction("depth-7").layers[0], prediction("sigmoid-beta").layers[0]
    assert raised.delta_norm / plain.delta_norm == pytest.approx(3.04, abs=0.01)


def relative_deltas(scenario_id: str) -> list[float]:
    """The hidden layers' delta norms, in parts of the last hidden layer's."""
    norms = [layer.delta_norm for layer in prediction(scenario_id).layers[:-1]]
    return [norm / norms[-1] for norm in norms]


def test_skips_carry_the_delta_past_the_layers_between() -> None:
    shares, plain = relative_deltas("skip"), relative_deltas("depth-7")
    assert shares[3] == pytest.approx(1.0, rel=1e-4)  # layer 4 is added to layer 7, the last
    assert shares[4:] == pytest.approx(plain[4:], rel=0.3)


def test_critical_std_is_where_a_deep_net_passes_the_gradient_on_unchanged() -> None:
    sigma = 128 * 0.897**2
    q = 1.0
    for _ in range(200):  # from layer to layer it settles
        q = sigma * gaussian.product("sigmoid", q, q)
    assert sigma * gaussian.slope_product("sigmoid", q, q) == pytest.approx(1.0, abs=0.001)
    assert q == pytest.approx(sigma * gaussian.product("sigmoid", q, q))


def test_staged_scenario_is_predicted_for_its_first_stage() -> None:
    layers = prediction("staged").layers
    assert [layer.name for layer in layers] == ["layer1", "layer2", "output"]
    assert layers[-1].chi == pytest.approx(1 / 3)  # PyTorch's own output layer


def test_optimizers_share_one_prediction() -> None:
    assert prediction("adam") is prediction("momentum")


@pytest.mark.parametrize(
    "init",
    [
        NormalInit(scheme="normal", std=0.3),
        ScaledInit(scheme="xavier", gain=1.5),
        ScaledInit(scheme="he", gain=0.7),
        ScaledInit(scheme="orthogonal", gain=2.0),
    ],
)
@pytest.mark.parametrize(("fan_in", "fan_out"), [(784, 128), (128, 128), (128, 10), (784, 1000)])
def test_sigma_w2_is_that_of_drawn_weights(init: Init, fan_in: int, fan_out: int) -> None:
    weight = torch.empty(fan_out, fan_in)
    initialise(weight, init, torch.Generator().manual_seed(0))
    drawn = fan_in * weight.square().mean().item()
    assert sigma_w2(init, fan_in, fan_out) == pytest.approx(drawn, rel=0.1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", ["none", "batch", "layer", "custom"])
@pytest.mark.parametrize("std", [1e-200, 1e-9, 1000.0])
def test_no_scenario_is_too_extreme_to_predict(activation: str, norm: str, std: float) -> None:
    overrides = (f'model.activation="{activation}"', f'model.norm="{norm}"', f"model.init.std={std}")
    assert len(prediction("depth-7", *overrides, "model.hidden_layers=3").layers) == 4
    assert prediction("depth-7", *overrides, "model.hidden_layers=1").delta_factor is None


@pytest.mark.parametrize(("activation", "chi"), [("identity", 128e-6), ("relu", 64e-6)])
def test_delta_below_the_range_of_a_float_leaves_the_factor(activation: str, chi: float) -> None:
    overrides = (f'model.activation="{activation}"', "model.init.std=0.001", "model.hidden_layers=256")
    deep = prediction("depth-7", *overrides)
    assert deep.layers[0].delta_norm == 0
    assert deep.delta_factor == pytest.approx(chi**-0.5)


def test_predicting_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, scenarios; from engine.meanfield.prediction import predict; "
        "predict(scenarios.load('depth-3')); "
    )
    done = subprocess.run(
        [sys.executable, "-c", code + "print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert not {"torch", "numpy", "torchvision"} & set(done.stdout.split())


@pytest.mark.full_data
def test_the_whole_sets_images_are_the_ones_assumed(full_data: Dataset) -> None:
    images, labels = scaled(full_data.train_images), full_data.train_labels
    size = images.square().mean(1, dtype=torch.float64).sqrt()
    sums = torch.stack([images[labels == k].sum(0, dtype=torch.float64) for k in range(10)]) / math.sqrt(784)
    sizes = torch.stack([size[labels == k].sum() for k in range(10)])[:, None]
    own = size.square().sum().item()
    for found, expected in ((sums, FASHION_MNIST.products), (sizes, FASHION_MNIST.sizes)):
        within = found.square().sum().item()
        across = found.sum(0).square().sum().item() - within
        pairs = own / 60_000, (within - own) / (10 * 6000 * 5999), across / (90 * 6000**2)
        assert pairs == pytest.approx(expected, abs=5e-5)
    assert images.mean().item() == pytest.approx(FASHION_MNIST.mean, abs=5e-5)
