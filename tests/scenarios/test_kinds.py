"""The kinds of network in a scenario file: what each may state, and what goes with what."""

import pytest

import scenarios
from scenarios import ScenarioError
from scenarios.networks import Mlp, Transformer


def problems(scenario_id: str, *overrides: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenarios.load(scenario_id, overrides)
    return str(caught.value)


def test_a_file_that_says_no_kind_describes_a_perceptron_and_keeps_its_record() -> None:
    scenario = scenarios.load("depth-7", ["model.kind=mlp"])
    assert isinstance(scenario.model, Mlp)
    assert scenario == scenarios.load("depth-7")
    assert "kind" not in scenario.resolved()["model"]
    assert scenario.mlp.hidden_layers == 7


def test_another_kind_drops_what_it_does_not_have_and_asks_for_what_it_lacks() -> None:
    assert problems("depth-7", "model.kind=cnn").splitlines()[1:] == [
        "  model.blocks: missing, expected a whole number from 1 to 40",
        "  model.width: missing, expected a whole number from 1 to 1024",
        "  model.activation: missing, expected one of identity, sigmoid, tanh, relu, leaky_relu, elu, silu, "
        "gelu",
    ]
    with pytest.raises(TypeError, match="resnet-20 is no mlp, but a cnn"):
        _ = scenarios.load("resnet-20").mlp


@pytest.mark.parametrize(
    ("scenario_id", "override", "said"),
    [
        (
            "depth-7",
            "model.heads=4",
            'model.heads: cannot be used with kind = "mlp", expected kind = "transformer"',
        ),
        (
            "resnet-20",
            "model.cell=gru",
            'model.cell: cannot be used with kind = "cnn", expected kind = "rnn"',
        ),
        (
            "resnet-20",
            "model.activation=sigmoid_beta",
            'model.activation: found "sigmoid_beta", expected one of identity, sigmoid, tanh, relu',
        ),
        ("resnet-20", "data.batch_size=1", "data.batch_size: found 1, expected at least 2"),
        ("resnet-20", "optimizer.name=sdagd", "optimizer.name: sdagd's curvature h is not defined"),
        ("resnet-20", "training.precision=bf16", 'training.precision: found "bf16", which is not built for'),
        ("plain-20", "stages=[{sub_models=[1],train=[1]}]", 'stages: cannot be used with kind = "cnn"'),
        ("rnn-rows", "model.forget_bias=1", 'model.forget_bias: cannot be used with cell = "rnn"'),
        ("vit-pre-ln", "model.heads=5", "model.heads: found 5, expected a number that divides the width, 32"),
        ("vit-pre-ln", "model.patch=5", "model.patch: found 5, expected 2, 4, 7, 14 or 28"),
        ("depth-7", "model.kind=cmn", 'model.kind: found "cmn", expected one of mlp, cnn, rnn, transformer'),
    ],
)
def test_what_does_not_go_together_is_said_in_one_sentence(
    scenario_id: str, override: str, said: str
) -> None:
    assert said in problems(scenario_id, override)


def test_a_file_of_a_variant_describes_the_same_network() -> None:
    from scenarios.variants import file_text, overrides

    scenario = scenarios.load("vit-pre-ln", ["model.blocks=3"])
    assert isinstance(scenario.model, Transformer)
    assert scenarios.load("depth-7", overrides(scenario)).numbers() == scenario.numbers()
    assert 'kind = "transformer"' in file_text(scenario)


def test_the_title_of_a_variant_names_what_differs() -> None:
    from scenarios.variants import variant_title

    base = scenarios.load("rnn-rows")
    changed = scenarios.load("rnn-rows", ["model.cell=lstm", "model.forget_bias=1", "model.width=32"])
    assert variant_title(base, changed) == "rnn-rows with LSTM cell, width 32, forget bias 1"
    plain = scenarios.load("resnet-20", ["model.residual=false"])
    assert variant_title(scenarios.load("resnet-20"), plain) == "resnet-20 with plain blocks"
