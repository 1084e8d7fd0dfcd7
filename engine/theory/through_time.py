"""The gradient on its way back through time: a product of Jacobians, its spectral radius, and a forget gate.

h_t = g(W·h_{t−1} + x_t), so that ∂L/∂h_{t−1} = Wᵀ·(g'(z_t) ∘ ∂L/∂h_t). Far from the end, its norm changes by
about the spectral radius ρ of W per step, or by less where g is flat (Bengio et al. 1994; Pascanu et al.
2013).
Plain Python on a small W, so that the page needs no PyTorch.
"""

import math
from functools import lru_cache
from random import Random
from typing import Literal

UNITS = 16
MOST_STEPS = 100
_SQUARINGS = 20  # ρ = lim ‖W^k‖^(1/k), by Gelfand, with k = 2^20

Start = Literal["normal", "orthogonal"]
Activation = Literal["tanh", "identity"]
Matrix = tuple[tuple[float, ...], ...]


@lru_cache(maxsize=64)
def recurrent_weights(start: Start, radius: float) -> Matrix:
    """W with that spectral radius, [UNITS][UNITS].

    Args:
        start: how it is drawn. Every singular value of an orthogonal W is ρ; those of a normal one differ.
        radius: ρ, above 0.
    """
    drawn = _drawn(start)
    factor = radius / (1.0 if start == "orthogonal" else spectral_radius(drawn))
    return tuple(tuple(factor * each for each in row) for row in drawn)


@lru_cache(maxsize=8)
def spectral_radius(matrix: Matrix) -> float:
    """The largest absolute value of an eigenvalue of a square matrix; 0 for one whose powers end at 0."""
    power, logarithm, weight = matrix, 0.0, 1.0
    for _ in range(_SQUARINGS):
        size = math.sqrt(sum(each * each for row in power for each in row))
        if size == 0:
            return 0.0
        logarithm += weight * math.log(size)  # W^k = size^... · power, with power of norm 1
        power = _product(*[tuple(tuple(each / size for each in row) for row in power)] * 2)
        weight /= 2
    return math.exp(logarithm)


@lru_cache(maxsize=256)
def gradients(start: Start, radius: float, activation: Activation, steps: int) -> tuple[float, ...]:
    """‖∂L/∂h_t‖ / ‖∂L/∂h_T‖ for t = 1, 2 … T, for inputs x_t and a ∂L/∂h_T that are drawn once.

    Args:
        start: how W is drawn.
        radius: the spectral radius of W.
        activation: g.
        steps: T.
    """
    weights = recurrent_weights(start, radius)
    slopes = _slopes(weights, activation, steps)
    draw = Random(3)
    delta = [draw.gauss(0, 1) for _ in range(UNITS)]
    first = math.hypot(*delta)
    norms = [1.0]
    for step in range(steps - 1, 0, -1):
        through = [slope * each for slope, each in zip(slopes[step], delta, strict=True)]
        delta = [sum(weights[row][column] * through[row] for row in range(UNITS)) for column in range(UNITS)]
        norms.append(math.hypot(*delta) / first)
    return tuple(reversed(norms))


def past_the_gate(forget: float, steps: int) -> tuple[float, ...]:
    """∂c_T/∂c_t for t = 1, 2 … T on the straight path of an LSTM's cell, c_t = f ∘ c_{t−1} + i ∘ g: f^(T−t).

    Args:
        forget: f, the same at each step.
        steps: T.
    """
    return tuple(forget ** (steps - step) for step in range(1, steps + 1))


def _slopes(weights: Matrix, activation: Activation, steps: int) -> list[list[float]]:
    """g'(z_t) of each unit, by step."""
    if activation == "identity":
        return [[1.0] * UNITS for _ in range(steps)]
    draw = Random(2)
    h, slopes = [0.0] * UNITS, []
    for _ in range(steps):
        z = [sum(map(float.__mul__, row, h)) + draw.gauss(0, 0.5) for row in weights]
        h = [math.tanh(each) for each in z]
        slopes.append([1 - each * each for each in h])
    return slopes


def _drawn(start: Start) -> Matrix:
    draw = Random(1)
    rows = [[draw.gauss(0, 1) for _ in range(UNITS)] for _ in range(UNITS)]
    if start == "orthogonal":  # Gram and Schmidt, which is exact enough at this size
        for place, row in enumerate(rows):
            for before in rows[:place]:
                along = sum(map(float.__mul__, row, before))
                row[:] = [each - along * other for each, other in zip(row, before, strict=True)]
            length = math.hypot(*row)
            row[:] = [each / length for each in row]
    return tuple(map(tuple, rows))


def _product(a: Matrix, b: Matrix) -> Matrix:
    columns = tuple(zip(*b, strict=True))
    return tuple(tuple(sum(map(float.__mul__, row, column)) for column in columns) for row in a)
