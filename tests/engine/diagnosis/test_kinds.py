"""Verdicts of the kinds of network that autograd trains."""

from typing import Any

import pytest

import scenarios
from engine.diagnosis import Diagnosis, wording
from engine.protocol.spec import LayerSpec, RunSpec
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.events import LayerSample, Sample, StageStarted, VerdictChanged

AT: dict[str, Any] = {"run": "run", "epoch": 1, "stage": 1, "time": 0.0}


def verdicts(
    scenario_id: str, deltas: list[float], *, update: float = 0.02, cell: float = 0.02
) -> list[VerdictChanged]:
    """What is said of twenty equal samples with these dL/dh, from the input to the last hidden place."""
    spec = RunSpec.of(scenarios.load(scenario_id).resolved())
    hidden = [
        LayerSample(
            name=name,
            grad_norm=delta,
            delta_norm=delta,
            update_ratio=update if delta > 1e-6 else 1e-9,
            unmoved=0.0,
            weight_norm=1.0,
            activation_mean=0.1,
            activation_std=1.0,
            sample_std=0.9,
            dead=0.0,
        )
        for name, delta in zip(spec.hidden_names, deltas, strict=True)
    ]
    output = LayerSample(name="output", grad_norm=0.1, delta_norm=0.05, update_ratio=0.01, weight_norm=1.0)
    diagnosis = Diagnosis(spec)
    said = diagnosis.follow(StageStarted(**AT, step=0, trainable=spec.layer_names, frozen=()))
    for step in range(1, 21):
        weights = [
            LayerSample(name=each.name, grad_norm=0.1, update_ratio=cell, unmoved=0.0, weight_norm=1.0)
            for each in spec.layers
            if each.role == "weights"
        ]
        layers = (*weights, *hidden, output)
        said += diagnosis.follow(Sample(**AT, step=step, loss=2.3, accuracy=0.1, lr=0.05, layers=layers))
    return said


def powers(factor: float, places: int = 10) -> list[float]:
    """A gradient of 0.01 at the last place, which each place multiplies by `factor` on its way back."""
    return [0.01 * factor ** (places - number) for number in range(1, places + 1)]


def test_a_vanishing_gradient_is_named_by_blocks_and_its_cures_are_of_the_same_kind() -> None:
    (vanishing,) = (each for each in verdicts("plain-20", powers(1 / 7.5)) if each.kind == "vanishing")
    assert vanishing.layer == "stem"
    assert "passes on 1/7.5 of the gradient; stem gets" in vanishing.text
    assert vanishing.suggestions == ("resnet-20", "plain-20-batchnorm")


def test_what_a_network_has_already_is_not_suggested() -> None:
    (exploding,) = (each for each in verdicts("resnet-20", powers(2.0)) if each.kind == "exploding")
    assert exploding.suggestions == ()
    (exploding,) = (each for each in verdicts("plain-20-batchnorm", powers(2.0)) if each.kind == "exploding")
    assert exploding.suggestions == ("resnet-20",)


def test_a_gradient_that_is_lost_in_time_is_named_by_time_steps() -> None:
    (vanishing,) = (each for each in verdicts("rnn-rows", powers(1 / 1.9, 28)) if each.kind == "vanishing")
    assert (vanishing.layer, vanishing.since_step) == ("t1", 1)
    assert "back through time each step passes on 1/1.9 of the gradient; t1 gets" in vanishing.text
    assert vanishing.suggestions == ("lstm-rows", "gru-rows", "rnn-orthogonal")


def test_a_gradient_that_explodes_in_time_is_a_fault_if_the_cell_s_steps_are_large() -> None:
    said = verdicts("rnn-explodes", powers(1.5, 28))
    (exploding,) = (each for each in said if each.kind == "exploding")
    assert "each step multiplies the gradient by 1.5; t1 gets 5.7e4 times what t28 gets" in exploding.text
    assert exploding.suggestions == ("rnn-clipped", "rnn-orthogonal", "lstm-rows")
    small = verdicts("rnn-clipped", powers(1.5, 28), cell=0.001)
    assert "exploding" not in {each.kind for each in small}


def test_time_steps_that_get_the_same_gradient_are_healthy() -> None:
    (healthy,) = (each for each in verdicts("gru-rows", powers(1.01, 28)) if each.kind == "healthy")
    assert healthy.text.startswith("From the first time step to the last")


@pytest.mark.parametrize("factor", [1.4, 1 / 1.4])
def test_what_healthy_networks_of_blocks_have_is_no_fault(factor: float) -> None:
    said = verdicts("plain-20-batchnorm", powers(factor))  # 20 times in all: a fault in a perceptron
    assert not {each.kind for each in said} & {"vanishing", "exploding"}


def test_names_that_are_counted_are_given_as_ranges() -> None:
    names = ("stem", "block1", "block2", "block3", "block7", "block8", "output")
    layers = [LayerSpec(name=name, role="output" if name == "output" else "hidden") for name in names]
    text = wording.began(Finding("frozen", layers=names), layers)
    assert text.startswith("Stem, block1 to block3, block7, block8 and the output layer: frozen")
