"""Dropout's masks, where it acts and where it does not; its training is held to `nn.Dropout` elsewhere."""

import pytest
import torch

from engine.networks.dropout import Dropout
from engine.networks.mlp import Network, Tape, build_hidden
from engine.randomness import generator
from tests.engine.lab import make_scenario

IMAGES = torch.rand(64, 784, generator=torch.Generator().manual_seed(1))


def network_with(frozen: frozenset[str] = frozenset()) -> Network:
    network = Network(*build_hidden(make_scenario({"model.dropout": 0.25}).mlp, 3, torch.device("cpu")))
    network.freeze(frozen)
    return network


def tape_of(network: Network, step: int = 1) -> Tape:
    tape = Tape(IMAGES, dropout=Dropout.of_step(make_scenario({"model.dropout": 0.25}).mlp, 3, step))
    with torch.no_grad():
        network(IMAGES, tape)
    return tape


def test_a_mask_leaves_out_its_part_and_keeps_the_mean() -> None:
    mask = Dropout(0.25, generator(1, "dropout", 1)).mask(torch.zeros(1000, 100))
    assert sorted(set(mask.flatten().tolist())) == pytest.approx([0.0, 4 / 3])
    assert (mask == 0).double().mean().item() == pytest.approx(0.25, abs=0.01)
    assert mask.mean().item() == pytest.approx(1.0, abs=0.01)


def test_hidden_layers_pass_on_what_the_mask_leaves_and_the_output_layer_everything() -> None:
    tape = tape_of(network_with())
    assert sorted(tape.masks) == [0, 1, 2]
    for number, mask in tape.masks.items():
        assert torch.equal(tape.h[number], tape.a[number] * mask)
    assert torch.equal(tape.h[-1], tape.a[-1])


def test_each_step_and_each_layer_has_other_masks_and_the_same_step_the_same() -> None:
    network = network_with()
    first, again, second = tape_of(network), tape_of(network), tape_of(network, step=2)
    assert all(torch.equal(first.masks[number], again.masks[number]) for number in first.masks)
    assert not torch.equal(first.masks[0], second.masks[0])
    assert not torch.equal(first.masks[0], first.masks[1])


def test_frozen_layers_and_a_pass_without_dropout_leave_nothing_out() -> None:
    assert sorted(tape_of(network_with(frozenset({"layer1", "layer2"}))).masks) == [2]
    network, plain = network_with(), Tape(IMAGES)
    assert torch.equal(network(IMAGES), network(IMAGES, plain))
    assert plain.masks == {}


def test_a_model_without_dropout_draws_nothing() -> None:
    assert Dropout.of_step(make_scenario().mlp, 3, 1) is None
    assert Dropout.of_step(make_scenario({"model.dropout": 0.0}).mlp, 3, 1) is None
