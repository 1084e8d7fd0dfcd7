"""The script of a scenario trains to the losses of a run, and is what a person would write."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import scenarios
from engine.data.fashion_mnist import FILES, Dataset, inspect, load
from engine.export.modules import parameters, printed
from engine.export.script import NoScript, script
from scenarios.networks import Mlp
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, of_kind, train, write_data
from vanish_recorder.protocol.events import EpochFinished

SMALL = {"model.init.std": 0.3, "optimizer.lr": 0.1}
STAGES = [{"sub_models": [1], "train": [1]}, {"sub_models": [1, 2], "train": [2]}]
CHANGES: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"optimizer.momentum": 0.9},
    "adam": {"optimizer": {"name": "adam"}},
    "adamw": {"optimizer": {"name": "adamw"}},
    "rmsprop": {"optimizer": {"name": "rmsprop", "lr": 0.001, "momentum": 0.5}},
    "sdagd": {"optimizer": {"name": "sdagd", "radius": 0.2}},
    "sdagd over the whole network": {"optimizer": {"name": "sdagd", "radius": 0.2, "norm": "global"}},
    "batch norm, skip": {"model.norm": "batch", "model.skip": [[1, 2], [1, 3]]},
    "layer norm, gelu": {"model.norm": "layer", "model.activation": "gelu"},
    "custom norm, tanh, xavier": {
        "model.norm": "custom",
        "model.activation": "tanh",
        "model.init": {"scheme": "xavier"},
    },
    "sigmoid beta": {"model.activation": "sigmoid_beta", "model.beta": 0.1},
    "normalised gradient": {"model.gradient": "normalised"},
    "relu, he": {"model.activation": "relu", "model.init": {"scheme": "he"}},
    "elu, orthogonal": {"model.activation": "elu", "model.init": {"scheme": "orthogonal"}},
    "silu, pytorch": {"model.activation": "silu", "model.init": {"scheme": "pytorch"}},
    "leaky relu, identity": {"model.activation": "leaky_relu"},
    "bce": {"training.loss": "bce"},
    "dropout": {"model.dropout": 0.3},
    "clipping, warm-up, cosine": {
        "training.clip_norm": 0.1,
        "training.warmup_steps": 3,
        "training.cosine_to": 0.1,
    },
    "staged": {"stages": STAGES},
    "staged, batch norm, adam, dropout": {
        "stages": STAGES,
        "model.norm": "batch",
        "model.dropout": 0.2,
        "optimizer": {"name": "adam"},
    },
    "bf16": {"training.precision": "bf16"},
    "bf16 mixed": {"training.precision": "bf16_mixed"},
    "fp16, staged": {"training.precision": "fp16", "stages": STAGES},
    "dynamic loss scale": {"training.precision": "fp16_mixed", "training.loss_scale": "dynamic"},
    "constant loss scale, clipping": {
        "training.precision": "fp16_mixed",
        "training.loss_scale": 1024,
        "training.clip_norm": 0.1,
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def data(folder: Path) -> Dataset:
    return load(inspect("folder", folder), "cpu")


def run(text: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the script prints."""
    names: dict[str, Any] = {"__name__": "a script"}
    exec(compile(text, "script.py", "exec"), names)
    names["main"](arguments)
    return capsys.readouterr().out


def losses_in(output: str) -> list[tuple[float, ...]]:
    pattern = r"train loss ([\d.]+), test loss ([\d.]+), test accuracy ([\d.]+)"
    return [tuple(map(float, found)) for found in re.findall(pattern, output)]


@pytest.mark.parametrize("change", CHANGES)
def test_it_trains_to_the_losses_of_a_run(
    change: str, folder: Path, data: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = make_scenario({**SMALL, **CHANGES[change]})
    text = script(scenario, "vanish-tui code small", 1)
    output = run(text, [str(folder), "--epochs", "2"], capsys)
    trainer, events = begin(scenario, data)
    train(trainer)
    epochs = of_kind(events, EpochFinished)
    expected = [(each.train_loss, each.test_loss, each.test_accuracy) for each in epochs]
    found = losses_in(output)
    assert len(found) == len(expected) == 2 * max(1, len(scenario.stages))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("change", CHANGES)
def test_what_it_prints_of_the_network_is_what_is_known_without_torch(change: str) -> None:
    scenario = make_scenario({**SMALL, **CHANGES[change]})
    model = scenario.model
    assert isinstance(model, Mlp)
    names: dict[str, Any] = {"__name__": "a script"}
    exec(compile(script(scenario, "c", 1), "script.py", "exec"), names)
    network = names["MLP"]()
    assert str(network) == printed(model)
    shapes = [(name, tuple(each.shape)) for name, each in network.named_parameters()]
    assert shapes == parameters(model)


@pytest.mark.parametrize("layers", [1, 2, 7])
def test_equal_layers_are_printed_once(layers: int) -> None:
    scenario = make_scenario({"model.hidden_layers": layers, "model.width": 784})
    names: dict[str, Any] = {"__name__": "a script"}
    exec(compile(script(scenario, "c", 1), "script.py", "exec"), names)
    assert isinstance(scenario.model, Mlp)
    assert str(names["MLP"]()) == printed(scenario.model)


def test_every_scenario_of_the_slides_networks_has_one_and_it_needs_only_torch() -> None:
    for entry in scenarios.entries():
        scenario = scenarios.load(entry.id)
        if not isinstance(scenario.model, Mlp):
            continue
        text = script(scenario, f"vanish-tui code {entry.id}", 42)
        imported = {
            name.name.partition(".")[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import)
            for name in node.names
        }
        assert imported - set(sys.stdlib_module_names) == {"torch"}
        assert max(map(len, text.splitlines())) <= 110
        assert "\n\n\n\n" not in text
        assert text.splitlines()[2] == f"Written by: vanish-tui code {entry.id}"


def test_it_reads_the_sample_and_visits_it_ten_times(sample_data: Dataset) -> None:
    names: dict[str, Any] = {"__name__": "a script"}
    exec(compile(script(scenarios.load("depth-7"), "c", 42), "script.py", "exec"), names)
    folder = inspect_sample()
    images, labels = names["load"](folder, "train", "cpu")
    assert torch.equal(images, sample_data.train_images)
    assert torch.equal(labels, sample_data.train_labels)
    assert len(names["epoch_order"](42, 1, len(labels))) == 60_000


def inspect_sample() -> Path:
    from engine.data.fashion_mnist import SAMPLE

    assert (SAMPLE / f"{FILES[0]}.gz").exists()
    return SAMPLE


def test_another_kind_of_network_has_none_yet() -> None:
    other = next(
        scenario
        for entry in scenarios.entries()
        if not isinstance((scenario := scenarios.load(entry.id)).model, Mlp)
    )
    assert isinstance(other, Scenario)
    with pytest.raises(NoScript, match=other.model.kind):
        script(other, "c", 1)
