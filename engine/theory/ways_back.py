"""The gradient's two ways back through a skip connection, measured in an untrained net. Needs torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

import scenarios
from engine.data.fashion_mnist import PIXELS
from engine.measure.quantities import Probe, decode
from engine.networks.backprop import backpropagate
from engine.networks.losses import LOSSES
from engine.networks.mlp import Network, Tape, build_hidden
from engine.theory.images import sample

SEED = 42
BATCH = 512


@dataclass(frozen=True, slots=True)
class Block:
    """One skip connection, H(x) = F(x) + x: x is the output of layer `source`, H that of layer `target`.

    Attributes:
        source: layer, from 1.
        target: layer.
        arriving: ‖∂L/∂H‖, which the short way hands on unchanged.
        through_layers: ‖(∂F/∂x)ᵀ ∂L/∂H‖, what is left of it behind the layers in between.
    """

    source: int
    target: int
    arriving: float
    through_layers: float


@dataclass(frozen=True, slots=True)
class WaysBack:
    """What one backward pass over 512 images left.

    Attributes:
        deltas: ‖∂L/∂a‖ at hidden layer 1, 2 …
        grads: ‖∂L/∂W‖ at the same.
        blocks: the skip connections.
    """

    deltas: tuple[float, ...]
    grads: tuple[float, ...]
    blocks: tuple[Block, ...]


def measure(scenario_id: str) -> WaysBack:
    """Measure a scenario at its initialisation, on the sample's test images.

    Args:
        scenario_id: of a scenario without norms, so that nothing but the skips differs from `depth-7`.
    """
    scenario = scenarios.load(scenario_id)
    network = Network(*build_hidden(scenario.model, SEED, torch.device("cpu")))
    pixels = torch.frombuffer(bytearray(sample().pixels[: BATCH * PIXELS]), dtype=torch.uint8)
    labels = torch.frombuffer(bytearray(sample().labels[:BATCH]), dtype=torch.uint8).long()
    tape = Tape(pixels.view(-1, PIXELS).float() / 255)
    deltas: dict[int, Tensor] = {}
    with torch.no_grad():
        _, error = LOSSES[scenario.training.loss](network(tape.images, tape), labels)
    probe = Probe(network, tape, scenario.model.activation)

    def on_delta(number: int, delta: Tensor) -> None:
        deltas[number] = delta
        probe.on_delta(number, delta)

    backpropagate(network, tape, error, on_delta)
    measured = probe.read()
    layers = decode(measured.values.tolist(), measured.present, network.layer_names, frozenset())[:-1]
    return WaysBack(
        tuple(layer.delta_norm or 0.0 for layer in layers),
        tuple(layer.grad_norm or 0.0 for layer in layers),
        tuple(_block(deltas, source, target) for source, target in scenario.model.skip),
    )


def _block(deltas: Mapping[int, Tensor], source: int, target: int) -> Block:
    # h = a + skip, so ∂L/∂a at the target is ∂L/∂H; what reaches the source is the sum of the two ways.
    arriving, total = deltas[target - 1], deltas[source - 1]
    return Block(source, target, float(arriving.norm()), float((total - arriving).double().norm()))
