"""The learning circle on one image: forward, loss, backward and update of two layers, in plain Python."""

import math
import random
from dataclasses import dataclass

from engine.protocol.data_spec import FASHION_MNIST
from engine.theory.curves import CURVES

HIDDEN, CLASSES = 4, FASHION_MNIST.classes
_ACTIVATIONS = {curve.name: curve for curve in CURVES}

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """W¹ [hidden, pixels], b¹ [hidden], W² [classes, hidden], b² [classes]."""

    w1: Matrix
    b1: Vector
    w2: Matrix
    b2: Vector


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the circle for one image: all values of a two-layer network.

    Attributes:
        before: the weights before the update.
        z1: W¹x + b¹ [hidden].
        a1: g(z¹) [hidden].
        z2: W²a¹ + b², the logits [classes].
        p: softmax(z²) [classes].
        loss: −log p of the label.
        d_z2: ∂L/∂z² = p − y [classes].
        d_a1: ∂L/∂a¹ = W²ᵀ ∂L/∂z² [hidden].
        d_z1: ∂L/∂z¹ = ∂L/∂a¹ · g'(z¹) [hidden].
        gradient: ∂L/∂θ, in the shapes of the weights.
        after: the weights after θ ← θ − lr · ∂L/∂θ.
    """

    before: Weights
    z1: Vector
    a1: Vector
    z2: Vector
    p: Vector
    loss: float
    d_z2: Vector
    d_a1: Vector
    d_z1: Vector
    gradient: Weights
    after: Weights


def draw_weights(std: float, inputs: int, seed: int = 42) -> Weights:
    """Draw weights from N(0, std²); biases are 0.

    Args:
        std: of the weights.
        inputs: pixels per image.
        seed: of the draw.
    """
    draw = random.Random(seed)

    def matrix(rows: int, columns: int) -> Matrix:
        return tuple(tuple(draw.gauss(0.0, std) for _ in range(columns)) for _ in range(rows))

    return Weights(matrix(HIDDEN, inputs), (0.0,) * HIDDEN, matrix(CLASSES, HIDDEN), (0.0,) * CLASSES)


def go_round(weights: Weights, x: Vector, label: int, activation: str, lr: float) -> Round:
    """Compute forward pass, loss, backward pass and update.

    Args:
        weights: before the update.
        x: the pixels in [0, 1], [pixels].
        label: 0 to 9.
        activation: of the hidden layer, a name from engine.theory.curves.
        lr: the learning rate.
    """
    g = _ACTIVATIONS[activation]
    z1 = _affine(weights.w1, weights.b1, x)
    a1 = tuple(g.value(z) for z in z1)
    z2 = _affine(weights.w2, weights.b2, a1)
    p = _softmax(z2)
    highest = max(z2)
    loss = highest + math.log(sum(math.exp(z - highest) for z in z2)) - z2[label]
    d_z2 = tuple(share - (number == label) for number, share in enumerate(p))
    d_a1 = tuple(sum(w[i] * d for w, d in zip(weights.w2, d_z2, strict=True)) for i in range(HIDDEN))
    d_z1 = tuple(d * g.slope(z) for d, z in zip(d_a1, z1, strict=True))
    gradient = Weights(_outer(d_z1, x), d_z1, _outer(d_z2, a1), d_z2)
    return Round(weights, z1, a1, z2, p, loss, d_z2, d_a1, d_z1, gradient, _updated(weights, gradient, lr))


def norm(matrix: Matrix) -> float:
    """The Frobenius norm: the root of the sum of all squares."""
    return math.sqrt(sum(value * value for row in matrix for value in row))


def _affine(w: Matrix, b: Vector, x: Vector) -> Vector:
    return tuple(
        sum(wi * xi for wi, xi in zip(row, x, strict=True)) + bias for row, bias in zip(w, b, strict=True)
    )


def _softmax(z: Vector) -> Vector:
    highest = max(z)
    exponentials = [math.exp(value - highest) for value in z]
    total = sum(exponentials)
    return tuple(value / total for value in exponentials)


def _outer(left: Vector, right: Vector) -> Matrix:
    return tuple(tuple(a * b for b in right) for a in left)


def _updated(weights: Weights, gradient: Weights, lr: float) -> Weights:
    def matrix(w: Matrix, d: Matrix) -> Matrix:
        return tuple(vector(row, change) for row, change in zip(w, d, strict=True))

    def vector(b: Vector, d: Vector) -> Vector:
        return tuple(value - lr * change for value, change in zip(b, d, strict=True))

    return Weights(
        matrix(weights.w1, gradient.w1),
        vector(weights.b1, gradient.b1),
        matrix(weights.w2, gradient.w2),
        vector(weights.b2, gradient.b2),
    )
