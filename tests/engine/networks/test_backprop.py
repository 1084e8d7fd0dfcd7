"""The backward pass against autograd, to the bit, and against finite differences."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from engine.networks.activations import normalise_gradient
from engine.networks.backprop import backpropagate
from engine.networks.losses import LOSSES
from engine.networks.mlp import Network, Tape, build_hidden
from scenarios.schema import Scenario
from tests.engine.lab import make_scenario, plain_loss

VARIANTS: dict[str, dict[str, Any]] = {
    "sigmoid": {},
    "tanh": {"model.activation": "tanh"},
    "relu": {"model.activation": "relu"},
    "identity": {"model.activation": "identity"},
    "batchnorm": {"model.norm": "batch"},
    "layernorm": {"model.norm": "layer"},
    "customnorm": {"model.norm": "custom"},
    "gradient normalised": {"model.gradient": "normalised"},
    "a skip": {"model.skip": [[1, 3]]},
    "skips from one layer": {"model.skip": [[1, 3], [1, 5]]},
    "skips and all": {
        "model.skip": [[1, 2], [2, 5]],
        "model.activation": "relu",
        "model.norm": "batch",
        "model.gradient": "normalised",
    },
    "bce": {"training.loss": "bce"},
    "beta": {"model.activation": "sigmoid_beta", "model.beta": 0.05},
    "leaky relu": {"model.activation": "leaky_relu"},
    "elu": {"model.activation": "elu"},
    "silu": {"model.activation": "silu"},
    "gelu": {"model.activation": "gelu"},
    "gelu with skips and all": {
        "model.skip": [[1, 2], [2, 5]],
        "model.activation": "gelu",
        "model.norm": "batch",
        "model.gradient": "normalised",
    },
}
FROZEN = {
    "nothing": (),
    "the bottom": ("layer1", "layer2"),
    "the middle": ("layer2", "layer3"),
    "all but the output": ("layer1", "layer2", "layer3", "layer4", "layer5"),
    "the output": ("output",),
}


def deep(changes: dict[str, Any]) -> Scenario:
    return make_scenario({"model.hidden_layers": 5, "model.init.std": 0.2, **changes})


def batch(images: int = 24, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(7)
    return torch.rand(images, 784, generator=draw, dtype=dtype), torch.randint(10, (images,), generator=draw)


def network_of(scenario: Scenario, frozen: tuple[str, ...] = ()) -> Network:
    network = Network(*build_hidden(scenario.mlp, 3, torch.device("cpu")))
    network.freeze(frozenset(frozen))
    return network


class SigmoidBeta(torch.autograd.Function):
    """As the paper has it, in the order in which runs have been computed from the beginning."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, beta: float) -> Tensor:
        a = torch.sigmoid(z)
        ctx.save_for_backward(a)
        ctx.beta = beta
        return a

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (a,) = ctx.saved_tensors
        return gradients[0] * (a * (1 - a) + ctx.beta), None


def ours(scenario: Scenario, network: Network) -> dict[int, Tensor]:
    """dL/da by layer, counted from 0; the network has its gradients."""
    images, labels = batch()
    tape, deltas = Tape(images), dict[int, Tensor]()
    with torch.no_grad():
        _, error = LOSSES[scenario.training.loss](network(images, tape), labels)
    backpropagate(network, tape, error, deltas.__setitem__)
    return deltas


def autograd(scenario: Scenario, network: Network) -> dict[int, Tensor]:
    """The same, of a forward pass that PyTorch follows."""
    images, labels = batch()
    a: list[Tensor] = []
    h = [images]
    for layer in network.layers[:-1]:
        z = F.linear(h[-1], layer.weight, layer.bias)
        z = z if layer.norm is None else layer.norm(z)
        beta = scenario.mlp.beta
        a.append(layer.activation.forward(z) if beta is None else SigmoidBeta.apply(z, beta))
        out = a[-1]
        if layer.normalises_gradient and out.requires_grad:
            out = out.view_as(out)
            out.register_hook(normalise_gradient)  # type: ignore[no-untyped-call]
        h.append(out if layer.skip_from is None else out + h[layer.skip_from])
    a.append(F.linear(h[-1], network.layers[-1].weight, network.layers[-1].bias))
    for each in a:
        if each.requires_grad:
            each.retain_grad()
    torch.autograd.backward(plain_loss(scenario.training.loss, a[-1], labels))
    return {number: each.grad for number, each in enumerate(a) if each.grad is not None}


def same(mine: Tensor | None, theirs: Tensor | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return torch.equal(mine, theirs)


@pytest.mark.parametrize("frozen", FROZEN)
@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_and_deltas_are_autograd_s_to_the_bit(variant: str, frozen: str) -> None:
    scenario = deep(VARIANTS[variant])
    network, twin = (network_of(scenario, FROZEN[frozen]) for _ in range(2))
    deltas, expected = ours(scenario, network), autograd(scenario, twin)
    for (name, mine), theirs in zip(network.named_parameters(), twin.parameters(), strict=True):
        assert same(mine.grad, theirs.grad), name
        assert (mine.grad is None) == (not mine.requires_grad), name
    assert deltas[len(network.layers) - 1].count_nonzero()
    assert sorted(deltas) == sorted(expected)
    for number, delta in deltas.items():
        assert same(delta, expected[number]), number
    buffers = zip(network.buffers(), twin.buffers(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in buffers)


@pytest.mark.parametrize("variant", ["batchnorm", "layernorm"])
def test_a_second_pass_sets_the_gradients_and_adds_nothing(variant: str) -> None:
    scenario = deep(VARIANTS[variant])
    network = network_of(scenario)
    ours(scenario, network)
    first = [parameter.grad for parameter in network.parameters()]
    ours(scenario, network)
    assert all(same(*each) for each in zip(first, (p.grad for p in network.parameters()), strict=True))


def test_nothing_is_kept_to_go_back_through_what_is_frozen_at_the_bottom() -> None:
    network, (images, _) = network_of(deep({"model.norm": "batch"}), FROZEN["the bottom"]), batch()
    tape = Tape(images)
    network(images, tape)
    assert sorted(tape.norms) == [2, 3, 4]


def test_a_frozen_bottom_costs_no_work() -> None:
    counts = []
    for frozen in FROZEN["nothing"], FROZEN["the bottom"]:
        network, (images, labels) = network_of(deep({}), frozen), batch()
        tape = Tape(images)
        with torch.no_grad():
            _, error = LOSSES["cross_entropy"](network(images, tape), labels)
        with FlopCounterMode(display=False) as counter:
            backpropagate(network, tape, error)
        counts.append(counter.get_total_flops())
    below_layer3 = 2 * 24 * (784 * 16 + 16 * 16 + 2 * 16 * 16)  # two layers' own, and both hops down to them
    assert counts[0] - counts[1] == below_layer3


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "beta"])
def test_gradients_are_finite_differences_of_the_loss(variant: str) -> None:
    """Where a gradient is changed on its way down, only the output layer's is one."""
    scenario = deep({**VARIANTS[variant], "model.init.std": 0.3})
    images, labels = batch(dtype=torch.float64)
    loss = LOSSES[scenario.training.loss]
    network = network_of(scenario).double()
    tape = Tape(images)
    with torch.no_grad():
        _, error = loss(network(images, tape), labels)
    backpropagate(network, tape, error)
    plain = scenario.mlp.gradient == "plain"
    for layer in network.layers if plain else network.layers[-1:]:
        for parameter in layer.module.parameters():
            flat, gradient = parameter.data.view(-1), parameter.grad
            assert gradient is not None
            for place in range(0, len(flat), max(1, len(flat) // 5)):
                there, losses = float(flat[place]), []
                for step in 1e-6, -1e-6:
                    flat[place] = there + step
                    losses.append(float(loss(network(images), labels)[0]))
                flat[place] = there
                slope = (losses[0] - losses[1]) / 2e-6
                assert float(gradient.view(-1)[place]) == pytest.approx(slope, rel=1e-4, abs=1e-8)


def test_on_one_layer_alone_beta_adds_its_share_of_what_comes_from_above() -> None:
    scenario = make_scenario(
        {"model.hidden_layers": 1, "model.activation": "sigmoid_beta", "model.beta": 0.5}
    )
    plain = make_scenario({"model.hidden_layers": 1})
    raised, network = network_of(scenario), network_of(plain)
    delta = ours(scenario, raised)[0]
    assert torch.equal(delta, ours(plain, network)[0])  # β comes in below it
    more, less = raised.layers[0].bias.grad, network.layers[0].bias.grad
    assert more is not None
    assert less is not None
    torch.testing.assert_close(more, less + 0.5 * delta.sum(0))
