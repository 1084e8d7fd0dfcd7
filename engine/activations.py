"""Activations by name, and the two operations that are one thing forward and another backward."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]


class _SigmoidBeta(torch.autograd.Function):
    """Forward σ(z); backward σ(z)(1 − σ(z)) + β, the derivative of σ(z) + βz.

    Roodschild, Gotay Sardiñas and Will (2020), "A new approach for the vanishing gradient problem on
    sigmoid activation", doi 10.1007/s13748-020-00218-y. The slide prints σ(z)(1 + σ(z)) + β: a misprint.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, beta: float) -> Tensor:
        a = torch.sigmoid(z)
        ctx.save_for_backward(a)
        ctx.beta = beta
        return a

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (a,) = ctx.saved_tensors
        return gradients[0] * (a * (1 - a) + ctx.beta), None


class _NormaliseGradient(torch.autograd.Function):
    """Forward the identity; backward (g − mean(g)) / (std(g) + 1e-6) over the whole tensor."""

    @staticmethod
    def forward(ctx: Any, a: Tensor) -> Tensor:
        return a.view_as(a)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (gradient,) = gradients
        return (gradient - gradient.mean()) / (gradient.std() + 1e-6)


def sigmoid_beta(z: Tensor, beta: float) -> Tensor:
    """The plain sigmoid, whose derivative in the backward pass is larger by `beta`."""
    result: Tensor = _SigmoidBeta.apply(z, beta)
    return result


def normalise_gradient(a: Tensor) -> Tensor:
    """`a` itself; the gradient that comes back through it is brought to mean 0 and deviation 1."""
    result: Tensor = _NormaliseGradient.apply(a)
    return result


def build(name: str, beta: float | None = None) -> Activation:
    """The activation of that name; `beta` belongs to `sigmoid_beta`.

    Raises:
        KeyError: no activation has that name.
    """
    if name == "sigmoid_beta":
        slope = 0.0 if beta is None else beta
        return lambda z: sigmoid_beta(z, slope)
    return _PLAIN[name]


def derivative(name: str, a: Tensor, beta: float | None = None) -> Tensor:
    """The slope that the backward pass uses, from what came out of the activation.

    Args:
        name: the activation's.
        a: its output, any shape.
        beta: of `sigmoid_beta`.
    """
    match name:
        case "sigmoid":
            return a * (1 - a)
        case "sigmoid_beta":
            return a * (1 - a) + (beta or 0.0)
        case "tanh":
            return 1 - a * a
        case "relu":
            return (a > 0).to(a.dtype)
        case "identity":
            return torch.ones_like(a)
        case _:
            raise KeyError(name)


def _identity(z: Tensor) -> Tensor:
    return z


_PLAIN: dict[str, Activation] = {
    "identity": _identity,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
}

SIGMOIDS = frozenset({"sigmoid", "sigmoid_beta"})
