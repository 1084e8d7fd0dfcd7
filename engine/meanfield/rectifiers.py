"""Gaussian expectations of leaky ReLU, ELU, SiLU and GELU, which grow like ReLU for large z.

Leaky ReLU has closed forms. The others are constant far below 0 and a straight line far above it, so only
what is between is integrated, as in `engine.meanfield.gaussian`, and the two ends are added in closed form.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

Function = Callable[[float], float]
MeanOf = Callable[[float, float], float]

LEAK = 0.01  # as in engine.networks.activations

_REACH = 8.0  # standard deviations; the tail of a Gaussian beyond it is 1e-15
_FLAT = 40.0  # beyond it the functions are their straight ends in double precision
_SQRT_2, _SQRT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A function of z with straight ends.

    Attributes:
        value: the function.
        left: what it is far below 0.
        right: (intercept, slope) of the line that it is far above 0.
        step: between two points of a sum over z, in units of z, if the Gaussian is not narrower.
        mean_of: E of the function for z ~ N(centre, deviation²), if it has a closed form.
    """

    value: Function
    left: float
    right: tuple[float, float]
    step: float = 0.5
    mean_of: MeanOf | None = None

    def mean(self, centre: float, deviation: float) -> float:
        """E of the function for z ~ N(centre, deviation²)."""
        if deviation == 0:
            return self._at(centre)
        if self.mean_of is not None:
            return self.mean_of(centre, deviation)
        low = max(-_FLAT, min(_FLAT, centre - _REACH * deviation))
        high = min(_FLAT, max(-_FLAT, centre + _REACH * deviation))
        inner = _sum(
            lambda z: self.value(z) * _density((z - centre) / deviation) / deviation,
            low,
            high,
            self.step * min(1.0, deviation),
        )
        t, (intercept, slope) = (high - centre) / deviation, self.right
        above = (intercept + slope * centre) * _above(t) + slope * deviation * _density(t)
        return self.left * _above((centre - low) / deviation) + inner + above

    def product(self, q: float, c: float) -> float:
        """E[f(u) f(v)] for u, v ~ N(0, q) with covariance c; see `gaussian.product`."""
        if q == 0:
            return self._at(0.0) ** 2
        own, shared = math.sqrt(max(0.0, q - abs(c))), math.sqrt(abs(c))
        if own <= 1e-6 * math.sqrt(q):
            own, shared = 0.0, math.sqrt(q)
        if shared == 0:
            return self.mean(0.0, own) ** 2
        reach = min(_REACH * shared, _FLAT + _REACH * own)
        sign = 1 if c >= 0 else -1

        def integrand(x: float) -> float:
            value = self.mean(x, own)
            other = value if sign > 0 else self.mean(-x, own)
            return value * other * _density(x / shared) / shared

        smooth = self.step * min(max(1.0, own), shared)
        inner = _sum(integrand, -reach, reach, smooth)
        t, (intercept, slope) = reach / shared, self.right
        first = intercept * _above(t) + slope * shared * _density(t)  # E[line(x); x > reach]
        if sign < 0:
            return inner + 2 * self.left * first
        second = slope**2 * shared**2 * (_above(t) + t * _density(t))  # E[(slope x)²; x > reach]
        return inner + self.left**2 * _above(t) + intercept * (2 * first - intercept * _above(t)) + second

    def _at(self, z: float) -> float:
        if z < -_FLAT:
            return self.left
        intercept, slope = self.right
        return self.value(z) if z <= _FLAT else intercept + slope * z


def mean(activation: str, q: float) -> float:
    """E[φ(z)] for z ~ N(0, q)."""
    if activation == "leaky_relu":
        return (1 - LEAK) * math.sqrt(q / (2 * math.pi))
    return _VALUES[activation].mean(0.0, math.sqrt(q))


def product(activation: str, q: float, c: float) -> float:
    """E[φ(u) φ(v)] for u, v ~ N(0, q) with covariance c."""
    if activation == "leaky_relu":  # LEAK · z + (1 − LEAK) · relu(z), and E[u · relu(v)] = c/2
        angle = _angle(q, c)
        kernel = q / (2 * math.pi) * (math.sin(angle) + (math.pi - angle) * math.cos(angle))
        return LEAK * c + (1 - LEAK) ** 2 * kernel
    if activation == "elu" and c == q and q > _TINY:
        deviation = math.sqrt(q)  # q/2 above 0, and E[(e^z − 1)²; z < 0]
        twice, once = (_exponential(0.0, factor * deviation) for factor in (2, 1))
        return q / 2 + twice - 2 * once + 0.5
    return _VALUES[activation].product(q, c)


def slope_product(activation: str, q: float, c: float) -> float:
    """E[φ'(u) φ'(v)] for u, v ~ N(0, q) with covariance c.

    Raises:
        KeyError: there is no activation with that name.
    """
    if activation == "leaky_relu":
        return LEAK + (1 - LEAK) ** 2 * (math.pi - _angle(q, c)) / (2 * math.pi)
    if activation == "elu" and c == q:
        return 0.5 + _exponential(0.0, 2 * math.sqrt(q))
    return _SLOPES[activation].product(q, c)


def _angle(q: float, c: float) -> float:
    return math.acos(max(-1.0, min(1.0, c / q))) if q else 0.0


def _sum(integrand: Function, low: float, high: float, step: float) -> float:
    """The integral from `low` to `high` by the trapezoid rule."""
    if high <= low:
        return 0.0
    count = max(2, math.ceil((high - low) / step))
    step = (high - low) / count
    inside = sum(integrand(low + i * step) for i in range(1, count))
    return step * (inside + 0.5 * (integrand(low) + integrand(high)))


def _density(t: float) -> float:
    """The density of N(0, 1)."""
    return math.exp(-0.5 * t * t) / _SQRT_2_PI


def _above(t: float) -> float:
    """The part of N(0, 1) above t."""
    return 0.5 * math.erfc(t / _SQRT_2)


def _exponential(centre: float, deviation: float) -> float:
    """E[e^z; z < 0] for z ~ N(centre, deviation²)."""
    t = centre / deviation + deviation if deviation else 0.0
    if t < 25:  # completing the square, the exponent is (t² − (centre/deviation)²)/2
        below = _above(t) if deviation else 0.5
        return math.exp(centre + 0.5 * deviation**2) * below
    series = 1 - 1 / t**2 + 3 / t**4  # of Mills' ratio, because e to that power would overflow
    return _density(centre / deviation) / t * series


def _elu_mean(centre: float, deviation: float) -> float:
    t = centre / deviation
    line = centre * _above(-t) + deviation * _density(t)  # E[z; z > 0]
    return line + _exponential(centre, deviation) - _above(t)


def _elu_slope_mean(centre: float, deviation: float) -> float:
    return _above(-centre / deviation) + _exponential(centre, deviation)


def _sigmoid(z: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * z)


def _silu_slope(z: float) -> float:
    return _sigmoid(z) * (1 + z * _sigmoid(-z))


_TINY = 1e-6  # below this variance ELU's closed form would lose its digits
_ELU_STEP = 0.05  # small, because ELU's slope has a kink
_VALUES = {
    "elu": _Shape(lambda z: z if z > 0 else math.expm1(z), -1.0, (0.0, 1.0), _ELU_STEP, _elu_mean),
    "silu": _Shape(lambda z: z * _sigmoid(z), 0.0, (0.0, 1.0)),
    "gelu": _Shape(lambda z: z * _above(-z), 0.0, (0.0, 1.0)),
}
_SLOPES = {
    "elu": _Shape(lambda z: 1.0 if z > 0 else math.exp(z), 0.0, (1.0, 0.0), _ELU_STEP, _elu_slope_mean),
    "silu": _Shape(_silu_slope, 0.0, (1.0, 0.0)),
    "gelu": _Shape(lambda z: _above(-z) + z * _density(z), 0.0, (1.0, 0.0)),
}

NAMES = frozenset({"leaky_relu", *_VALUES})
