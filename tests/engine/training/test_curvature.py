"""SDAGD: its curvature against exact Gauss-Newton and plain loops, its step against both limits."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.data.fashion_mnist import scaled
from engine.networks.mlp import Layer, Network, Tape, build_hidden
from engine.training.curvature import diagonal_curvature
from engine.training.optimizers import SDAGD
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, random_data, train, watch_batches

Curvature = list[tuple[Tensor, Tensor]]


def sdagd_scenario(activation: str = "sigmoid", layers: int = 2, width: int = 4) -> Scenario:
    changes: dict[str, object] = {
        "model.hidden_layers": layers,
        "model.width": width,
        "model.activation": activation,
        "model.init.std": 0.5,
        "optimizer": {"name": "sdagd", "radius": 0.2},
    }
    if activation == "sigmoid_beta":
        changes["model.beta"] = 0.1
    return make_scenario(changes)


def observed(scenario: Scenario, images: Tensor) -> tuple[Network, Tape, Curvature]:
    hidden, output = build_hidden(scenario.mlp, 3, torch.device("cpu"))
    network, tape = Network(hidden, output), Tape(images)
    network(images, tape)
    return network, tape, diagonal_curvature(network, scenario.mlp, tape)


def images_of(count: int) -> Tensor:
    return scaled(random_data(count).train_images)


# ---------------------------------------------------------------------------- the curvature


def test_at_the_output_h_is_the_exact_gauss_newton_diagonal() -> None:
    images = images_of(5)
    network, _, curvature = observed(sdagd_scenario(), images)
    parameters = [network.layers[-1].weight, network.layers[-1].bias]
    exact = [torch.zeros_like(parameter) for parameter in parameters]
    for image in images:
        logits = network(image[None])[0]
        probabilities = logits.softmax(0).detach()
        hessian = probabilities.diag() - torch.outer(probabilities, probabilities)
        rows = [torch.autograd.grad(logit, parameters, retain_graph=True) for logit in logits]
        for i in range(10):
            for j in range(10):
                for which in range(2):
                    exact[which] += rows[i][which] * hessian[i, j] * rows[j][which] / len(images)
    torch.testing.assert_close(curvature[-1][0], exact[0], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(curvature[-1][1], exact[1], rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("activation", ["sigmoid", "sigmoid_beta", "tanh", "relu", "identity"])
def test_below_the_output_h_follows_its_recursion_written_with_loops(activation: str) -> None:
    images = images_of(3)
    network, tape, curvature = observed(sdagd_scenario(activation), images)
    inputs = [images, *(h.detach() for h in tape.h[:-1])]
    slopes: dict[str, Callable[[float], float]] = {
        "sigmoid": lambda a: a * (1 - a),
        "sigmoid_beta": lambda a: a * (1 - a) + 0.1,
        "tanh": lambda a: 1 - a * a,
        "relu": lambda a: 1.0 if a > 0 else 0.0,
        "identity": lambda a: 1.0,
    }
    expected = [(torch.zeros_like(layer.weight), torch.zeros_like(layer.bias)) for layer in network.layers]
    for image in range(3):
        p = tape.a[-1][image].detach().softmax(0)
        h_z = [float(value * (1 - value)) for value in p]
        for layer in (2, 1, 0):
            below = inputs[layer][image]
            for unit, h in enumerate(h_z):
                expected[layer][0][unit] += h * below * below / 3
                expected[layer][1][unit] += h / 3
            if layer:
                weight = network.layers[layer].weight.detach()
                h_z = [
                    slopes[activation](float(tape.a[layer - 1].detach()[image, unit])) ** 2
                    * sum(float(weight[above, unit]) ** 2 * h for above, h in enumerate(h_z))
                    for unit in range(weight.shape[1])
                ]
    for ours, plain in zip(curvature, expected, strict=True):
        torch.testing.assert_close(ours[0], plain[0], rtol=1e-4, atol=1e-9)
        torch.testing.assert_close(ours[1], plain[1], rtol=1e-4, atol=1e-9)


def test_h_is_never_negative_and_shaped_like_its_parameters() -> None:
    network, _, curvature = observed(sdagd_scenario("tanh"), images_of(7))
    for layer, (weight, bias) in zip(network.layers, curvature, strict=True):
        assert (weight.shape, bias.shape) == (layer.weight.shape, layer.bias.shape)
        assert (weight >= 0).all()
        assert (bias >= 0).all()


# ---------------------------------------------------------------------------------- the step


class Stepper:
    """An SDAGD whose gradients and curvature the test sets by hand."""

    def __init__(self, radius: float, norm: str = "layer") -> None:
        scenario = sdagd_scenario()
        hidden, output = build_hidden(scenario.mlp, 3, torch.device("cpu"))
        self.network = Network(hidden, output)
        self.optimizer = SDAGD(self.network, scenario.mlp, radius, norm)
        draw = torch.Generator().manual_seed(4)
        for layer in self.network.layers:
            layer.weight.grad = torch.randn(layer.weight.shape, generator=draw)
            layer.bias.grad = torch.randn(layer.bias.shape, generator=draw)
        self.curve(0.0)

    def curve(self, value: float) -> None:
        self.optimizer._curvature = [
            (torch.full_like(layer.weight, value), torch.full_like(layer.bias, value))
            for layer in self.network.layers
        ]

    def scale(self, factor: float) -> None:
        for parameter in self.network.parameters():
            assert parameter.grad is not None
            parameter.grad *= factor

    def step(self) -> list[Tensor]:
        """The changes of each layer's weight and bias, as one vector a layer."""
        before = copy.deepcopy(self.network.state_dict())
        for layer in self.network.layers:  # from 0, so that no rounding hides a short step
            layer.weight.data.zero_()
            layer.bias.data.zero_()
        self.optimizer.step()
        changes = [_flat(layer) for layer in self.network.layers]
        self.network.load_state_dict(before)
        return changes


def _flat(layer: Layer) -> Tensor:
    return torch.cat([layer.weight.detach().flatten(), layer.bias.detach()])


def _gradient(layer: Layer) -> Tensor:
    assert layer.weight.grad is not None
    assert layer.bias.grad is not None
    return torch.cat([layer.weight.grad.flatten(), layer.bias.grad])


@pytest.mark.parametrize("size", [1.0, 1e-12, 1e-30, 1e30])
def test_without_curvature_each_layer_goes_a_radius_down_its_gradient_however_small_or_large(
    size: float,
) -> None:
    stepper = Stepper(radius=0.2)
    stepper.scale(size)
    for change, layer in zip(stepper.step(), stepper.network.layers, strict=True):
        assert change.norm().item() == pytest.approx(0.2, rel=1e-5)
        assert F.cosine_similarity(change, -_gradient(layer) / size, dim=0).item() == pytest.approx(1)


def test_with_the_global_norm_the_whole_step_is_a_radius_long() -> None:
    stepper = Stepper(radius=0.2, norm="global")
    whole = torch.cat(stepper.step())
    gradient = torch.cat([_gradient(layer) for layer in stepper.network.layers])
    assert whole.norm().item() == pytest.approx(0.2, rel=1e-5)
    assert F.cosine_similarity(whole, -gradient, dim=0).item() == pytest.approx(1)


def test_with_a_large_radius_it_is_a_diagonal_newton_step() -> None:
    stepper = Stepper(radius=1e12)
    stepper.curve(4.0)
    for change, layer in zip(stepper.step(), stepper.network.layers, strict=True):
        torch.testing.assert_close(change, -_gradient(layer) / 4.0)


def test_in_between_it_divides_by_curvature_and_norm_over_radius() -> None:
    stepper = Stepper(radius=0.5)
    stepper.curve(3.0)
    for change, layer in zip(stepper.step(), stepper.network.layers, strict=True):
        gradient = _gradient(layer)
        torch.testing.assert_close(change, -gradient / (3.0 + gradient.norm() / 0.5))


def test_a_gradient_of_0_moves_nothing() -> None:
    stepper = Stepper(radius=0.2)
    stepper.scale(0.0)
    for change in stepper.step():
        assert torch.equal(change, torch.zeros_like(change))


def test_a_layer_without_gradient_does_not_change_and_adds_nothing_to_the_global_norm() -> None:
    stepper = Stepper(radius=0.2, norm="global")
    stepper.network.layers[0].weight.grad = stepper.network.layers[0].bias.grad = None
    frozen, *moved = stepper.step()
    assert torch.equal(frozen, torch.zeros_like(frozen))
    assert torch.cat(moved).norm().item() == pytest.approx(0.2, rel=1e-5)


def test_training_goes_by_gradient_and_curvature_of_the_same_batch() -> None:
    data, scenario = random_data(), sdagd_scenario()
    trainer, _ = begin(scenario, data)
    twin, _ = begin(scenario, data)
    batches = watch_batches(trainer)
    train(trainer, 1)
    images, labels = batches[0], _labels_of(batches[0], scaled(data.train_images), data.train_labels)
    tape = Tape(images)
    torch.autograd.backward(F.cross_entropy(twin.network(images, tape), labels))
    curvature = diagonal_curvature(twin.mlp, scenario.mlp, tape)
    pairs = zip(trainer.mlp.layers, twin.mlp.layers, curvature, strict=True)
    for ours, plain, (h_weight, _) in pairs:
        mu = _gradient(plain).norm() / 0.2
        assert plain.weight.grad is not None
        expected = plain.weight.detach() - plain.weight.grad / (mu + h_weight)
        torch.testing.assert_close(ours.weight.detach(), expected)


def _labels_of(images: Tensor, all_images: Tensor, labels: Tensor) -> Tensor:
    rows = [int((all_images == image).all(1).nonzero()[0, 0]) for image in images]
    return labels[rows]
