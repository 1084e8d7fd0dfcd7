"""A trainer that is restored from another's state continues bit-identically."""

import io
from typing import Any

import pytest
import torch

from engine.training.evaluation import weights_sha256
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, of_kind, random_data, train
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, Sample

STAGES = [
    {"sub_models": [1], "train": [1]},
    {"sub_models": [1, 1], "train": [2]},
    {"sub_models": [1, 1, 1], "train": [1, 3]},
]

SCENARIOS = {
    "batchnorm with adam": make_scenario(
        {"model.norm": "batch", "optimizer": {"name": "adam"}, "training.epochs": 4}
    ),
    "momentum with a skip": make_scenario(
        {"optimizer.momentum": 0.9, "model.skip": [[1, 3]], "training.epochs": 4}
    ),
    "adamw with gelu": make_scenario(
        {"model.activation": "gelu", "optimizer": {"name": "adamw"}, "training.epochs": 4}
    ),
    "rmsprop with momentum": make_scenario(
        {"optimizer": {"name": "rmsprop", "lr": 0.001, "momentum": 0.9}, "training.epochs": 4}
    ),
    "warm-up, cosine and clipping": make_scenario(
        {
            "training.warmup_steps": 7,
            "training.cosine_to": 0.0,
            "training.clip_norm": 0.1,
            "optimizer": {"name": "adamw"},
            "training.epochs": 4,
        }
    ),
    "bf16 with momentum and batchnorm": make_scenario(
        {
            "training.precision": "bf16",
            "optimizer.momentum": 0.9,
            "model.norm": "batch",
            "training.epochs": 4,
        }
    ),
    "mixed fp16 with a dynamic loss scale that overflows, adam": make_scenario(
        {
            "training.precision": "fp16_mixed",
            "training.loss_scale": "dynamic",
            "optimizer": {"name": "adam", "lr": 0.5},
            "model.init.std": 3,
            "model.activation": "tanh",
            "training.epochs": 4,
        }
    ),
    "dropout": make_scenario({"model.dropout": 0.3, "training.epochs": 4}),
    "sdagd": make_scenario({"optimizer": {"name": "sdagd", "radius": 0.2}, "training.epochs": 4}),
    "staged with momentum": make_scenario(
        {"stages": STAGES, "optimizer.momentum": 0.9, "model.norm": "batch", "training.epochs": 2}
    ),
}


def saved(trainer: Trainer) -> dict[str, Any]:
    """The state through a file, as a checkpoint has it."""
    file = io.BytesIO()
    torch.save(trainer.state(), file)
    file.seek(0)
    state: dict[str, Any] = torch.load(file, weights_only=True)
    return state


def restored(scenario: Scenario, state: dict[str, Any]) -> tuple[Trainer, list[RunEvent]]:
    events: list[RunEvent] = []
    trainer = Trainer("run", scenario, 1, random_data(), events.append)
    trainer.restore(state)
    trainer.resume("by hand")
    return trainer, events


def said(events: list[RunEvent]) -> list[tuple[object, ...]]:
    """What a run said of itself, without its times."""
    samples = [
        (e.step, e.epoch, e.stage, e.loss, e.accuracy, e.lr, e.layers) for e in of_kind(events, Sample)
    ]
    epochs = [
        (e.step, e.epoch, e.stage, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy)
        for e in of_kind(events, EpochFinished)
    ]
    ends = [
        (e.status, e.epochs, e.steps, e.best_test_accuracy, e.weights_sha256)
        for e in of_kind(events, RunFinished)
    ]
    return [*samples, *epochs, *ends]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("step", [0, 1, 3, 5, 7, 11])  # of three steps an epoch
def test_it_continues_in_the_same_bits_from_anywhere(name: str, step: int) -> None:
    scenario = SCENARIOS[name]
    whole, all_events = begin(scenario, random_data())
    train(whole)

    first, _ = begin(scenario, random_data())
    train(first, step)
    second, events = restored(scenario, saved(first))
    train(second)
    assert weights_sha256(second.network) == weights_sha256(whole.network)
    later = [event for event in all_events if event.step > step or isinstance(event, RunFinished)]
    assert said(events) == said(later)


def test_what_was_set_by_hand_continues_too() -> None:
    scenario = SCENARIOS["staged with momentum"]

    def modified() -> Trainer:
        trainer, _ = begin(scenario, random_data())
        train(trainer, 8)
        trainer.set_learning_rate(0.03)
        trainer.freeze("layer2", frozen=True)
        trainer.set_epochs(3)
        train(trainer, 2)
        return trainer

    whole, first = modified(), modified()
    train(whole)
    second, events = restored(scenario, saved(first))
    train(second, 1)
    assert second.mlp.layers[1].weight.grad is None
    train(second)
    assert weights_sha256(second.network) == weights_sha256(whole.network)
    assert of_kind(events, RunFinished)[0].epochs == 2 + 3 + 3
    assert {sample.lr for sample in of_kind(events, Sample)} == {0.03}
