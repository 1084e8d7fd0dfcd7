"""How weights are drawn."""

import math

import pytest
import torch
from torch import nn

from engine.networks.initializers import initialise, initialise_as_pytorch
from engine.networks.mlp import build_hidden
from engine.randomness import generator
from scenarios.schema import NormalInit, ScaledInit
from tests.engine.lab import course


def drawn(init: NormalInit | ScaledInit, shape: tuple[int, int] = (400, 784)) -> torch.Tensor:
    weight = torch.empty(shape)
    initialise(weight, init, generator(1, "init"))
    return weight


@pytest.mark.parametrize(
    ("init", "std"),
    [
        (NormalInit(scheme="normal", std=0.05), 0.05),
        (NormalInit(scheme="normal", std=10.0), 10.0),
        (ScaledInit(scheme="he"), math.sqrt(2 / 784)),
        (ScaledInit(scheme="he", gain=3.0), 3 * math.sqrt(2 / 784)),
        (ScaledInit(scheme="xavier"), math.sqrt(2 / (784 + 400))),
        (ScaledInit(scheme="xavier", gain=0.5), 0.5 * math.sqrt(2 / (784 + 400))),
    ],
    ids=str,
)
def test_deviations_are_those_of_the_scheme(init: NormalInit | ScaledInit, std: float) -> None:
    weight = drawn(init)
    assert weight.std().item() == pytest.approx(std, rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=0.01 * std)


def test_orthogonal_rows_are_orthogonal_and_as_long_as_the_gain() -> None:
    weight = drawn(ScaledInit(scheme="orthogonal", gain=2.0), (20, 50)).double()
    torch.testing.assert_close(weight @ weight.T, 4 * torch.eye(20, dtype=torch.float64), atol=1e-5, rtol=0)


def test_every_linear_layer_is_drawn_by_the_scheme_and_biases_start_at_0() -> None:
    hidden, output = build_hidden(course(7).mlp, 1, torch.device("cpu"))
    layers = [*hidden, output]
    assert [tuple(layer.weight.shape) for layer in layers] == [(128, 784), *[(128, 128)] * 6, (10, 128)]
    for layer in layers:
        assert layer.weight.std().item() == pytest.approx(0.05, rel=0.06)
        assert not layer.bias.any()


def test_a_fresh_output_layer_is_drawn_as_pytorch_draws_one() -> None:
    """Both uniform within 1/√fan-in, weight and bias."""
    ours, torch_s = nn.Linear(64, 4000), nn.Linear(64, 4000)
    initialise_as_pytorch(ours, generator(1, "head", 1))
    for mine, theirs in zip(ours.parameters(), torch_s.parameters(), strict=True):
        assert mine.abs().max().item() == pytest.approx(1 / 8, rel=0.01)
        assert mine.std().item() == pytest.approx(theirs.std().item(), rel=0.05)
