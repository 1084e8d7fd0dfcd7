"""Activations as functions of one number, with slopes: those of engine.networks.activations."""

import math
from collections.abc import Callable
from dataclasses import dataclass

Function = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Curve:
    """One activation.

    Attributes:
        name: as in a scenario.
        formula: g(z).
        slope_formula: g'(z).
        value: g.
        slope: g'; at a kink, the value that PyTorch uses.
        peak: (z, g'(z)) where the slope is largest; if there are several such points, the nearest to 0.
    """

    name: str
    formula: str
    slope_formula: str
    value: Function
    slope: Function
    peak: tuple[float, float]


def sigmoid(z: float) -> float:
    """1 / (1 + e^−z)."""
    return 0.5 + 0.5 * math.tanh(0.5 * z)  # the same value; exp(-z) would overflow for very negative z


def sigmoid_slope(z: float) -> float:
    """σ(z)(1 − σ(z))."""
    return sigmoid(z) * sigmoid(-z)


def beta_sigmoid(beta: float) -> Curve:
    """g(z) = σ(z) + βz of Roodschild et al. 2020. `sigmoid_beta` uses its slope in the backward pass."""
    return Curve(
        "sigmoid_beta",
        "σ(z) + βz",
        "σ(z)(1 − σ(z)) + β",
        lambda z: sigmoid(z) + beta * z,
        lambda z: sigmoid_slope(z) + beta,
        (0.0, 0.25 + beta),
    )


def misprinted_slope(z: float, beta: float) -> float:
    """The slope that the slide prints: σ(z)(1 + σ(z)) + β. It is not the derivative of σ(z) + βz."""
    return sigmoid(z) * (1 + sigmoid(z)) + beta


def slope_by_difference(value: Function, z: float, step: float = 1e-4) -> float:
    """The slope of `value` at `z`, estimated by the central difference."""
    return (value(z + step) - value(z - step)) / (2 * step)


def _normal(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _normal_share(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


SIGMOID = Curve("sigmoid", "1/(1 + e^−z)", "σ(z)(1 − σ(z))", sigmoid, sigmoid_slope, (0.0, 0.25))
CURVES = (
    SIGMOID,
    Curve("tanh", "tanh z", "1 − tanh² z", math.tanh, lambda z: 1 - math.tanh(z) ** 2, (0.0, 1.0)),
    Curve(
        "relu", "max(0, z)", "1 if z > 0, else 0", lambda z: max(0.0, z), lambda z: float(z > 0), (0.0, 1.0)
    ),
    beta_sigmoid(0.05),
    Curve("identity", "z", "1", lambda z: z, lambda z: 1.0, (0.0, 1.0)),
    Curve(
        "leaky_relu",
        "max(0.01z, z)",
        "1 if z > 0, else 0.01",
        lambda z: z if z > 0 else 0.01 * z,
        lambda z: 1.0 if z > 0 else 0.01,
        (0.0, 1.0),
    ),
    Curve(
        "elu",
        "z if z > 0, else e^z − 1",
        "1 if z > 0, else e^z",
        lambda z: z if z > 0 else math.expm1(z),
        lambda z: 1.0 if z > 0 else math.exp(z),
        (0.0, 1.0),
    ),
    Curve(
        "silu",
        "z·σ(z)",
        "σ(z)(1 + z(1 − σ(z)))",
        lambda z: z * sigmoid(z),
        lambda z: sigmoid(z) * (1 + z * sigmoid(-z)),
        (2.3993572805, 1.0998393194),
    ),
    Curve(
        "gelu",
        "z·Φ(z)",
        "Φ(z) + z·φ(z), N(0, 1)'s Φ and φ",
        lambda z: z * _normal_share(z),
        lambda z: _normal_share(z) + z * _normal(z),
        (math.sqrt(2), 1.1289041451),
    ),
)
