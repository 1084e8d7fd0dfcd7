"""The gradient's two paths back through a skip connection, in an untrained network. Needs torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

import scenarios
from engine.data.fashion_mnist import PIXELS
from engine.measure.probe import Probe, decode
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
        source: layer, counted from 1.
        target: layer, counted from 1.
        arriving: ‖∂L/∂H‖, which the skip connection passes on unchanged.
        through_layers: ‖(∂F/∂x)ᵀ ∂L/∂H‖, what the layers in between pass on.
    """

    source: int
    target: int
    arriving: float
    through_layers: float


@dataclass(frozen=True, slots=True)
class WaysBack:
    """The results of one backward pass over 512 images.

    Attributes:
        deltas: ‖∂L/∂a‖ at hidden layer 1, 2 …
        grads: ‖∂L/∂W‖ at the same layers.
        blocks: the skip connections.
    """

    deltas: tuple[float, ...]
    grads: tuple[float, ...]
    blocks: tuple[Block, ...]


def measure(scenario_id: str) -> WaysBack:
    """Measure a scenario at its initialisation, on the sample's test images.

    Args:
        scenario_id: of a scenario without norms, so that only the skips differ from `depth-7`.
    """
    scenario = scenarios.load(scenario_id)
    network = Network(*build_hidden(scenario.mlp, SEED, torch.device("cpu")))
    pixels = torch.frombuffer(bytearray(sample().pixels[: BATCH * PIXELS]), dtype=torch.uint8)
    labels = torch.frombuffer(bytearray(sample().labels[:BATCH]), dtype=torch.uint8).long()
    tape = Tape(pixels.view(-1, PIXELS).float() / 255)
    deltas: dict[int, Tensor] = {}  # by layer, counted from 0: ∂L/∂a [batch, units]
    with torch.no_grad():
        _, error = LOSSES[scenario.training.loss](network(tape.images, tape), labels)  # [batch, classes]
    probe = Probe(network, tape, scenario.mlp.activation)

    def on_delta(number: int, delta: Tensor) -> None:
        deltas[number] = delta
        probe.on_delta(number, delta)

    backpropagate(network, tape, error, on_delta)
    measured = probe.read()
    layers = decode(measured.values.tolist(), measured.present, network.layer_names, frozenset())[:-1]
    return WaysBack(
        tuple(layer.delta_norm or 0.0 for layer in layers),
        tuple(layer.grad_norm or 0.0 for layer in layers),
        tuple(_block(deltas, source, target) for source, target in scenario.mlp.skip),
    )


def _block(deltas: Mapping[int, Tensor], source: int, target: int) -> Block:
    """The norms at one skip connection.

    Args:
        deltas: ∂L/∂a, float [batch, units], by layer, counted from 0.
        source: layer, counted from 1.
        target: layer, counted from 1.
    """
    # h = a + skip, so ∂L/∂a at the target is ∂L/∂H. At the source it is the sum over both paths.
    arriving, total = deltas[target - 1], deltas[source - 1]
    return Block(source, target, float(arriving.norm()), float((total - arriving).double().norm()))
