"""The cause of vanishing with activations whose output does not tell the slope."""

import math
from typing import Any

import pytest
import torch

from engine.diagnosis import Diagnosis
from engine.diagnosis.slopes import BY_SIZE, mean_square
from engine.networks import activations
from engine.protocol.spec import RunSpec
from tests.engine.lab import begin, course, of_kind, random_data, train
from tests.engine.made_up_runs import MadeUpRun, geometric, layers
from vanish_recorder.protocol.events import VerdictChanged

CAUSES = {
    "leaky_relu": "pass only a hundredth on",
    "elu": "its slope falls towards 0",
    "silu": "its slope is a half at 0",
    "gelu": "its slope is a half at 0",
}


@pytest.mark.parametrize("activation", sorted(BY_SIZE))
@pytest.mark.parametrize("deviation", [0.01, 0.3, 1.0, 5.0])
def test_the_slope_is_that_of_gaussian_inputs(activation: str, deviation: float) -> None:
    z = torch.randn(400_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * deviation
    function = activations.build(activation)
    a = function.forward(z)
    slopes = function.backward(torch.ones_like(z), z if function.keeps_z else a)
    size = a.square().mean().sqrt().item()
    assert mean_square(activation, size) == pytest.approx(slopes.square().mean().item(), rel=0.02)


def test_it_ends_at_both_ends_of_its_table() -> None:
    for activation in BY_SIZE:
        for size in (1e-30, 1e30):
            assert 0.2 < mean_square(activation, size) <= 1.0


@pytest.mark.parametrize("activation", CAUSES)
def test_a_made_up_run_has_its_cause(activation: str) -> None:
    size, weights = 0.1, 0.5  # ‖W‖/√width
    factor = math.sqrt(mean_square(activation, size)) * weights
    run = MadeUpRun({"model.activation": activation, "model.width": 128})
    profile = layers(
        delta_norm=geometric(1e-2, 1 / factor),
        update_ratio=1e-6,
        activation_mean=0.0,
        activation_std=size,
        sample_std=0.1,
        weight_norm=weights * math.sqrt(128),
        saturated=None,
    )
    run.measure(*[profile] * 5)
    assert CAUSES[activation] in run.holding["vanishing"].text


@pytest.mark.parametrize("activation", CAUSES)
def test_a_gradient_that_the_weights_do_not_explain_has_no_cause(activation: str) -> None:
    run = MadeUpRun({"model.activation": activation})
    run.measure(*[layers(delta_norm=geometric(1e-2, 50.0), update_ratio=1e-6, saturated=None)] * 5)
    assert not any(cause in run.holding["vanishing"].text for cause in CAUSES.values())


@pytest.mark.parametrize("activation", CAUSES)
def test_a_real_run_has_its_cause(activation: str) -> None:
    changes: dict[str, Any] = {"model.activation": activation, "model.width": 64, "model.init.std": 0.06}
    scenario = course(7, {"data.batch_size": 64, **changes})
    trainer, events = begin(scenario, random_data(320))
    train(trainer, 5)
    diagnosis = Diagnosis(RunSpec.of(scenario.resolved()))
    said = [verdict for event in events for verdict in diagnosis.follow(event)]
    vanishing = [each for each in of_kind(said, VerdictChanged) if each.kind == "vanishing"]
    assert CAUSES[activation] in vanishing[0].text
