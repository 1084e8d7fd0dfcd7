"""What is measured at each layer, against autograd, clones of the weights, closed forms and hand counts.

It is long because each quantity has its own reference here.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from engine.data.fashion_mnist import PIXELS, Dataset, scaled
from engine.measure.probe import Probe, decode, measured_step, nonfinite_layers
from engine.measure.quantities import of_activations, of_deltas, of_outputs, of_weights
from engine.networks.mlp import Layer, Network, Tape
from engine.randomness import epoch_order
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import (
    begin,
    first_sample,
    make_scenario,
    number,
    of_kind,
    plain_loss,
    random_data,
    train,
)
from vanish_recorder.protocol.events import LayerSample, Sample
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Layers


def first_batch(trainer: Trainer, data: Dataset, seed: int = 1) -> tuple[Tensor, Tensor]:
    chosen = epoch_order(seed, 1, len(data.train_labels), data.passes)[: trainer.scenario.data.batch_size]
    return scaled(data.train_images[chosen]), data.train_labels[chosen]


# ------------------------------------------------------------------- gradients and deltas


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model.activation": "relu"},
        {"model.activation": "tanh", "model.norm": "batch"},
        {"model.skip": [[1, 3]]},
        {"optimizer": {"name": "sdagd", "radius": 0.2}},
        {"training.loss": "bce"},
    ],
    ids=lambda changes: ",".join(f"{key}={value}" for key, value in changes.items()) or "plain",
)
def test_gradient_and_delta_norms_are_those_of_autograd(changes: dict[str, object]) -> None:
    data = random_data()
    trainer, events = begin(make_scenario(changes), data)
    images, labels = first_batch(trainer, data)
    outputs: list[Tensor] = []  # a of each hidden layer
    h = [images]
    for layer in trainer.mlp.layers[:-1]:
        z = F.linear(h[-1], layer.weight, layer.bias)
        a = layer.activation.forward(z if layer.norm is None else layer.norm(z))
        outputs.append(a)
        h.append(a + h[layer.skip_from] if layer.skip_from else a)
    logits = F.linear(h[-1], trainer.mlp.layers[-1].weight, trainer.mlp.layers[-1].bias)
    loss = plain_loss(trainer.scenario.training.loss, logits, labels)
    weights = [layer.weight for layer in trainer.mlp.layers]
    gradients = torch.autograd.grad(loss, [*weights, *outputs, logits])
    norms = [gradient.double().norm().item() for gradient in gradients]

    trainer.step()
    layers = of_kind(events, Sample)[0].layers
    assert [layer.name for layer in layers] == ["layer1", "layer2", "layer3", "output"]
    assert [layer.grad_norm for layer in layers] == pytest.approx(norms[: len(layers)], rel=1e-5)
    assert [layer.delta_norm for layer in layers] == pytest.approx(norms[len(layers) :], rel=1e-5)


def test_an_orthogonal_linear_net_passes_on_its_gain_exactly() -> None:
    gain = 0.25
    init = {"scheme": "orthogonal", "gain": gain}
    scenario = make_scenario(
        {"model.activation": "identity", "model.init": init, "model.width": 24, "model.hidden_layers": 5}
    )
    deltas = [number(layer.delta_norm) for layer in first_sample(scenario, random_data()).layers[:-1]]
    ratios = [below / above for below, above in itertools.pairwise(deltas)]
    assert ratios == pytest.approx([gain] * 4, rel=1e-5)


def test_a_linear_net_s_delta_is_the_output_error_through_the_weights() -> None:
    data = random_data()
    trainer, events = begin(make_scenario({"model.activation": "identity"}), data)
    weights = [layer.weight.detach().clone() for layer in trainer.mlp.layers]
    images, labels = first_batch(trainer, data)
    product = images
    for weight in weights:
        product = product @ weight.T
    delta = (product.softmax(1) - torch.eye(10)[labels]) / len(labels)
    expected = [delta.norm().item()]
    for weight in reversed(weights[1:]):
        delta = delta @ weight
        expected.append(delta.norm().item())
    trainer.step()
    layers = of_kind(events, Sample)[0].layers
    assert [layer.delta_norm for layer in layers] == pytest.approx(expected[::-1], rel=1e-5)


# ------------------------------------------------------------------------ what the update did


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "sgd", "lr": 0.1},
        {"name": "sgd", "lr": 0.1, "momentum": 0.9},
        {"name": "adam", "lr": 0.01},
        {"name": "sdagd", "radius": 0.2},
    ],
    ids=["sgd", "momentum", "adam", "sdagd"],
)
def test_the_update_ratio_is_that_of_clones_of_the_weights(optimizer: dict[str, object]) -> None:
    trainer, events = begin(make_scenario({"optimizer": optimizer}), random_data())
    for _ in range(3):
        before = [layer.weight.detach().clone() for layer in trainer.mlp.layers]
        trainer.step()
        after = [layer.weight.detach() for layer in trainer.mlp.layers]
        layers = of_kind(events, Sample)[-1].layers
        for layer, old, new in zip(layers, before, after, strict=True):
            norm = old.double().norm().item()
            assert layer.weight_norm == pytest.approx(norm, rel=1e-12)
            change = (new.double() - old.double()).norm().item()
            assert layer.update_ratio == pytest.approx(change / norm, rel=1e-6)


def test_unmoved_counts_only_weights_that_a_gradient_pushed() -> None:
    """Pixels that are 0 in the whole batch give their weights a gradient of exactly 0."""
    data = random_data()
    data.train_images[:, : PIXELS // 2] = 0
    trainer, events = begin(make_scenario({"optimizer.lr": 1e-6}), data)
    weight = trainer.mlp.layers[0].weight
    before = weight.detach().clone()
    trainer.step()
    assert weight.grad is not None
    pushed = weight.grad != 0
    assert not pushed[:, : PIXELS // 2].any()
    expected = (weight.detach() == before)[pushed].double().mean().item()
    layer = of_kind(events, Sample)[0].layers[0]
    assert 0 < expected < 1
    assert layer.unmoved == pytest.approx(expected, rel=1e-12)


def test_unmoved_is_null_where_nothing_was_pushed() -> None:
    data = random_data()
    data.train_images.zero_()
    layer = first_sample(make_scenario(), data).layers[0]
    assert (layer.grad_norm, layer.unmoved, layer.update_ratio) == (0.0, None, 0.0)


def test_an_update_below_float32_s_rounding_moves_nothing() -> None:
    sample = first_sample(make_scenario({"optimizer.lr": 1e-30}), random_data())
    assert all(layer.grad_norm for layer in sample.layers)
    assert {layer.update_ratio for layer in sample.layers} == {0.0}
    assert {layer.unmoved for layer in sample.layers} == {1.0}


# --------------------------------------------------------------------------- forward values


def measured(h: Tensor, activation: str = "sigmoid", a: Tensor | None = None) -> LayerSample:
    """What is said of one hidden layer that puts out `h` (and `a`, if a skip is between them)."""
    a = h if a is None else a
    network = network_of(make_scenario({"model.hidden_layers": 1, "model.activation": activation}))
    tape = Tape(images=a, a=[a, a], h=[h, h])
    measurement = Probe(network, tape, activation).read()
    layers = decode(
        measurement.values.tolist(), measurement.present, network.layer_names, frozenset({"layer1"})
    )
    return layers[0]


def network_of(scenario: Scenario) -> Network:
    """A network that no optimizer has touched."""
    width = scenario.mlp.width
    return Network([Layer("layer1", nn.Linear(PIXELS, width))], Layer("output", nn.Linear(width, 10)))


H = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 16.0]])  # 3 images, 2 units


def test_mean_and_deviations_by_hand() -> None:
    layer = measured(H)
    assert layer.activation_mean == pytest.approx(7.5)
    squares = [(value - 7.5) ** 2 for value in (1, 10, 3, 10, 5, 16)]
    assert layer.activation_std == pytest.approx(math.sqrt(sum(squares) / 6))
    # Over the batch each unit by itself, then the mean over the two units.
    assert layer.sample_std == pytest.approx((math.sqrt(8 / 3) + math.sqrt(8)) / 2)


def test_a_deviation_of_a_few_roundings_on_a_large_mean_is_still_seen() -> None:
    spread = 6e-7
    h = torch.full((512, 3), 0.5)
    h[::2] += spread
    exact = (h[0, 0].double() - h[1, 0].double()).item() / 2
    assert exact > 0
    assert measured(h).sample_std == pytest.approx(exact, rel=1e-9)
    assert measured(torch.full((512, 3), 0.3)).sample_std == pytest.approx(0, abs=1e-15)


def test_sigmoids_are_saturated_where_the_slope_is_under_a_twentieth_of_its_maximum() -> None:
    edge = math.log((1 + math.sqrt(0.95)) / (1 - math.sqrt(0.95)))  # σ'(z) = 0.05 / 4
    z = torch.tensor([[0.0, edge + 0.01], [edge - 0.01, -edge - 0.01], [-20.0, -edge + 0.01]])
    for name in ("sigmoid", "sigmoid_beta"):
        scenario = {"model.hidden_layers": 1, "model.activation": name}
        network = network_of(make_scenario(scenario | ({"model.beta": 1.0} if "beta" in name else {})))
        a = torch.sigmoid(z)
        tape = Tape(images=z, a=[a, a], h=[a, a])
        measurement = Probe(network, tape, name).read()
        layers = decode(measurement.values.tolist(), measurement.present, network.layer_names, frozenset())
        assert layers[0].saturated == 0.5
        assert (layers[0].inactive, layers[0].dead, layers[1].saturated) == (None, None, None)


def test_tanh_is_saturated_where_the_slope_is_under_a_twentieth_of_its_maximum() -> None:
    edge = math.atanh(math.sqrt(0.95))
    a = torch.tanh(torch.tensor([[0.0, edge + 0.01], [edge - 0.01, -edge - 0.01]]))
    layer = measured(a, "tanh")
    assert (layer.saturated, layer.inactive, layer.dead) == (0.5, None, None)


def test_relus_are_inactive_by_the_activation_and_dead_by_the_unit() -> None:
    a = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    layer = measured(a, "relu")
    assert layer.inactive == pytest.approx(4 / 6)
    assert layer.dead == pytest.approx(1 / 3)
    assert layer.saturated is None


def test_a_skip_changes_h_but_not_what_counts_as_dead() -> None:
    a = torch.tensor([[0.0, 1.0], [0.0, 2.0]])
    layer = measured(a + 5, "relu", a)
    assert (layer.dead, layer.inactive) == (0.5, 0.5)
    assert layer.activation_mean == pytest.approx(5.75)


def test_a_linear_unit_is_neither_saturated_nor_dead() -> None:
    layer = measured(torch.zeros(2, 2), "identity")
    assert (layer.saturated, layer.inactive, layer.dead) == (None, None, None)


# ----------------------------------------------------------- the ends of float32's range


@pytest.mark.parametrize("size", [1e-30, 1e-38, 1e30])
def test_norms_hold_where_the_squares_leave_float32(size: float) -> None:
    scenario = make_scenario({"model.hidden_layers": 1})
    network = network_of(scenario)
    for layer in network.layers:
        layer.weight.data.fill_(size)
        layer.weight.grad = torch.full_like(layer.weight, -size)
    a = torch.full((4, 16), size)
    a[::2] *= -1
    probe = Probe(network, Tape(images=a, a=[a, a], h=[a, a]), "identity")
    probe.on_delta(0, torch.full_like(a, size))
    for layer in network.layers:
        layer.weight.data.mul_(0.5)
    measurement = probe.read()
    found = decode(measurement.values.tolist(), measurement.present, ("layer1", "output"), frozenset())[0]
    exact = torch.tensor(size).double().item()
    norm = exact * math.sqrt(16 * PIXELS)
    assert found.grad_norm == pytest.approx(norm, rel=1e-6)
    assert found.weight_norm == pytest.approx(norm, rel=1e-6)
    assert found.delta_norm == pytest.approx(exact * 8, rel=1e-6)
    assert found.update_ratio == pytest.approx(0.5, rel=1e-5)
    assert found.activation_std == pytest.approx(exact, rel=1e-6)
    assert found.sample_std == pytest.approx(exact, rel=1e-6)


# ------------------------------------------------------------------- when, and of whom


def test_steps_1_to_10_of_a_stage_and_every_10th_of_the_run_are_measured() -> None:
    first = [step for step in range(1, 45) if measured_step(step, step)]
    assert first == [*range(1, 11), 20, 30, 40]
    later = [step for step in range(46, 91) if measured_step(step, step - 45)]
    assert later == [*range(46, 56), 60, 70, 80, 90]


def test_every_quantity_of_a_trained_layer_is_there_or_null_for_good_reason() -> None:
    trainer, events = begin(make_scenario(), random_data())
    train(trainer, 4)
    for sample in of_kind(events, Sample):
        *hidden, output = sample.layers
        for layer in hidden:
            assert None not in (layer.grad_norm, layer.delta_norm, layer.update_ratio, layer.unmoved)
            assert None not in (layer.weight_norm, layer.activation_mean, layer.activation_std)
            assert None not in (layer.sample_std, layer.saturated)
            assert (layer.inactive, layer.dead, layer.frozen) == (None, None, False)
        assert output.saturated is None
        assert output.delta_norm is not None


def test_layers_are_named_not_finite_by_what_comes_out_of_them() -> None:
    layers = (
        LayerSample(name="layer1", activation_std=1.0, grad_norm=math.nan),
        LayerSample(name="layer2", activation_std=math.inf),
        LayerSample(name="layer3"),
        LayerSample(name="output", activation_std=math.nan),
    )
    assert nonfinite_layers(layers) == ("layer2", "output")


# ------------------------------------------------------------- the table and the functions


def test_every_row_has_one_function_and_every_function_a_row() -> None:
    names = [*of_weights, *of_outputs, *of_activations, *of_deltas]
    assert sorted(names) == sorted(QUANTITIES)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "sigmoid_beta", "tanh", "relu"])
@pytest.mark.parametrize(
    "frozen", [frozenset(), {"layer1", "layer2"}, {"layer2"}], ids=["none frozen", "two frozen", "one frozen"]
)
def test_a_quantity_is_measured_exactly_where_its_row_says(activation: str, frozen: frozenset[str]) -> None:
    beta = {"model.beta": 0.1} if activation == "sigmoid_beta" else {}
    trainer, events = begin(make_scenario({"model.activation": activation, **beta}), random_data())
    for name in frozen:
        trainer.freeze(name, frozen=True)
    trainer.step()
    layers = of_kind(events, Sample)[0].layers
    lowest = next(place for place, layer in enumerate(layers) if not layer.frozen)
    for place, layer in enumerate(layers):
        kinds: list[Layers] = ["all"]
        if layer.name != "output":
            kinds.append("hidden")
        if place >= lowest:
            kinds.append("reached")
        if not layer.frozen:
            kinds.append("trained")
        for row in QUANTITIES.values():
            measured = layer.value(row) is not None
            assert measured == row.applies(kinds, activation, "fp32"), f"{row.name} at {layer.name}"


@pytest.mark.parametrize(
    ("name", "overwrites", "why"),
    [
        ("beauty", False, "no such quantity"),
        ("saturated", False, "no tensors for hidden layers"),
        ("weight_norm", True, "unmoved overwrites the same tensors"),
    ],
)
def test_a_function_that_cannot_measure_its_quantity_is_refused(
    name: str, overwrites: bool, why: str
) -> None:
    with pytest.raises(ValueError, match=f"{name}: .*{why}"):
        of_weights(name, overwrites=overwrites)


def test_a_function_that_overwrites_tensors_is_called_last() -> None:
    assert list(of_weights.applying("relu", "all", "trained"))[-1] == "unmoved"


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is carried out on tensors."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("activation", "most", "most_per_layer"), [("sigmoid", 174, 13), ("relu", 208, 17)])
def test_measuring_takes_few_operations(activation: str, most: int, most_per_layer: int) -> None:
    """Many small operations are what measuring costs, so layers that are equally large share them."""

    def operations(hidden: int, *, measuring: bool) -> int:
        changes = {"model.hidden_layers": hidden, "model.activation": activation}
        trainer, _ = begin(make_scenario(changes), random_data(), measuring=measuring)
        with Operations() as found:
            trainer.step()
        count: int = found.count
        return count

    four, seven = (operations(n, measuring=True) - operations(n, measuring=False) for n in (4, 7))
    assert seven <= most
    assert seven - four <= 3 * most_per_layer
