"""What the standard deviation of the weights does: their density, and the signal that it leads to."""

import math
from dataclasses import dataclass

from engine import meanfield
from engine.theory import FASHION_MNIST, INPUTS

WIDTH = 128


@dataclass(frozen=True, slots=True)
class LayerSignal:
    """Mean-field theory at one hidden layer of a sigmoid net with weights N(0, std²).

    Attributes:
        q: variance of the pre-activation z.
        chi: what the square of the delta norm is multiplied by on its way back through the layer.
    """

    q: float
    chi: float


def density(x: float, mean: float, std: float) -> float:
    """The slide's f(x) = 1/(σ√(2π)) · e^(−½((x − μ)/σ)²)."""
    return math.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))


def signals(std: float, layers: int) -> tuple[LayerSignal, ...]:
    """Layers 1 to `layers` of the slides' net: 784 pixels, then 128 sigmoids a layer, biases 0."""
    found: list[LayerSignal] = []
    second_moment, fan_in = FASHION_MNIST.products.own, INPUTS
    for _ in range(layers):
        sigma_w2 = fan_in * std * std
        q = sigma_w2 * second_moment
        found.append(LayerSignal(q, sigma_w2 * meanfield.slope_product("sigmoid", q, q)))
        second_moment, fan_in = meanfield.product("sigmoid", q, q), WIDTH
    return tuple(found)
