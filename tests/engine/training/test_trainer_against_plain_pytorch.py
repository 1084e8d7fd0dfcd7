"""The trainer against a loop that anybody would write in plain PyTorch, to the bit."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.fashion_mnist import Dataset
from engine.randomness import epoch_order, generator
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import begin, course, number, of_kind, plain_loss, random_data, train
from vanish_recorder.protocol.events import EpochFinished, Sample

STEPS = 31

VARIANTS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "momentum": {"optimizer.momentum": 0.9},
    "adam": {"optimizer": {"name": "adam", "lr": 0.001}},
    "adam-with-other-betas": {"optimizer": {"name": "adam", "lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-4}},
    "adamw": {"optimizer": {"name": "adamw", "lr": 0.001}},
    "adamw-with-much-decay": {
        "optimizer": {"name": "adamw", "lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.5}
    },
    "rmsprop": {"optimizer": {"name": "rmsprop", "lr": 0.001}},
    "rmsprop-with-momentum": {
        "optimizer": {"name": "rmsprop", "lr": 0.001, "alpha": 0.9, "momentum": 0.8, "eps": 1e-6}
    },
    "clipped": {"training.clip_norm": 0.05},
    "hardly-clipped": {"training.clip_norm": 0.5, "optimizer": {"name": "rmsprop"}},
    "warm-up": {"training.warmup_steps": 7},
    "cosine": {"training.cosine_to": 0.0},
    "warm-up-and-cosine-and-clipped": {
        "training.warmup_steps": 5,
        "training.cosine_to": 0.1,
        "training.clip_norm": 0.05,
        "optimizer": {"name": "adamw", "lr": 0.003},
    },
    "relu": {"model.activation": "relu"},
    "tanh": {"model.activation": "tanh"},
    "identity": {"model.activation": "identity"},
    "leaky-relu": {"model.activation": "leaky_relu"},
    "elu": {"model.activation": "elu"},
    "silu": {"model.activation": "silu"},
    "gelu": {"model.activation": "gelu"},
    "batchnorm": {"model.norm": "batch"},
    "layernorm": {"model.norm": "layer"},
    "customnorm": {"model.norm": "custom"},
    "skip": {"model.skip": [[1, 2], [1, 3]]},
    "bce": {"training.loss": "bce"},
    "dropout": {"model.dropout": 0.2},
    "dropout, skip, batchnorm": {"model.dropout": 0.5, "model.skip": [[1, 2], [1, 3]], "model.norm": "batch"},
}

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "identity": lambda z: z,
    "leaky_relu": nn.LeakyReLU(),
    "elu": nn.ELU(),
    "silu": nn.SiLU(),
    "gelu": nn.GELU(),
}


class PlainNetwork(nn.Module):
    """The same network, written from the slides; its weights are those that `trainer` starts from."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        model = trainer.scenario.mlp
        self.norm_name, self.skip = model.norm, model.skip
        self.activation = ACTIVATIONS[model.activation]
        self.dropout = nn.Dropout(model.dropout or 0.0)
        self.linears, self.norms = nn.ModuleList(), nn.ModuleList()
        for ours in trainer.mlp.layers:
            units, inputs = ours.weight.shape
            linear = nn.Linear(inputs, units)
            linear.load_state_dict({"weight": ours.weight, "bias": ours.bias})
            self.linears.append(linear)
        kinds = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
        if model.norm in kinds:
            self.norms.extend(kinds[model.norm](model.width) for _ in range(model.hidden_layers))

    def forward(self, images: Tensor) -> Tensor:
        outputs = {0: images}
        for place in range(1, len(self.linears)):
            z = self.linears[place - 1](outputs[place - 1])
            if self.norm_name == "custom":
                z = (z - z.mean()) / z.std()
            elif self.norms:
                z = self.norms[place - 1](z)
            outputs[place] = self.dropout(self.activation(z))
            for source, target in self.skip:
                if target == place:
                    outputs[place] = outputs[place] + outputs[source]
        logits: Tensor = self.linears[-1](outputs[len(self.linears) - 1])
        return logits

    def in_order(self) -> list[Tensor]:
        """Weights, biases and running statistics as the trainer's network keeps them."""
        tensors: list[Tensor] = []
        for place, linear in enumerate(self.linears):
            tensors.extend(linear.state_dict().values())
            if place < len(self.norms):
                tensors.extend(self.norms[place].state_dict().values())
        return tensors


def plain_optimizer(scenario: Scenario, network: nn.Module) -> torch.optim.Optimizer:
    options = scenario.optimizer.model_dump()
    kinds: dict[str, type[torch.optim.Optimizer]] = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
    }
    return kinds[options.pop("name")](network.parameters(), **options)


def steps_per_epoch(scenario: Scenario, data: Dataset) -> int:
    return math.ceil(len(data.train_labels) * data.passes / scenario.data.batch_size)


def plain_schedule(
    optimizer: torch.optim.Optimizer, scenario: Scenario, steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """Warm-up and cosine, written from their definitions."""
    warmup, end = scenario.training.warmup_steps or 0, scenario.training.cosine_to

    def factor(taken: int) -> float:
        if taken < warmup:
            return (taken + 1) / warmup
        if end is None:
            return 1.0
        return end + (1 - end) * (1 + math.cos(math.pi * ((taken - warmup) / (steps - warmup)))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def plain_training(
    trainer: Trainer, data: Dataset, steps: int, seed: int
) -> tuple[PlainNetwork, dict[int, float]]:
    """The network after `steps` steps, and the loss of each."""
    scenario, losses = trainer.scenario, {}
    network = PlainNetwork(trainer)
    optimizer = plain_optimizer(scenario, network)
    schedule = plain_schedule(
        optimizer, scenario, trainer.scenario.training.epochs * steps_per_epoch(scenario, data)
    )
    step = epoch = 0
    while step < steps:
        epoch += 1
        order = epoch_order(seed, epoch, len(data.train_labels), data.passes)
        for first in range(0, len(order), scenario.data.batch_size):
            chosen = order[first : first + scenario.data.batch_size]
            if step == steps:
                break
            step += 1
            optimizer.zero_grad()
            torch.manual_seed(generator(seed, "dropout", step).initial_seed())
            logits = network(data.train_images[chosen] / 255)
            loss = plain_loss(scenario.training.loss, logits, data.train_labels[chosen])
            torch.autograd.backward(loss)
            if scenario.training.clip_norm is not None:
                nn.utils.clip_grad_norm_(network.parameters(), scenario.training.clip_norm)
            optimizer.step()
            schedule.step()
            losses[step] = loss.item()
    return network, losses


@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_and_losses_are_those_of_a_plain_loop_to_the_bit(variant: str, sample_data: Dataset) -> None:
    changes = {"model.init.std": 0.1, "data.batch_size": 96, **VARIANTS[variant]}
    trainer, events = begin(course(3, changes), sample_data, seed=5)
    plain, losses = plain_training(trainer, sample_data, STEPS, seed=5)
    train(trainer, STEPS)

    ours = list(trainer.network.state_dict().values())
    assert len(ours) == len(plain.in_order())
    assert all(torch.equal(a, b) for a, b in zip(ours, plain.in_order(), strict=True))
    samples = of_kind(events, Sample)
    assert [sample.step for sample in samples] == [*range(1, 11), 20, 30]
    assert [sample.loss for sample in samples] == [losses[sample.step] for sample in samples]


def test_the_course_s_network_ends_an_epoch_and_begins_the_next_as_a_plain_loop_does(
    sample_data: Dataset,
) -> None:
    small = sample_data_of(sample_data, 1100)
    trainer, events = begin(course(7, {"model.norm": "batch", "training.epochs": 2}), small, seed=3)
    plain, losses = plain_training(trainer, small, 6, seed=3)
    train(trainer)

    assert all(
        torch.equal(a, b)
        for a, b in zip(trainer.network.state_dict().values(), plain.in_order(), strict=True)
    )
    epochs = of_kind(events, EpochFinished)
    sizes = {1: 512, 2: 512, 3: 76}
    expected = sum(losses[step] * size for step, size in sizes.items()) / 1100
    assert epochs[0].train_loss == pytest.approx(expected, rel=1e-12)

    plain.eval()
    with torch.no_grad():
        logits = plain(small.test_images / 255)
    assert epochs[1].test_loss == pytest.approx(F.cross_entropy(logits, small.test_labels).item(), rel=1e-6)
    hits = (logits.argmax(1) == small.test_labels).sum().item()
    assert epochs[1].test_accuracy == hits / len(small.test_labels)


def sample_data_of(data: Dataset, images: int) -> Dataset:
    """The first images of a data set, once through."""
    return replace(
        data, train_images=data.train_images[:images], train_labels=data.train_labels[:images], passes=1
    )


def test_customnorm_is_evaluated_over_whole_batches_of_the_test_set() -> None:
    data = random_data(64, 2000)
    data.test_images[1000:] //= 10  # so that it matters who is normalised with whom
    trainer, events = begin(course(2, {"model.norm": "custom", "training.epochs": 1}), data)
    train(trainer)
    plain = PlainNetwork(trainer)
    with torch.no_grad():
        losses = [
            F.cross_entropy(plain(data.test_images[rows] / 255), data.test_labels[rows]).item()
            for rows in (slice(0, 1000), slice(1000, 2000))
        ]
    assert of_kind(events, EpochFinished)[0].test_loss == pytest.approx(sum(losses) / 2, rel=1e-6)


def test_the_batch_s_accuracy_is_from_before_the_update() -> None:
    data = random_data(40, 20)
    trainer, events = begin(course(2, {"model.init.std": 0.5, "data.batch_size": 40}), data)
    plain = PlainNetwork(trainer)
    train(trainer, 1)
    with torch.no_grad():
        hits = (plain(data.train_images / 255).argmax(1) == data.train_labels).float().mean().item()
    assert number(of_kind(events, Sample)[0].accuracy) == pytest.approx(hits)
