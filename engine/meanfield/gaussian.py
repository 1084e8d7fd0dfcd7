"""Gaussian expectations of activations: the integrals of mean-field theory, in plain Python.

They are trapezoid sums over a dense grid in z. Gauss-Hermite nodes would move apart with √q and miss the
slope of a sigmoid for large q.
"""

import math
from collections.abc import Callable
from functools import lru_cache

from engine.meanfield import rectifiers

Function = Callable[[float], float]

_REACH = 8.0  # standard deviations; the tail of a Gaussian beyond it is 1e-15
_FLAT = 40.0  # sigmoid and tanh are constant beyond it in double precision
_STEP = 0.5  # in z, or in standard deviations if those are smaller; the relative error is below 3e-5


@lru_cache(maxsize=4096)
def mean(activation: str, q: float) -> float:
    """E[φ(z)] for z ~ N(0, q).

    Args:
        activation: name of φ.
        q: variance of z.
    """
    match activation:
        case "identity":
            return 0.0
        case "relu":
            return math.sqrt(q / (2 * math.pi))
        case _ if activation in rectifiers.NAMES:
            return rectifiers.mean(activation, q)
        case _:
            return _expect(_VALUES[activation], 0.0, math.sqrt(q))


@lru_cache(maxsize=4096)
def product(activation: str, q: float, c: float) -> float:
    """E[φ(u) φ(v)] for u, v ~ N(0, q) with covariance c. With c = q it is E[φ(z)²].

    For ReLU it is the arc-cosine kernel (Cho and Saul 2009).

    Args:
        activation: name of φ.
        q: variance of u and of v.
        c: their covariance, |c| ≤ q.
    """
    match activation:
        case "identity":
            return c
        case "relu":
            angle = _angle(q, c)
            return q / (2 * math.pi) * (math.sin(angle) + (math.pi - angle) * math.cos(angle))
        case _ if activation in rectifiers.NAMES:
            return rectifiers.product(activation, q, c)
        case _:
            return _expect_product(_VALUES[activation], q, c)


@lru_cache(maxsize=4096)
def slope_product(activation: str, q: float, c: float, beta: float = 0.0) -> float:
    """E[φ'(u) φ'(v)] for u, v ~ N(0, q) with covariance c. With c = q it is E[φ'(z)²].

    Args:
        activation: name of φ. φ' is the slope that the backward pass uses.
        q: variance of u and of v.
        c: their covariance, |c| ≤ q.
        beta: β of `sigmoid_beta`.

    Raises:
        KeyError: there is no activation with that name.
    """
    match activation:
        case "identity":
            return 1.0
        case "relu":
            return (math.pi - _angle(q, c)) / (2 * math.pi)
        case "tanh":
            return _expect_product(_tanh_slope, q, c)
        case "sigmoid":
            return _expect_product(_sigmoid_slope, q, c)
        case "sigmoid_beta":
            return _expect_product(lambda z: _sigmoid_slope(z) + beta, q, c)
        case _:
            return rectifiers.slope_product(activation, q, c)


def _sigmoid(z: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * z)  # the same value; exp(-z) would overflow for very negative z


def _sigmoid_slope(z: float) -> float:
    return 0.25 * _tanh_slope(0.5 * z)


def _tanh_slope(z: float) -> float:
    return 1 - math.tanh(z) ** 2


_VALUES: dict[str, Function] = {"sigmoid": _sigmoid, "sigmoid_beta": _sigmoid, "tanh": math.tanh}


def _expect(f: Function, centre: float, deviation: float) -> float:
    """E[f(z)] for z ~ N(centre, deviation²). f is smooth on a scale of 1, and constant beyond ±_FLAT."""
    if deviation == 0:
        return f(centre)
    low = max(-_FLAT, centre - _REACH * deviation)
    high = min(_FLAT, centre + _REACH * deviation)
    if low >= high:  # f is constant wherever the density is not 0
        return f(centre)
    nodes, step = _grid(low, high, _STEP * min(1.0, deviation))
    scale = step / (deviation * math.sqrt(2 * math.pi))
    total = 0.0
    for i, z in enumerate(nodes):
        weight = 0.5 if i in (0, len(nodes) - 1) else 1.0
        total += weight * f(z) * math.exp(-0.5 * ((z - centre) / deviation) ** 2)
    below = 0.5 * math.erfc((centre - low) / (deviation * math.sqrt(2)))
    above = 0.5 * math.erfc((high - centre) / (deviation * math.sqrt(2)))
    return total * scale + below * f(low) + above * f(high)


def _expect_product(f: Function, q: float, c: float) -> float:
    """E[f(u) f(v)] for u, v ~ N(0, q) with covariance c.

    u and v share a part with variance |c|, with opposite signs if c < 0. The rest of each is independent.
    """
    own = math.sqrt(max(0.0, q - abs(c)))
    if own <= 1e-6 * math.sqrt(q):
        return _expect(lambda z: f(z) ** 2, 0.0, math.sqrt(q))
    shared = math.sqrt(abs(c))
    if shared == 0:
        return _expect(f, 0.0, own) ** 2
    reach = min(_REACH * shared, _FLAT + _REACH * own)
    # Given the shared part, f(u) and f(v) are independent, and their means are smooth over max(1, own).
    nodes, step = _grid(-reach, reach, _STEP * min(max(1.0, own), shared))
    total = 0.0
    for i, x in enumerate(nodes):
        weight = 0.5 if i in (0, len(nodes) - 1) else 1.0
        value = _expect(f, x, own)
        other = value if c >= 0 else _expect(f, -x, own)
        total += weight * value * other * math.exp(-0.5 * (x / shared) ** 2)
    tail = 0.5 * math.erfc(reach / (shared * math.sqrt(2)))
    ends = f(-_FLAT) ** 2 + f(_FLAT) ** 2 if c >= 0 else 2 * f(-_FLAT) * f(_FLAT)
    return total * step / (shared * math.sqrt(2 * math.pi)) + tail * ends


def _grid(low: float, high: float, step: float) -> tuple[list[float], float]:
    count = max(2, math.ceil((high - low) / step))
    step = (high - low) / count
    return [low + i * step for i in range(count + 1)], step


def _angle(q: float, c: float) -> float:
    """The angle between z of two samples; 0 if both are 0."""
    return math.acos(max(-1.0, min(1.0, c / q))) if q else 0.0
