"""The slides' chain of products: a network of L linear layers with one weight w each, in float32.

With the identity as activation, ŷ = w^L x and ∂ŷ/∂w¹ = w^(L−1) x. Each product is rounded to float32, as in
training, so a value that is too large becomes inf, and one that is too small becomes 0.
"""

import math
import struct
from dataclasses import dataclass

LARGEST = 3.4028234663852886e38
SMALLEST = 2.0**-149  # the smallest positive float32, a denormal number
MOST_LAYERS = 100_000  # `end` searches no further


@dataclass(frozen=True, slots=True)
class Chain:
    """Outputs and gradients of a chain, for x = 1.

    Attributes:
        outputs: the output of layer 1, 2 … L.
        gradients: ∂ŷ/∂w at layer 1, 2 … L. In exact arithmetic all of them are w^(L−1).
    """

    outputs: tuple[float, ...]
    gradients: tuple[float, ...]


def chain(w: float, layers: int) -> Chain:
    """Compute the forward and backward pass through `layers` layers with weight `w`, in float32."""
    weight = float32(w)
    outputs = [1.0]
    deltas = [1.0]
    for _ in range(layers):
        outputs.append(float32(outputs[-1] * weight))
        deltas.append(float32(deltas[-1] * weight))
    # At layer l: the gradient from the L − l layers above, times the input from the l − 1 layers below.
    gradients = [float32(deltas[layers - layer] * outputs[layer - 1]) for layer in range(1, layers + 1)]
    return Chain(tuple(outputs[1:]), tuple(gradients))


@dataclass(frozen=True, slots=True)
class End:
    """How a long chain ends.

    Attributes:
        kind: the product's final value: inf, 0, denormal or 1.
        layer: the first layer with it.
    """

    kind: str
    layer: int


def end(w: float) -> End | None:
    """Where the product w · w · w … stops changing in float32: at inf, 0, a denormal number, or 1 for w = 1.

    Returns:
        None if it still changes after MOST_LAYERS layers.
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
    """Round `value` to the nearest float32; inf if it is larger than the largest."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
