"""A run's description as types: read from each scenario, refused when damaged, made by hand."""

import json
import math
from typing import Any

import pytest

import scenarios
from engine.protocol.spec import LayerSpec, NotARunSpec, RunSpec, StageSpec
from scenarios.index import built_in
from scenarios.networks import Mlp
from tests.engine.lab import make_scenario

BUILT_IN = tuple(built_in())
GUESSING = {"cross_entropy": 2.302585093, "bce": 0.325082973}  # of ten classes


@pytest.mark.parametrize("scenario_id", BUILT_IN)
def test_a_description_says_what_its_scenario_says(scenario_id: str) -> None:
    scenario = scenarios.load(scenario_id)
    spec = RunSpec.of(scenario.resolved())
    assert (spec.id, spec.title, spec.watch_for) == (scenario.id, scenario.title, scenario.watch_for)
    assert spec.lesson == scenario.lesson
    if scenario.model.kind == "mlp":
        _describes(spec, scenario.model)
    assert spec.kind == scenario.model.kind
    assert spec.stages == tuple(
        StageSpec(sub_models=stage.sub_models, train=stage.train) for stage in scenario.stages
    )
    assert spec.epochs_per_stage == scenario.training.epochs
    assert (spec.batch_size, spec.loss) == (scenario.data.batch_size, scenario.training.loss)
    assert spec.guessing == pytest.approx(GUESSING[scenario.training.loss])
    settings = scenario.optimizer.model_dump()
    assert spec.rate_name == ("radius" if scenario.optimizer.name == "sdagd" else "lr")
    assert spec.rate == settings[spec.rate_name]
    assert spec.origin == "scenario"


def _describes(spec: RunSpec, model: Mlp) -> None:
    assert spec.layer_names == (*(f"layer{n}" for n in range(1, model.hidden_layers + 1)), "output")
    assert spec.layers[-1] == LayerSpec(name="output", role="output")
    for number, layer in enumerate(spec.layers[:-1], 1):
        source = next((f"layer{start}" for start, end in model.skip if end == number), None)
        assert (layer.role, layer.kind, layer.number) == ("hidden", "linear", number)
        assert (layer.activation, layer.norm, layer.skip_from) == (model.activation, model.norm, source)


def test_a_convolutional_network_is_described_by_its_blocks() -> None:
    spec = RunSpec.of(scenarios.load("resnet-20").resolved())
    assert spec.layer_names == ("stem", *(f"block{number}" for number in range(1, 10)), "output")
    assert {(layer.kind, layer.norm, layer.number) for layer in spec.layers[1:-1]} == {
        ("residual", "batch", None)
    }
    assert {layer.kind for layer in RunSpec.of(scenarios.load("plain-20").resolved()).layers[1:-1]} == {
        "convolutions"
    }


def test_a_recurrent_network_is_described_by_its_time_steps() -> None:
    spec = RunSpec.of(scenarios.load("lstm-rows").resolved())
    assert spec.layer_names == ("cell", *(f"t{number}" for number in range(1, 29)), "output")
    assert spec.hidden_names == spec.layer_names[1:-1]
    assert (spec.layers[0].role, spec.layers[0].kind) == ("weights", "lstm")
    assert {layer.kind for layer in spec.layers[1:-1]} == {"time"}


def test_a_transformer_is_described_by_its_blocks() -> None:
    spec = RunSpec.of(scenarios.load("vit-pre-ln").resolved())
    assert spec.layer_names == ("patches", *(f"block{number}" for number in range(1, 19)), "output")
    assert {layer.kind for layer in spec.layers[1:-1]} == {"pre-LN"}


def test_a_kind_of_a_newer_version_is_refused_in_a_clause() -> None:
    record = scenarios.load("plain-20").resolved()
    record["model"]["kind"] = "graph"
    with pytest.raises(NotARunSpec, match="does not know networks of the kind 'graph'"):
        RunSpec.of(record)


@pytest.mark.parametrize("scenario_id", BUILT_IN)
def test_a_description_leads_back_to_its_scenario(scenario_id: str) -> None:
    scenario = scenarios.load(scenario_id)
    assert RunSpec.of(scenario.resolved()).scenario() == scenario
    assert RunSpec.of(json.loads(json.dumps(scenario.resolved()))).scenario() == scenario


def test_descriptions_that_differ_in_any_setting_are_not_equal() -> None:
    narrow, wide = (RunSpec.of(make_scenario({"model.width": width}).resolved()) for width in (16, 17))
    assert narrow != wide
    assert narrow == RunSpec.of(make_scenario().resolved())
    assert len({narrow, wide, RunSpec.of(make_scenario().resolved())}) == 2


_GONE = object()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("id", _GONE, "the description has no id"),
        ("id", 7, "the description has no usable id"),
        ("title", None, "the description has no usable title"),
        ("model", _GONE, "the description has no model.hidden_layers"),
        ("model", [], "the description has no usable model"),
        ("model.hidden_layers", 0, "the description has no usable model.hidden_layers"),
        ("model.hidden_layers", True, "the description has no usable model.hidden_layers"),
        ("model.hidden_layers", 10**12, "the description has no usable model.hidden_layers"),
        ("model.activation", _GONE, "the description has no model.activation"),
        ("model.skip", [[1]], "the description has no usable model.skip"),
        ("model.skip", [[3, 1]], "the description has no usable model.skip"),
        ("model.skip", "1-3", "the description has no usable model.skip"),
        ("data.batch_size", "many", "the description has no usable data.batch_size"),
        ("data.name", _GONE, "the description has no data.name"),
        ("training.epochs", 2.5, "the description has no usable training.epochs"),
        ("training.loss", _GONE, "the description has no training.loss"),
        ("optimizer", _GONE, "the description has no optimizer"),
        ("optimizer.lr", _GONE, "the description has no optimizer.lr"),
        ("optimizer.lr", "nan", "the description has no usable optimizer.lr"),
        ("optimizer.lr", math.inf, "the description has no usable optimizer.lr"),
        ("optimizer.lr", 10**400, "the description has no usable optimizer.lr"),
        ("stages", [3], "the description has no usable stages"),
        ("stages", [{"sub_models": ["1"], "train": [1]}], "the description has no usable sub_models"),
    ],
)
def test_a_damaged_description_is_refused_with_the_reason(key: str, value: Any, reason: str) -> None:
    record = make_scenario().resolved()
    *tables, last = key.split(".")
    inside = record
    for table in tables:
        inside = inside[table]
    if value is _GONE:
        del inside[last]
    else:
        inside[last] = value
    with pytest.raises(NotARunSpec) as refused:
        RunSpec.of(record)
    assert str(refused.value) == reason


@pytest.mark.parametrize("record", [None, [], "depth-7", 3])
def test_what_is_no_table_describes_no_run(record: object) -> None:
    with pytest.raises(NotARunSpec, match=r"^the description is not a table$"):
        RunSpec.of(record)


def test_names_that_only_a_newer_version_knows_are_kept_and_have_no_scenario_here() -> None:
    record = make_scenario().resolved()
    record["model"]["activation"] = "mish"
    record["training"]["loss"] = "focal"
    record["data"]["name"] = "imagenet"
    spec = RunSpec.of(record)
    assert [layer.activation for layer in spec.layers] == ["mish"] * 3 + [""]
    assert (spec.loss, spec.guessing) == ("focal", None)
    with pytest.raises(NotARunSpec, match=r"^its scenario is not valid in this version$"):
        spec.scenario()


def test_a_recorded_run_has_no_scenario() -> None:
    spec = RunSpec(id="mine", layers=(LayerSpec(name="net.0"),), origin="watched")
    assert (spec.layer_names, spec.hidden_names, spec.stage_count) == (("net.0",), ("net.0",), 1)
    with pytest.raises(
        NotARunSpec,
        match=r"^it was recorded from a script of yours, which alone can continue it \(with resume=True\)$",
    ):
        spec.scenario()
