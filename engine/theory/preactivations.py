"""Pre-activations z of the slides' network on real images, before and after normalisation. Needs torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import scenarios
from engine.data.fashion_mnist import PIXELS
from engine.networks.activations import derivative
from engine.networks.mlp import Network, Tape, build_hidden
from engine.networks.norms import CustomNorm
from engine.randomness import generator
from engine.theory.images import sample
from engine.theory.weights import WIDTH

SEED = 42
BATCH = 512
LAYERS = 7
_KEPT = 2  # passes: each one holds 8 MB, and takes some hundredths of a second

Norm = Literal["none", "BatchNorm", "CustomNorm"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Fractions of values in equal intervals from `low` to `high`. The ends include what is outside.

    Attributes:
        low: where the first interval begins.
        high: where the last interval ends.
        shares: the fraction of values in each interval.
        mean: of all values.
        std: of all values.
        in_range: the fraction of values in the slides' range, [−4, 4].
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
    """The histogram of z at one layer of an untrained 7-layer sigmoid network, for one batch.

    Args:
        std: of the weights, N(0, std²).
        layer: hidden layer, counted from 1.
        low: where the first interval begins.
        high: where the last interval ends.
        intervals: how many.
    """
    return histogram(_z(std, layer)[:BATCH], low, high, intervals)


def chi(std: float, layer: int) -> float:
    """χ as measured in the same network: fan-in · std² · mean of σ'(z)².

    Args:
        std: of the weights, N(0, std²).
        layer: hidden layer, counted from 1.
    """
    slope = derivative("sigmoid", _pass(std)[1].a[layer - 1])  # [images, units]
    fan_in = PIXELS if layer == 1 else WIDTH
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
    """The histogram of the same z after a normalisation.

    Args:
        std: of the weights, N(0, std²).
        layer: hidden layer, counted from 1.
        norm: none, BatchNorm or CustomNorm.
        gamma: BatchNorm's γ.
        beta: BatchNorm's β.
        seen: None for training mode; for evaluation mode, how many batches of training come before.
        edges: low, high and number of the histogram's intervals.
    """
    z = _z(std, layer)  # [images, units]
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
    """Compute the histogram of all values of a tensor.

    Args:
        z: float, any shape.
        low: where the first interval begins.
        high: where the last interval ends.
        intervals: how many.
    """
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
    """z at hidden layer `layer` (counted from 1) for the sample's test images, float32 [images, units]."""
    network, tape = _pass(std)
    chosen = network.layers[layer - 1]
    return F.linear([tape.images, *tape.h][layer - 1], chosen.weight, chosen.bias).detach()


@lru_cache(maxsize=_KEPT)
@torch.no_grad()
def _pass(std: float) -> tuple[Network, Tape]:
    """An untrained network, and its forward pass over the sample's test images, [images, units] per layer."""
    scenario = scenarios.load("depth-7", [f"model.init.std={std}"])
    network, tape = Network(*build_hidden(scenario.mlp, SEED, torch.device("cpu"))), Tape(_images())
    network(tape.images, tape)
    return network, tape


@cache
def _images() -> Tensor:
    """The sample's test images, float32 [images, pixels] in [0, 1]."""
    pixels = torch.frombuffer(bytearray(sample().pixels), dtype=torch.uint8)
    return pixels.view(-1, PIXELS).float() / 255
