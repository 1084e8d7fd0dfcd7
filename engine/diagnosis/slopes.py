"""The slopes of activations whose output does not tell them: what theory expects of a layer's size.

SiLU and GELU take some values at two inputs with different slopes, and ELU is flat only in part. For an input
z ~ N(0, q) the size of the output fixes q, and q the root mean square of the slope.
"""

import math
from bisect import bisect_left
from functools import lru_cache

from engine.meanfield import gaussian

BY_SIZE = frozenset({"leaky_relu", "elu", "silu", "gelu"})

_PER_OCTAVE = 2  # points for each doubling of q
_FIRST, _LAST = -20, 20  # log2 of q at the ends of the table; beyond them the slope no longer changes


def mean_square(activation: str, size: float) -> float:
    """About E[φ'(z)²] at a layer whose output has this root mean square.

    Args:
        activation: one of `BY_SIZE`.
        size: above 0.
    """
    sizes, slopes = _table(activation)
    place = math.log(size)
    right = min(max(1, bisect_left(sizes, place)), len(sizes) - 1)
    part = (place - sizes[right - 1]) / (sizes[right] - sizes[right - 1])
    part = min(1.0, max(0.0, part))
    return slopes[right - 1] + part * (slopes[right] - slopes[right - 1])


@lru_cache
def _table(activation: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """log of the output's root mean square, rising, and E[φ'²] there."""
    variances = [2.0 ** (each / _PER_OCTAVE) for each in range(_FIRST * _PER_OCTAVE, _LAST * _PER_OCTAVE + 1)]
    sizes = tuple(math.log(gaussian.product(activation, q, q)) / 2 for q in variances)
    return sizes, tuple(gaussian.slope_product(activation, q, q) for q in variances)
