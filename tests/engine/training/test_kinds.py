"""The kinds of network that autograd trains, against plain PyTorch: step, measurements, resume."""

import copy
import io
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.networks.block_network import BlockNetwork
from engine.protocol.commands import CannotFreeze
from engine.protocol.spec import RunSpec
from engine.randomness import epoch_order
from engine.training.evaluation import weights_sha256
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, number, of_kind, random_data, train
from tests.engine.training.plain_blocks import plain
from vanish_recorder.protocol.events import EpochFinished, RunFinished, Sample
from vanish_recorder.protocol.status import Status

CNN: dict[str, Any] = {
    "kind": "cnn",
    "blocks": 1,
    "width": 4,
    "activation": "relu",
    "init": {"scheme": "he"},
}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {"model": CNN},
    "batchnorm": {"model": {**CNN, "norm": "batch", "activation": "silu"}, "optimizer": {"name": "adam"}},
    "residual": {"model": {**CNN, "norm": "batch", "residual": True}, "optimizer.momentum": 0.9},
    "clipped": {"model": {**CNN, "residual": True}, "training.clip_norm": 0.1, "training.warmup_steps": 4},
}
OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
STEPS = 12  # of five an epoch


def scenario_of(kind: str) -> Scenario:
    return make_scenario({"data.batch_size": 16, "optimizer.lr": 0.05, "training.epochs": 4, **KINDS[kind]})


def matrices(module: torch.nn.Module) -> list[torch.nn.Parameter]:
    return [each for each in module.parameters() if each.ndim >= 2]


def size(tensors: Sequence[Tensor]) -> float:
    return math.sqrt(sum(each.double().square().sum().item() for each in tensors))


def expected(name: str, block: torch.nn.Module, before: list[Tensor], h: Tensor) -> dict[str, float | None]:
    """What the recorder's documentation says of each quantity, computed from autograd's gradients."""
    after = matrices(block)
    moved = [new.detach() - old for new, old in zip(after, before, strict=True)]
    gradients = [each.grad for each in after if each.grad is not None]
    pushed = sum(int((gradient != 0).sum()) for gradient in gradients)
    still = sum(int(((g != 0) & (m == 0)).sum()) for g, m in zip(gradients, moved, strict=True))
    units = h.detach().double()
    units = units.movedim(1, -1).reshape(-1, h.shape[1]) if h.ndim == 4 else units
    assert h.grad is not None
    return {
        "grad_norm": size(gradients),
        "delta_norm": size([h.grad]),
        "update_ratio": size(moved) / size(before),
        "unmoved": still / pushed,
        "weight_norm": size(before),
        "activation_mean": units.mean().item(),
        "activation_std": units.std(correction=0).item(),
        "sample_std": units.std(0, correction=0).mean().item(),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_weights_losses_and_measurements_are_those_of_a_plain_loop(kind: str) -> None:
    scenario, data = scenario_of(kind), random_data()
    trainer, events = begin(scenario, data, seed=5)
    network = plain(scenario, trainer.network)
    options = scenario.optimizer.model_dump()
    optimizer = OPTIMIZERS[options.pop("name")](network.parameters(), **options)
    train(trainer, STEPS)
    samples = {event.step: event for event in of_kind(events, Sample)}
    for step in range(1, STEPS + 1):
        epoch, place = divmod(step - 1, 5)
        chosen = epoch_order(5, epoch + 1, 80, 1)[16 * place : 16 * (place + 1)]
        outputs = network.outputs(data.train_images[chosen] / 255)
        for output in outputs.values():
            output.retain_grad()
        before = {name: [each.detach().clone() for each in matrices(network.block(name))] for name in outputs}
        loss = F.cross_entropy(outputs["output"], data.train_labels[chosen])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            group["lr"] = options["lr"] * min(1.0, step / (scenario.training.warmup_steps or 1))
        measured = {name: [each.grad for each in matrices(network.block(name))] for name in outputs}
        if scenario.training.clip_norm is not None:
            measured = {name: [g.clone() for g in each if g is not None] for name, each in measured.items()}
            torch.nn.utils.clip_grad_norm_(network.parameters(), scenario.training.clip_norm)
        optimizer.step()
        if step not in samples:
            continue
        assert samples[step].loss == loss.item()
        for layer in samples[step].layers:
            block = network.block(layer.name)
            for parameter, gradient in zip(matrices(block), measured[layer.name], strict=True):
                parameter.grad = gradient  # measured before it was clipped
            wanted = expected(layer.name, block, before[layer.name], outputs[layer.name])
            for name, value in wanted.items():
                found = getattr(layer, name)
                assert found == pytest.approx(value, rel=2e-4, abs=1e-9), (step, layer.name, name)
    for ours, theirs in zip(trainer.network.parameters(), network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_measuring_changes_no_bit(kind: str) -> None:
    hashes = set()
    for measuring in (True, False):
        trainer, _ = begin(scenario_of(kind), random_data())
        trainer.measuring = measuring
        train(trainer, STEPS)
        hashes.add(weights_sha256(trainer.network))
    assert len(hashes) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [0, 3, 5, 12])
def test_it_continues_in_the_same_bits_from_anywhere(kind: str, step: int) -> None:
    scenario, data = scenario_of(kind), random_data()
    whole, events = begin(scenario, data)
    train(whole)
    first, _ = begin(scenario, data)
    train(first, step)
    file = io.BytesIO()
    torch.save(first.state(), file)
    file.seek(0)
    later: list[Any] = []
    second = Trainer("run", scenario, 1, data, later.append)
    second.restore(torch.load(file, weights_only=True))
    second.resume("by hand")
    train(second)
    assert weights_sha256(second.network) == weights_sha256(whole.network)
    missed = [event for event in of_kind(events, Sample) if event.step > step]
    assert [(e.step, e.loss, e.layers) for e in of_kind(later, Sample)] == [
        (e.step, e.loss, e.layers) for e in missed
    ]
    assert of_kind(later, RunFinished)[0].weights_sha256 == of_kind(events, RunFinished)[0].weights_sha256


def test_a_frozen_block_keeps_its_weights_and_statistics_and_the_others_train() -> None:
    trainer, events = begin(scenario_of("residual"), random_data())
    train(trainer, 2)
    before = copy.deepcopy(trainer.network.state_dict())
    trainer.freeze("block2", frozen=True)
    train(trainer, 3)
    after = trainer.network.state_dict()
    changed = {name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"stem", "block1", "block3", "output"}
    frozen = next(layer for layer in of_kind(events, Sample)[-1].layers if layer.name == "block2")
    assert frozen.frozen
    assert frozen.grad_norm is None
    assert frozen.update_ratio is None
    weights = matrices(trainer.network.get_submodule("block2"))
    assert number(frozen.weight_norm) == pytest.approx(size(weights))
    assert number(frozen.delta_norm) > 0  # the gradient passes through it
    with pytest.raises(CannotFreeze):
        trainer.freeze("layer1", frozen=True)


def test_the_lowest_blocks_get_no_gradient_when_they_are_frozen() -> None:
    trainer, events = begin(scenario_of("plain"), random_data())
    train(trainer, 1)
    for name in ("stem", "block1"):
        trainer.freeze(name, frozen=True)
    train(trainer, 1)
    deltas = {layer.name: layer.delta_norm for layer in of_kind(events, Sample)[-1].layers}
    assert [name for name, delta in deltas.items() if delta is None] == ["stem", "block1"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_places_are_those_of_the_run_s_description(kind: str) -> None:
    scenario = scenario_of(kind)
    trainer, events = begin(scenario, random_data())
    train(trainer, 1)
    layers = [layer.name for layer in of_kind(events, Sample)[0].layers]
    assert tuple(layers) == RunSpec.of(scenario.resolved()).layer_names
    assert RunSpec.of(scenario.resolved()).kind == scenario.model.kind


def test_a_seed_decides_the_weights() -> None:
    scenario = scenario_of("plain")
    one, again, two = (begin(scenario, random_data(), seed=seed)[0] for seed in (1, 1, 2))
    assert weights_sha256(one.network) == weights_sha256(again.network)
    assert weights_sha256(one.network) != weights_sha256(two.network)


def test_dead_channels_are_counted() -> None:
    trainer, events = begin(scenario_of("plain"), random_data())
    assert isinstance(trainer.network, BlockNetwork)
    with torch.no_grad():
        bias = trainer.network.get_parameter("block1.second.bias")
        bias[:3] = -1e6
    train(trainer, 1)
    dead = {layer.name: layer.dead for layer in of_kind(events, Sample)[0].layers}
    assert dead["block1"] == 0.75
    assert dead["output"] is None


def test_inspecting_shows_a_block_and_changes_nothing() -> None:
    trainer, _ = begin(scenario_of("batchnorm"), random_data())
    train(trainer, 3)
    before = weights_sha256(trainer.network)
    view = trainer.inspect("block2")
    assert weights_sha256(trainer.network) == before
    block = trainer.network.get_submodule("block2")
    assert view.weights.total == sum(each.numel() for each in matrices(block))
    assert view.gradients is not None
    assert view.gradients.total == view.weights.total
    assert view.activations.total == 16 * 8 * 7 * 7
    trainer.freeze("block2", frozen=True)
    assert trainer.inspect("block2").gradients is None


def test_a_run_that_diverges_names_the_blocks() -> None:
    init = {"scheme": "normal", "std": 1000.0}
    scenario = make_scenario({"model": {**CNN, "blocks": 2, "init": init}, "data.batch_size": 16})
    trainer, events = begin(scenario, random_data())
    train(trainer)
    end = of_kind(events, RunFinished)[0]
    assert end.status is Status.DIVERGED
    assert end.nonfinite
    assert set(end.nonfinite) < set(trainer.network.layer_names)
    assert end.nonfinite[-1] == "output"


def test_an_epoch_is_evaluated_with_running_statistics() -> None:
    trainer, events = begin(scenario_of("residual"), random_data())
    train(trainer, 5)
    epoch = of_kind(events, EpochFinished)[0]
    twin = copy.deepcopy(trainer.network).eval()
    data = random_data()
    with torch.no_grad():
        logits = twin(data.test_images / 255)
    assert epoch.test_loss == pytest.approx(F.cross_entropy(logits, data.test_labels).item(), rel=1e-6)
    assert trainer.network.training
