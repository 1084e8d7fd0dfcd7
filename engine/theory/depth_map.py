"""How deep a network may be, for each activation, width and std of the weights: the numbers of the map."""

import math
from bisect import bisect_left
from functools import lru_cache

from engine.meanfield.depth_scale import REACH, DepthScale, depth_scale_of, with_fixed_point

ACTIVATIONS = ("sigmoid", "sigmoid_beta", "tanh", "relu", "identity")
BETA = 0.05  # of sigmoid_beta, as in the scenario of the slides

_PER_OCTAVE = 3  # points of a curve for each doubling of q
_FIRST, _LAST = -12, 18  # log2 of a curve's first and last q

_Curve = tuple[tuple[float, float], ...]  # (log σ_w², log χ)


def at(activation: str, width: int, std: float) -> DepthScale:
    """χ and ξ of layers of `width` nodes with weights N(0, std²) and biases 0."""
    return depth_scale_of(activation, width * std * std, beta=BETA)


def chi(activation: str, width: int, std: float) -> float:
    """χ for a drawing: interpolated between the points of a curve, within 0.5 % of that of `at`."""
    curve, place = _curve(activation), math.log(width * std * std)
    right = max(1, min(bisect_left(curve, (place, 0.0)), len(curve) - 1))
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return math.exp(y0 + (place - x0) * (y1 - y0) / (x1 - x0))


def reach(activation: str, width: int, std: float) -> float:
    """6 |ξ| in layers for a drawing; inf at χ = 1."""
    log_chi = math.log(chi(activation, width, std))
    return REACH / abs(log_chi) if log_chi else math.inf


def critical_std(activation: str, width: int) -> float:
    """The std at which layers deep in the network pass the gradient on unchanged: χ = 1."""
    return math.sqrt(_critical_sigma_w2(activation) / width)


@lru_cache(maxsize=len(ACTIVATIONS))
def _critical_sigma_w2(activation: str) -> float:
    match activation:
        case "identity" | "tanh":  # for tanh it is the edge of chaos
            return 1.0
        case "relu":
            return 2.0
    low, high = 2.0**_FIRST, 2.0**_LAST
    while high / low > 1 + 1e-6:  # χ grows with q
        middle = math.sqrt(low * high)
        if with_fixed_point(activation, middle, beta=BETA).chi < 1:
            low = middle
        else:
            high = middle
    return with_fixed_point(activation, low, beta=BETA).sigma_w2


@lru_cache(maxsize=len(ACTIVATIONS))
def _curve(activation: str) -> _Curve:
    """log χ over log σ_w², of which it is a function whatever the width."""
    if activation in ("identity", "relu"):  # a straight line
        ends = (2.0**_FIRST, 2.0**_LAST)
        return tuple((math.log(end), math.log(depth_scale_of(activation, end).chi)) for end in ends)
    places = range(_FIRST * _PER_OCTAVE, _LAST * _PER_OCTAVE + 1)
    found = [with_fixed_point(activation, 2.0 ** (place / _PER_OCTAVE), beta=BETA) for place in places]
    points = [(math.log(scale.sigma_w2), math.log(scale.chi)) for scale in found]
    if activation == "tanh":  # for σ_w² ≤ 1, q is 0 and χ is σ_w²
        return ((-_LAST * math.log(2), -_LAST * math.log(2)), (0.0, 0.0), *points)
    return tuple(points)
