"""What the standard deviation of the weights changes: their density, and the signal in each layer."""

import math
from dataclasses import dataclass

from engine.meanfield import gaussian
from engine.meanfield.prediction import FASHION_MNIST
from engine.protocol import data_spec

WIDTH = 128


@dataclass(frozen=True, slots=True)
class LayerSignal:
    """Mean-field theory at one hidden layer of a sigmoid network with weights N(0, std²).

    Attributes:
        q: variance of the pre-activation z.
        chi: the factor by which the squared norm of dL/da changes on its way back through the layer.
    """

    q: float
    chi: float


def density(x: float, mean: float, std: float) -> float:
    """The normal density on the slide, f(x) = 1/(σ√(2π)) · e^(−½((x − μ)/σ)²)."""
    return math.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))


def share(low: float, high: float, mean: float, std: float) -> float:
    """The fraction of N(mean, std²) between `low` and `high`; std must be above 0."""
    above, below = ((edge - mean) / (std * math.sqrt(2)) for edge in (high, low))
    return 0.5 * (math.erf(above) - math.erf(below))


def signals(std: float, layers: int, beta: float = 0.0) -> tuple[LayerSignal, ...]:
    """The signal in the first layers of the slides' network: 784 pixels, 128 sigmoids per layer, biases 0.

    Args:
        std: of the weights.
        layers: how many.
        beta: is added to the sigmoid's slope in the backward pass.
    """
    found: list[LayerSignal] = []
    second_moment, fan_in = FASHION_MNIST.products.own, data_spec.FASHION_MNIST.inputs
    for _ in range(layers):
        sigma_w2 = fan_in * std * std
        q = sigma_w2 * second_moment
        found.append(LayerSignal(q, sigma_w2 * gaussian.slope_product("sigmoid_beta", q, q, beta)))
        second_moment, fan_in = gaussian.product("sigmoid", q, q), WIDTH
    return tuple(found)


def lift(beta: float, std: float, layers: int) -> float:
    """The factor by which β in the backward pass increases the norm of dL/da at layer 1 before training."""
    plain, lifted = signals(std, layers), signals(std, layers, beta)
    return math.sqrt(math.prod(more.chi / less.chi for less, more in zip(plain[1:], lifted[1:], strict=True)))
