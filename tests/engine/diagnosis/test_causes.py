"""Why a gradient vanishes or explodes: the cause that the measurements give, or none."""

from typing import Any

import pytest

from tests.engine.made_up_runs import MadeUpRun, geometric, layers
from vanish_recorder.protocol.events import VerdictChanged
from vanish_recorder.protocol.verdicts import severity

GROWN: dict[str, Any] = {"delta_norm": geometric(7.0, 1 / 3.2), "update_ratio": [9e-3, *[1e-4] * 6]}
SHRUNK: dict[str, Any] = {"delta_norm": geometric(0.024, 7.2), "update_ratio": 1e-6}
CALM: dict[str, Any] = {
    "activation_mean": 0.0,
    "activation_std": 0.1,
    "sample_std": 0.1,
}  # tanh has a slope of 0.99 there


def exploding(norm: str = "none", **quantities: Any) -> VerdictChanged:
    run = MadeUpRun({"model.activation": "tanh", "model.norm": norm})
    return run.measure(layers(**(GROWN | quantities))).holding["exploding"]


def test_weights_are_blamed_only_if_their_size_accounts_for_the_factor() -> None:
    assert "weights this large" in exploding(weight_norm=3.2 * 128**0.5, **CALM).text
    assert exploding(weight_norm=9 * 128**0.5, **CALM).text.endswith("what layer 7 gets.")


@pytest.mark.parametrize("norm", ["batch", "layer", "custom"])
def test_the_size_of_weights_is_never_the_cause_in_a_normalised_network(norm: str) -> None:
    text = exploding(norm, weight_norm=3.2 * 128**0.5, **CALM).text
    assert "normalisation cancels the size of the weights" in text
    assert "weights this large" not in text


def test_a_beta_that_makes_the_gradient_grow_is_named_with_what_would_be_without_it() -> None:
    def text(beta: float) -> str:
        run = MadeUpRun({"model.activation": "sigmoid_beta", "model.beta": beta, "model.norm": "batch"})
        return run.measure(layers(**GROWN)).holding["exploding"].text

    # The slope of these outputs is 0.5 - 0.5² - 0.2² = 0.21, so without β the factor is 3.2 · 0.21/1.21.
    assert text(1.0).endswith(
        "β = 1 adds to the sigmoid's slope, and without it the factor would be about 0.56."
    )
    assert "normalisation cancels" in text(0.01)  # this β changes little


def test_a_gradient_that_was_even_at_first_was_lost_since() -> None:
    run = MadeUpRun({"model.activation": "tanh", "model.norm": "layer"}).measure(layers())
    lost = layers(**(SHRUNK | {"delta_norm": geometric(0.024, 1 / 0.15)}))
    text = run.measure(*[lost] * 12).holding["vanishing"].text
    assert text.endswith("of what layer 7 gets: only since training began, at the first step it got 1.")
    run = MadeUpRun({"model.activation": "tanh", "model.norm": "batch"}).measure(layers())
    assert "only since training began" in run.measure(*[layers(**GROWN)] * 12).holding["exploding"].text


def saturated(*numbers: int) -> str:
    """What is said of a vanishing gradient, if these layers are nearly wholly saturated."""
    places = range(1, 8)
    profile = layers(
        **SHRUNK,
        weight_norm=0.05 * 128,
        saturated=[0.97 if number in numbers else 0.0 for number in places],
        activation_mean=0.5,
        activation_std=[0.499 if number in numbers else 0.1 for number in places],
    )
    return MadeUpRun().measure(profile).holding["vanishing"].text


def test_a_saturated_layer_is_the_cause_only_if_the_gradient_passes_it() -> None:
    small = "a sigmoid's slope is at most 0.25, and the weights are too small"
    assert small in saturated()
    assert small in saturated(1)  # dL/da of layer 1 does not pass the slope of layer 1
    assert "97 % of the activations of layer 2 are where the activation is flat" in saturated(2)
    assert "of layer 2 are" in saturated(1, 2)
    assert "weights" not in saturated(2)


@pytest.mark.parametrize("optimizer", [{"name": "adam", "lr": 0.8}, {"name": "sgd", "lr": 0.684}])
def test_steps_that_have_spoiled_a_sound_network_lead_before_what_they_caused(
    optimizer: dict[str, Any],
) -> None:
    run = MadeUpRun({"model.activation": "tanh", "optimizer": optimizer}).measure(layers(update_ratio=0.5))
    spoiled = layers(saturated=0.99, delta_norm=geometric(0.024, 7.2), update_ratio=0.5)
    holding = run.measure(*[spoiled] * 20).finish_epochs((4.0, 0.1)).holding
    assert "saturated" in holding
    assert min(holding, key=severity) == "exploding"
    assert holding["exploding"].text.startswith("The steps are too large (lr 0.01): step 1 changed layer 1")


@pytest.mark.parametrize(("update", "blamed"), [(0.06, False), (0.15, True)])
def test_small_steps_are_not_blamed_for_layers_that_die_where_no_gradient_arrives(
    update: float, blamed: bool
) -> None:
    run = MadeUpRun({"model.activation": "relu"})
    starved: dict[str, Any] = {"delta_norm": geometric(0.024, 7.2), "update_ratio": update, "saturated": None}
    run.measure(layers(dead=0.0, **starved))
    run.measure(*[layers(dead=[0, 0, 1.0, 0, 0, 0, 0], **starved)] * 20).finish_epochs((2.303, 0.1))
    assert ("exploding" in run.holding) == blamed
