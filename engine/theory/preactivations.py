"""Pre-activations z of the slides' net on real images, before and after a normalisation. Needs torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import scenarios
from engine.data.fashion_mnist import PIXELS
from engine.networks.activations import derivative
from engine.networks.mlp import CustomNorm, Network, Tape, build_hidden
from engine.randomness import generator
from engine.theory.images import sample

SEED = 42
BATCH = 512
LAYERS = 7

Norm = Literal["none", "BatchNorm", "CustomNorm"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of the values in equal intervals from `low` to `high`; what lies outside is counted at the ends.

    Attributes:
        low: where the first interval begins.
        high: where the last one ends.
        shares: of the values.
        mean: of all values.
        std: of all values.
        in_range: the share of the values in the slides' range, [−4, 4].
        slope: the mean of σ'(z).
    """

    low: float
    high: float
    shares: tuple[float, ...]
    mean: float
    std: float
    in_range: float
    slope: float


def of_layer(std: float, layer: int, low: float, high: float, intervals: int) -> Histogram:
    """z of hidden layer `layer` (from 1) of an untrained 7-layer sigmoid net with weights N(0, std²)."""
    return histogram(_z(std, layer)[:BATCH], low, high, intervals)


def chi(std: float, layer: int) -> float:
    """χ as measured: fan-in · std² · the mean of σ'(z)²."""
    slope = derivative("sigmoid", _pass(std)[1].a[layer - 1])
    fan_in = PIXELS if layer == 1 else 128
    return float(fan_in * std * std * slope.square().mean())


@torch.no_grad()
def normalised(
    std: float,
    layer: int,
    norm: Norm,
    gamma: float,
    beta: float,
    seen: int | None,
    edges: tuple[float, float, int],
) -> Histogram:
    """The same z after a normalisation.

    Args:
        std: of the weights.
        layer: from 1.
        norm: none, BatchNorm or CustomNorm.
        gamma: BatchNorm's γ.
        beta: BatchNorm's β.
        seen: evaluation mode, after so many batches of training; None is training mode.
        edges: low, high and number of the histogram's intervals.
    """
    z = _z(std, layer)
    module: Callable[[Tensor], Tensor] = nn.Identity()
    if norm == "CustomNorm":
        module = CustomNorm()
    elif norm == "BatchNorm":
        batch_norm = nn.BatchNorm1d(z.shape[1])
        batch_norm.weight.fill_(gamma)
        batch_norm.bias.fill_(beta)
        if seen is not None:
            draw = generator(SEED, "epoch")
            for _ in range(seen):
                batch_norm(z[torch.randint(len(z), (BATCH,), generator=draw)])
            batch_norm.eval()
        module = batch_norm
    return histogram(module(z[:BATCH]), *edges)


def histogram(z: Tensor, low: float, high: float, intervals: int) -> Histogram:
    """Count the values of `z`, whatever its shape."""
    values = z.detach().double().flatten()
    counts = torch.histc(values.clamp(low, high), intervals, low, high) / values.numel()
    return Histogram(
        low,
        high,
        tuple(counts.tolist()),
        float(values.mean()),
        float(values.std(correction=0)),
        float((values.abs() <= 4).double().mean()),
        float(derivative("sigmoid", torch.sigmoid(values)).mean()),
    )


def _z(std: float, layer: int) -> Tensor:
    """What goes into the sigmoids of hidden layer `layer`, over the sample's test images."""
    network, tape = _pass(std)
    chosen = network.layers[layer - 1]
    return F.linear([tape.images, *tape.h][layer - 1], chosen.weight, chosen.bias).detach()


@lru_cache(maxsize=8)
@torch.no_grad()
def _pass(std: float) -> tuple[Network, Tape]:
    """An untrained network, and its forward pass over the sample's test images."""
    scenario = scenarios.load("depth-7", [f"model.init.std={std}"])
    network, tape = Network(*build_hidden(scenario.model, SEED, torch.device("cpu"))), Tape(_images())
    network(tape.images, tape)
    return network, tape


def _images() -> Tensor:
    pixels = torch.frombuffer(bytearray(sample().pixels), dtype=torch.uint8)
    return pixels.view(-1, PIXELS).float() / 255
