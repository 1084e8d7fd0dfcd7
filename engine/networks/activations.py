"""Activations by name, each forward and backward; and the gradient's normalisation."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_aten = torch.ops.aten  # autograd's own backward operations: the same bits, in one pass over memory


@dataclass(frozen=True, slots=True)
class Activation:
    """One nonlinearity.

    Attributes:
        forward: from z to a; float, any shape, usually [batch, units].
        backward: from dL/da and a to dL/dz, all of the same shape. It takes a and not z, because the tape
            keeps only a.
    """

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor], Tensor]


def build(name: str, beta: float | None = None) -> Activation:
    """The activation with that name.

    The β-sigmoid is the plain sigmoid in the forward pass. Its backward pass uses the derivative of
    σ(z) + βz, which is σ(z)(1 − σ(z)) + β: Roodschild, Gotay Sardiñas and Will (2020), "A new approach for
    the vanishing gradient problem on sigmoid activation", doi 10.1007/s13748-020-00218-y. The slide prints
    σ(z)(1 + σ(z)) + β, which is a misprint.

    Args:
        name: as in a scenario.
        beta: β of `sigmoid_beta`; the others ignore it.

    Raises:
        KeyError: there is no activation with that name.
    """
    if name == "sigmoid_beta":
        return Activation(torch.sigmoid, lambda above, a: above * derivative(name, a, beta))
    return _PLAIN[name]


def derivative(name: str, a: Tensor, beta: float | None = None) -> Tensor:
    """The slope that the backward pass uses, computed from the activation's output.

    Args:
        name: of the activation.
        a: its output; float, any shape.
        beta: β of `sigmoid_beta`; the others ignore it.

    Returns:
        φ'(z) in the shape and dtype of `a`.

    Raises:
        KeyError: there is no activation with that name.
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


def normalise_gradient(above: Tensor) -> Tensor:
    """Shift and scale a gradient to mean 0 and standard deviation 1: (g − mean) / (std + 1e-6).

    Args:
        above: dL/da, [batch, units]. Mean and std (unbiased) are scalars over the whole tensor.

    Returns:
        [batch, units].
    """
    return (above - above.mean()) / (above.std() + 1e-6)


def _identity(z: Tensor) -> Tensor:
    """φ(z) = z, float [batch, units]."""
    return z


def _identity_backward(above: Tensor, a: Tensor) -> Tensor:
    """dL/dz from `above` = dL/da; all are float [batch, units]."""
    return above


def _sigmoid_backward(above: Tensor, a: Tensor) -> Tensor:
    """dL/dz = above · a (1 − a) from `above` = dL/da and a = σ(z); all are float [batch, units]."""
    gradient: Tensor = _aten.sigmoid_backward(above, a)
    return gradient


def _tanh_backward(above: Tensor, a: Tensor) -> Tensor:
    """dL/dz = above · (1 − a²) from `above` = dL/da and a = tanh z; all are float [batch, units]."""
    gradient: Tensor = _aten.tanh_backward(above, a)
    return gradient


def _relu_backward(above: Tensor, a: Tensor) -> Tensor:
    """dL/dz = `above` = dL/da where a > 0, else 0; all are float [batch, units]."""
    gradient: Tensor = _aten.threshold_backward(above, a, 0)
    return gradient


IDENTITY = Activation(_identity, _identity_backward)

_PLAIN = {
    "identity": IDENTITY,
    "sigmoid": Activation(torch.sigmoid, _sigmoid_backward),
    "tanh": Activation(torch.tanh, _tanh_backward),
    "relu": Activation(torch.relu, _relu_backward),
}

SIGMOIDS = frozenset({"sigmoid", "sigmoid_beta"})
