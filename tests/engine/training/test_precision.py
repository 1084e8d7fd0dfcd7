"""Training in 16 bits against plain PyTorch: a loop in the type, torch.autocast, and torch.amp.GradScaler."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.fashion_mnist import Dataset
from engine.networks.precision import PRECISIONS
from engine.randomness import epoch_order
from engine.training import loss_scale
from engine.training.trainer import Trainer
from tests.engine.lab import begin, make_scenario, number, of_kind, random_data, train
from tests.engine.training.test_trainer_against_plain_pytorch import PlainNetwork, plain_optimizer
from vanish_recorder.measure.weights import FP16_SMALLEST
from vanish_recorder.protocol.events import Sample

STEPS = 12
SMALL = {"model.init.std": 0.3}
CHANGES: dict[str, dict[str, Any]] = {
    "sgd": {},
    "momentum": {"optimizer.momentum": 0.9},
    "rmsprop": {"optimizer": {"name": "rmsprop", "lr": 0.001, "eps": 1e-4}},
    "adam": {"optimizer": {"name": "adam", "lr": 0.001, "eps": 1e-4}},
    "adamw": {"optimizer": {"name": "adamw", "lr": 0.001, "eps": 1e-4}},
    "clipped": {"training.clip_norm": 0.05},
    "skip, tanh": {"model.activation": "tanh", "model.skip": [[1, 2], [1, 3]]},
    "relu": {"model.activation": "relu"},
    "gelu": {"model.activation": "gelu"},
    "batch": {"model.norm": "batch"},
    "layer": {"model.norm": "layer"},
    "custom": {"model.norm": "custom"},
    "bce": {"training.loss": "bce"},
}


class Plain:
    """The loop that anybody would write, from the weights that `trainer` starts with.

    Args:
        trainer: not begun training.
        precision: as in a scenario.
        scaler: for the loss.
    """

    def __init__(self, trainer: Trainer, precision: str, scaler: torch.amp.GradScaler | None = None) -> None:
        stored, computes = PRECISIONS[precision]  # type: ignore[index]
        self.scenario, self.stored, self.computes = trainer.scenario, stored, computes
        self.network = PlainNetwork(trainer).to(stored)
        self.optimizer = plain_optimizer(trainer.scenario, self.network)
        self.scaler = scaler
        self.losses: list[float] = []
        self.scales: list[float] = []

    def step(self, images: Tensor, labels: Tensor) -> None:
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=self.computes, enabled=self.stored is torch.float32):
            logits = self.network(images.to(self.stored)).float()
        if self.scenario.training.loss == "bce":
            loss = F.binary_cross_entropy_with_logits(logits, torch.eye(10)[labels])
        else:
            loss = F.cross_entropy(logits, labels)
        self.losses.append(loss.item())
        if self.scaler is None:
            torch.autograd.backward(loss)
            self._clip()
            self.optimizer.step()
            return
        self.scales.append(self.scaler.get_scale())
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.unscale_(self.optimizer)
        self._clip()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _clip(self) -> None:
        if self.scenario.training.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.scenario.training.clip_norm)

    def train(self, data: Dataset, steps: int, seed: int = 1) -> None:
        size, epoch = self.scenario.data.batch_size, 0
        while len(self.losses) < steps:
            epoch += 1
            order = epoch_order(seed, epoch, len(data.train_labels), data.passes)
            for first in range(0, len(order), size):
                if len(self.losses) < steps:
                    chosen = order[first : first + size]
                    self.step(data.train_images[chosen] / 255, data.train_labels[chosen])


def weights(trainer: Trainer) -> list[Tensor]:
    return list(trainer.network.state_dict().values())


def losses(events: list[Any]) -> list[float]:
    return [sample.loss for sample in of_kind(events, Sample)][:10]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("precision", ["bf16", "fp16", "bf16_mixed", "fp16_mixed"])
def test_weights_and_losses_are_those_of_a_plain_loop_to_the_bit(precision: str, change: str) -> None:
    scenario = make_scenario({**SMALL, **CHANGES[change], "training.precision": precision})
    data = random_data(200)
    trainer, events = begin(scenario, data)
    plain = Plain(trainer, precision)
    plain.train(data, STEPS)
    train(trainer, STEPS)
    assert losses(events) == plain.losses[:10]
    for ours, theirs in zip(weights(trainer), plain.network.in_order(), strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)


def scaled(change: dict[str, Any], scale: float | str) -> dict[str, Any]:
    low = {"training.precision": "fp16_mixed", "training.loss_scale": scale}
    return {**SMALL, **change, **low, "training.epochs": 5}


# At the first scale the steps overflow a few times; three good steps let it grow again.
@pytest.mark.parametrize("change", ["sgd", "momentum", "rmsprop", "adam", "adamw", "clipped", "batch"])
def test_a_dynamic_scale_is_that_of_grad_scaler(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_scale, "FIRST", 2.0**24)
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 3)
    data = random_data(200)
    trainer, events = begin(make_scenario(scaled(CHANGES[change], "dynamic")), data)
    plain = Plain(
        trainer,
        "fp16_mixed",
        torch.amp.GradScaler("cpu", init_scale=2.0**24, growth_interval=3),
    )
    plain.train(data, 30)
    train(trainer, 30)
    samples = of_kind(events, Sample)
    assert [sample.scale for sample in samples] == [plain.scales[sample.step - 1] for sample in samples]
    assert losses(events) == plain.losses[:10]
    assert samples[9].skipped == sum(
        later < before for before, later in zip(plain.scales, plain.scales[1:11], strict=False)
    )
    assert number(samples[9].skipped) > 1
    assert len(set(plain.scales)) > 3
    for ours, theirs in zip(weights(trainer), plain.network.in_order(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_constant_scale_skips_what_overflows_and_stays() -> None:
    data = random_data(200)
    trainer, events = begin(make_scenario(scaled({}, 2.0**24)), data)
    before = [each.clone() for each in weights(trainer)]
    train(trainer, 10)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(trainer), strict=True))
    last = of_kind(events, Sample)[-1]
    assert (last.scale, last.skipped) == (2.0**24, 10)


def test_a_constant_scale_is_near_that_of_grad_scaler() -> None:
    """Not to the bit: GradScaler multiplies the loss, and not its gradient, which rounds in other places."""
    data = random_data(200)
    trainer, _ = begin(make_scenario(scaled({}, 1000)), data)
    plain = Plain(
        trainer, "fp16_mixed", torch.amp.GradScaler("cpu", init_scale=1000.0, growth_interval=2**31 - 1)
    )
    plain.train(data, 30)
    train(trainer, 30)
    for ours, theirs in zip(weights(trainer), plain.network.in_order(), strict=True):
        assert (ours - theirs).abs().max() < 1e-5


def test_a_scale_of_a_power_of_two_changes_nothing_where_nothing_is_lost() -> None:
    data = random_data(200)
    plain, _ = begin(make_scenario({**SMALL, "training.precision": "bf16_mixed"}), data)
    with_scale, _ = begin(
        make_scenario({**SMALL, "training.precision": "bf16_mixed", "training.loss_scale": 1024}), data
    )
    train(plain, STEPS)
    train(with_scale, STEPS)
    assert all(torch.equal(a, b) for a, b in zip(weights(plain), weights(with_scale), strict=True))


@pytest.mark.parametrize("precision", ["bf16", "fp16", "bf16_mixed", "fp16_mixed"])
def test_measuring_changes_no_bit(precision: str) -> None:
    scenario = make_scenario({"training.precision": precision})
    measured, _ = begin(scenario, random_data())
    unmeasured, _ = begin(scenario, random_data(), measuring=False)
    train(measured)
    train(unmeasured)
    assert all(torch.equal(a, b) for a, b in zip(weights(measured), weights(unmeasured), strict=True))


# ------------------------------------------------------------------------------ what is measured


def test_underflow_is_what_fp16_lost_and_a_scale_brings_it_back() -> None:
    """Deltas of about 1e-9 times outputs of 0.5, which fp16 rounds to 0, and float32 does not."""
    deep = {"model.hidden_layers": 7, "model.init.std": 0.05, "data.batch_size": 64}
    samples = {}
    for scale in ("none", "dynamic"):
        trainer, events = begin(make_scenario({**scaled(deep, scale)}), random_data(64))
        trainer.step()
        samples[scale] = of_kind(events, Sample)[0].layers[0]
    exact, events = begin(make_scenario(deep), random_data(64))
    exact.step()
    reference = of_kind(events, Sample)[0].layers[0]
    gradient = exact.mlp.layers[0].weight.grad
    assert gradient is not None
    assert number(samples["none"].underflow) == 1.0
    assert samples["none"].grad_norm == 0.0
    lost = (gradient.abs() * loss_scale.FIRST < FP16_SMALLEST).double().mean().item()
    assert number(samples["dynamic"].underflow) == pytest.approx(lost, abs=0.02)
    assert number(samples["dynamic"].grad_norm) == pytest.approx(number(reference.grad_norm), rel=0.02)
    assert number(samples["dynamic"].delta_norm) == pytest.approx(number(reference.delta_norm), rel=0.02)
    assert reference.underflow is None


def test_unmoved_counts_the_bits_of_the_stored_type() -> None:
    data, change = random_data(64), {"optimizer.lr": 0.001, "model.init.std": 0.3}
    found = {}
    for precision in ("bf16", "bf16_mixed"):
        trainer, events = begin(make_scenario({**change, "training.precision": precision}), data)
        before = trainer.mlp.layers[1].weight.detach().clone()
        trainer.step()
        layer = trainer.mlp.layers[1]
        assert layer.weight.grad is not None
        pushed = layer.weight.grad != 0
        counted = ((before == layer.weight) & pushed).sum() / pushed.sum()
        found[precision] = number(of_kind(events, Sample)[0].layers[1].unmoved)
        assert found[precision] == pytest.approx(counted.item())
    assert found["bf16"] > 0.9
    assert found["bf16_mixed"] < 0.3


def test_counts_are_right_above_what_a_16_bit_sum_can_hold() -> None:
    """A sum of ones in bf16 ends at 256, in fp16 at 2048."""
    scenario = make_scenario({"training.precision": "bf16", "model.width": 64, "model.activation": "tanh"})
    trainer, events = begin(scenario, random_data(64))
    trainer.step()
    layer = of_kind(events, Sample)[0].layers[1]
    assert 0 <= number(layer.unmoved) <= 1
    assert 0 <= number(layer.saturated) <= 1
    weight = trainer.mlp.layers[1].weight
    assert number(layer.weight_norm) == pytest.approx(weight.double().norm().item(), rel=0.01)


def test_the_histograms_of_a_layer_are_without_the_scale() -> None:
    data = random_data(64)
    with_scale, _ = begin(make_scenario(scaled({}, "dynamic")), data)
    without, _ = begin(make_scenario(SMALL), data)
    ours, exact = with_scale.inspect("layer3").gradients, without.inspect("layer3").gradients
    assert ours is not None
    assert exact is not None
    assert ours.high == pytest.approx(exact.high, rel=0.02)
