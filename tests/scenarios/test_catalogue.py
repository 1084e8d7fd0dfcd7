"""The built-in scenarios are those of the design, and differ from depth-7 exactly as it says.

It is longer than 300 lines because the one table of all their differences is here.
"""

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

import scenarios
from scenarios.fields import known_keys
from scenarios.index import _title, race
from scenarios.schema import Scenario

SGD = {"optimizer.lr": None, "optimizer.momentum": None}
DIFFERENCES: dict[str, dict[str, Any]] = {
    "linear-exploding": {"model.activation": "identity", "model.init.std": 10 / math.sqrt(128)},
    "linear-vanishing": {"model.activation": "identity", "model.init.std": 0.1 / math.sqrt(128)},
    "depth-3": {"model.hidden_layers": 3},
    "depth-5": {"model.hidden_layers": 5},
    "depth-7": {},
    "init-std-1": {"model.init.std": 1.0},
    "init-std-10": {"model.init.std": 10.0},
    "relu": {"model.activation": "relu"},
    "relu-lr-05": {"model.activation": "relu", "optimizer.lr": 0.05},
    "momentum": {"optimizer.momentum": 0.9},
    "adam": SGD
    | {
        "optimizer.name": "adam",
        "optimizer.lr": 0.001,
        "optimizer.betas": [0.9, 0.999],
        "optimizer.eps": 1e-8,
    },
    "batchnorm": {"model.norm": "batch"},
    "customnorm": {"model.norm": "custom"},
    "skip": {"model.skip": [[1, 3], [4, 7]]},
    "staged": {
        "stages": [
            {"sub_models": [2], "train": [1]},
            {"sub_models": [2, 2], "train": [2]},
            {"sub_models": [2, 2], "train": [1, 2]},
            {"sub_models": [2, 2, 2], "train": [3]},
            {"sub_models": [2, 2, 2], "train": [1, 2, 3]},
            {"sub_models": [2, 2, 2, 1], "train": [4]},
            {"sub_models": [2, 2, 2, 1], "train": [1, 2, 3, 4]},
        ]
    },
    "sigmoid-beta": {"model.activation": "sigmoid_beta", "model.beta": 0.05},
    "sigmoid-beta-works": {
        "model.activation": "sigmoid_beta",
        "model.beta": 0.1,
        "model.init.std": 0.125,
        "optimizer.lr": 0.1,
        "training.epochs": 60,
    },
    "sdagd": SGD | {"optimizer.name": "sdagd", "optimizer.radius": 0.2, "optimizer.norm": "layer"},
    "gradnorm": {"model.gradient": "normalised"},
    "relu-he": {
        "model.activation": "relu",
        "model.init.scheme": "he",
        "model.init.std": None,
        "model.init.gain": 1.0,
    },
    "tanh-xavier": {
        "model.activation": "tanh",
        "model.init.scheme": "xavier",
        "model.init.std": None,
        "model.init.gain": 1.0,
    },
    "tanh-orthogonal": {
        "model.activation": "tanh",
        "model.init.scheme": "orthogonal",
        "model.init.std": None,
        "model.init.gain": 1.0,
    },
    "layernorm": {"model.norm": "layer"},
    "sigmoid-critical": {"model.init.std": 0.897},
}

# Another kind of network has none of the keys of the slides' one.
NO_MLP: dict[str, Any] = {
    "model.hidden_layers": None,
    "model.gradient": None,
    "model.skip": None,
    "model.init.scheme": "pytorch",
    "model.init.std": None,
    "model.activation": "relu",
    "data.batch_size": 256,
    "optimizer.lr": 0.05,
}
CNN = NO_MLP | {
    "model.kind": "cnn",
    "model.blocks": 3,
    "model.width": 8,
    "model.residual": False,
    "training.epochs": 20,
}
RNN = {key: value for key, value in NO_MLP.items() if key != "model.activation"} | {
    "model.activation": None,
    "model.norm": None,
    "model.kind": "rnn",
    "model.cell": "rnn",
    "model.width": 64,
    "model.recurrent.scheme": "pytorch",
    "optimizer.lr": 0.02,
    "optimizer.momentum": 0.9,
    "training.epochs": 20,
}
VIT = {
    "model.hidden_layers": None,
    "model.gradient": None,
    "model.skip": None,
    "model.norm": None,
    "model.kind": "transformer",
    "model.blocks": 18,
    "model.width": 32,
    "model.heads": 4,
    "model.patch": 14,
    "model.mlp_ratio": 2,
    "model.activation": "relu",
    "model.norm_place": "post",
    "model.init.scheme": "xavier",
    "model.init.std": None,
    "model.init.gain": 1.0,
    "optimizer.momentum": None,
    "optimizer.name": "adam",
    "optimizer.lr": 0.003,
    "optimizer.betas": [0.9, 0.999],
    "optimizer.eps": 1e-8,
    "training.epochs": 20,
}
LARGE = {"model.recurrent.scheme": "normal", "model.recurrent.std": 0.25}
HE = {"model.init.scheme": "he", "model.init.std": None, "model.init.gain": 1.0}
DIFFERENCES |= {
    "leaky-relu-he": HE | {"model.activation": "leaky_relu"},
    "silu-he": HE | {"model.activation": "silu"},
    "gelu-he": HE | {"model.activation": "gelu"},
    "plain-20": CNN,
    "plain-20-batchnorm": CNN | {"model.norm": "batch"},
    "resnet-20": CNN | {"model.norm": "batch", "model.residual": True},
    "rnn-rows": RNN,
    "rnn-orthogonal": RNN | {"model.recurrent.scheme": "orthogonal", "model.recurrent.gain": 1.0},
    "rnn-explodes": RNN | LARGE,
    "rnn-clipped": RNN | LARGE | {"training.clip_norm": 1.0},
    "lstm-rows": RNN | {"model.cell": "lstm", "model.forget_bias": 1.0},
    "gru-rows": RNN | {"model.cell": "gru"},
    "vit-post-ln": VIT,
    "vit-post-ln-warmup": VIT | {"training.warmup_steps": 200},
    "vit-pre-ln": VIT | {"model.norm_place": "pre"},
}

ADAM = {key: value for key, value in SGD.items() if key != "optimizer.lr"} | {
    "optimizer.name": "adam",
    "optimizer.betas": [0.9, 0.999],
    "optimizer.eps": 1e-8,
}
FP16 = ADAM | {
    "model.hidden_layers": 6,
    "model.width": 32,
    "training.epochs": 10,
    "training.precision": "fp16_mixed",
}
BF16 = {
    "model.activation": "relu",
    "model.init.scheme": "he",
    "model.init.std": None,
    "model.init.gain": 1.0,
    "optimizer.lr": 0.003,
    "training.epochs": 10,
}
DIFFERENCES |= {
    "fp16-underflow": FP16,
    "fp16-loss-scale": FP16 | {"training.loss_scale": "dynamic"},
    "bf16-immovable": BF16 | {"training.precision": "bf16"},
    "bf16-mixed": BF16 | {"training.precision": "bf16_mixed"},
}

SECTIONS = [
    "Exploding and vanishing",
    "The problem",
    "1 Weight increasing",
    "2 Better activation",
    "3 Better optimizer",
    "4 Normalize inside network",
    "5 Skip connection",
    "6 Train some layers",
    "Other methods",
    "Beyond the slides",
    "Better activation, further",
    "Convolutions",
    "Through time",
    "Attention",
    "Low precision",
]


def test_the_catalogue_holds_the_scenarios_of_the_design_in_order() -> None:
    assert [entry.id for entry in scenarios.entries()] == list(DIFFERENCES)


def test_every_file_of_the_catalogue_is_listed() -> None:
    files = {path.stem for path in (Path(scenarios.__file__).parent / "catalogue").glob("*.toml")}
    assert files == {entry.id for entry in scenarios.entries()}


@pytest.mark.parametrize("lines", ["", "id = 1\n"])
def test_a_file_of_the_catalogue_that_is_cut_off_is_listed_by_its_id(lines: str, tmp_path: Path) -> None:
    (tmp_path / "depth-7.toml").write_text(lines)
    assert _title(tmp_path / "depth-7.toml") == "depth-7"


def test_sections_are_in_the_order_of_the_slides_and_the_last_are_not_on_them() -> None:
    assert list(dict.fromkeys(entry.section for entry in scenarios.entries())) == SECTIONS
    beyond = {entry.section for entry in scenarios.entries() if not entry.of_slides}
    assert beyond == set(SECTIONS[SECTIONS.index("Beyond the slides") :])


def test_a_section_may_have_a_race_of_its_own() -> None:
    assert race("4 Normalize inside network") == race() == race("no such section")
    for section in SECTIONS[SECTIONS.index("Beyond the slides") + 1 :]:
        problem, *cures = race(section)
        entries = {entry.id: entry.section for entry in scenarios.entries()}
        assert cures
        assert all(entries[name] == section for name in cures)
        assert problem in entries


@pytest.mark.parametrize("name", DIFFERENCES)
def test_it_differs_from_depth_7_as_the_design_says(name: str) -> None:
    common, own = scenarios.load("depth-7"), scenarios.load(name)
    found = {key: theirs for key, _, theirs in scenarios.differences(common, own)}
    expected = DIFFERENCES[name]
    assert found == {
        key: pytest.approx(value, rel=1e-15) if isinstance(value, float) else value
        for key, value in expected.items()
    }


def test_depth_7_has_the_common_settings() -> None:
    assert scenarios.load("depth-7").numbers() == {
        "model.hidden_layers": 7,
        "model.width": 128,
        "model.activation": "sigmoid",
        "model.norm": "none",
        "model.gradient": "plain",
        "model.skip": [],
        "model.init.scheme": "normal",
        "model.init.std": 0.05,
        "data.name": "fashion-mnist",
        "data.batch_size": 512,
        "optimizer.name": "sgd",
        "optimizer.lr": 0.01,
        "optimizer.momentum": 0.0,
        "training.loss": "cross_entropy",
        "training.epochs": 100,
        "stages": [],
    }


def test_the_file_of_depth_7_states_everything_and_extends_nothing() -> None:
    (entry,) = (entry for entry in scenarios.entries() if entry.id == "depth-7")
    stated = tomllib.loads(entry.path.read_text(encoding="utf-8"))
    whole = scenarios.load("depth-7").resolved()
    assert stated | {"id": "depth-7", "stages": []} == {
        key: stated[key] if isinstance(value, str) and key != "id" else value for key, value in whole.items()
    }


@pytest.mark.parametrize("name", [name for name in DIFFERENCES if name != "depth-7"])
def test_the_others_extend_depth_7_and_repeat_none_of_its_values(name: str) -> None:
    (entry,) = (entry for entry in scenarios.entries() if entry.id == name)
    stated = tomllib.loads(entry.path.read_text(encoding="utf-8"))
    assert stated["extends"] == "depth-7"
    common = scenarios.load("depth-7").resolved()
    for table in ("model", "data", "optimizer", "training"):
        if table == "optimizer" and "name" in stated.get(table, {}):
            continue  # a key of another optimizer says something even if its value is the same
        for key, value in stated.get(table, {}).items():
            assert value != common[table].get(key)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_it_has_all_its_prose_and_its_entry_agrees(name: str) -> None:
    (entry,) = (entry for entry in scenarios.entries() if entry.id == name)
    scenario = scenarios.load(name)
    assert (entry.id, entry.title, entry.section) == (scenario.id, scenario.title, scenario.section)
    assert all((scenario.question, scenario.watch_for, scenario.lesson))
    assert bool(scenario.slide) == entry.of_slides
    assert len(scenario.title) <= 24
    assert "\n" not in scenario.lesson


@pytest.mark.parametrize("name", DIFFERENCES)
def test_the_resolved_scenario_reads_back_unchanged(name: str) -> None:
    scenario = scenarios.load(name)
    assert Scenario.model_validate(scenario.resolved()) == scenario
    assert hash(Scenario.model_validate(scenario.resolved())) == hash(scenario)


def test_a_file_may_state_the_keys_of_the_design() -> None:
    used = set().union(*(scenarios.load(entry.id).numbers() for entry in scenarios.entries()))
    prose = {"title", "section", "slide", "question", "watch_for", "lesson"}
    unused = {
        "model.dropout",
        "optimizer.alpha",
        "optimizer.weight_decay",
        "training.cosine_to",
        "training.precision",
        "training.loss_scale",
    }
    assert set(known_keys()) == used | prose | unused


def test_lessons_mention_the_misprint_on_the_slide_and_the_reconstruction() -> None:
    beta = scenarios.load("sigmoid-beta").lesson
    assert "σ(z)(1 + σ(z)) + β" in beta
    assert "σ(z)(1 − σ(z)) + β" in beta
    sdagd = scenarios.load("sdagd").lesson
    assert "reconstruction" in sdagd
    assert "at most 2 % of μ" in sdagd
