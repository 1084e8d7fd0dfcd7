"""The slides' chain of products: a net of L linear layers of one weight w each, in float32.

With the identity as activation ŷ = w^L x and ∂ŷ/∂w¹ = w^(L−1) x. Each product is rounded to float32, as it
is while a net trains, so what is too large becomes inf and what is too small 0.
"""

import math
import struct
from dataclasses import dataclass

LARGEST = 3.4028234663852886e38
SMALLEST = 2.0**-149  # the smallest positive float32, a denormal one
MOST_LAYERS = 100_000  # a search for the end of the range gives up here


@dataclass(frozen=True, slots=True)
class Chain:
    """What w and L lead to, with x = 1.

    Attributes:
        outputs: the value behind layer 1, 2 … L.
        gradients: ∂ŷ/∂w at layer 1, 2 … L, which are all w^(L−1).
    """

    outputs: tuple[float, ...]
    gradients: tuple[float, ...]


def chain(w: float, layers: int) -> Chain:
    """Forward and backward through `layers` layers of weight `w`, each product in float32."""
    weight = float32(w)
    outputs = [1.0]
    deltas = [1.0]
    for _ in range(layers):
        outputs.append(float32(outputs[-1] * weight))
        deltas.append(float32(deltas[-1] * weight))
    # At layer l: what arrives from the L − l layers above, times what came in from the l − 1 below.
    gradients = [float32(deltas[layers - layer] * outputs[layer - 1]) for layer in range(1, layers + 1)]
    return Chain(tuple(outputs[1:]), tuple(gradients))


@dataclass(frozen=True, slots=True)
class End:
    """How a long chain ends: `kind` is where the product stays, from `layer` on."""

    kind: str
    layer: int


def end(w: float) -> End | None:
    """Where w · w · w … stops changing in float32: at inf, at 0, at a denormal, or, with w = 1, at once.

    None if that isn't within MOST_LAYERS layers.
    """
    weight, value = float32(w), 1.0
    for layer in range(1, MOST_LAYERS + 1):
        before, value = value, float32(value * weight)
        if math.isinf(value):
            return End("inf", layer)
        if value == 0:
            return End("0", layer)
        if value == before:
            return End("denormal" if abs(value) < 2.0**-126 else "1", layer)
    return None


def float32(value: float) -> float:
    """`value` rounded to the nearest float32; inf beyond the largest."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
