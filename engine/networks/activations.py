"""Activations by name, each forward and backward; and the gradient's normalisation."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_aten = torch.ops.aten  # autograd's own backward operations: the same bits, in one pass over memory


@dataclass(frozen=True, slots=True)
class Activation:
    """One nonlinearity.

    Attributes:
        forward: from z to a; float, any shape, usually [batch, units].
        backward: from dL/da and what the tape keeps to dL/dz, all of the same shape.
        keeps_z: whether the tape keeps z for the backward pass. Otherwise it keeps a, which most slopes can
            be computed from, and which it records anyway.
    """

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor], Tensor]
    keeps_z: bool = False


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


def derivative(name: str, kept: Tensor, beta: float | None = None) -> Tensor:
    """The slope that the backward pass uses, computed from what the tape keeps.

    Args:
        name: of the activation.
        kept: its output, or its input if it `keeps_z`; float, any shape.
        beta: β of `sigmoid_beta`; the others ignore it.

    Returns:
        φ'(z) in the shape and dtype of `kept`.

    Raises:
        KeyError: there is no activation with that name.
    """
    match name:
        case "sigmoid":
            return kept * (1 - kept)
        case "sigmoid_beta":
            return kept * (1 - kept) + (beta or 0.0)
        case "tanh":
            return 1 - kept * kept
        case "relu":
            return (kept > 0).to(kept.dtype)
        case "identity":
            return torch.ones_like(kept)
        case _:
            return _PLAIN[name].backward(torch.ones_like(kept), kept)


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


def _leaky_relu(z: Tensor) -> Tensor:
    """z where z > 0, else z/100; float [batch, units]."""
    return F.leaky_relu(z, LEAK)


def _leaky_relu_backward(above: Tensor, a: Tensor) -> Tensor:
    """dL/dz = `above` = dL/da where a > 0, else a hundredth of it; all are float [batch, units]."""
    gradient: Tensor = _aten.leaky_relu_backward(above, a, LEAK, True)
    return gradient


def _elu_backward(above: Tensor, z: Tensor) -> Tensor:
    """dL/dz = `above` = dL/da where z > 0, else above · e^z; all are float [batch, units].

    e^z is a + 1, but autograd computes it from z, so its bits differ.
    """
    gradient: Tensor = _aten.elu_backward(above, 1, 1, 1, False, z)
    return gradient


def _silu_backward(above: Tensor, z: Tensor) -> Tensor:
    """dL/dz = above · σ(z)(1 + z(1 − σ(z))) from `above` = dL/da; all are float [batch, units]."""
    gradient: Tensor = _aten.silu_backward(above, z)
    return gradient


def _gelu_backward(above: Tensor, z: Tensor) -> Tensor:
    """dL/dz = above · (Φ(z) + zφ(z)) from `above` = dL/da; all are float [batch, units]."""
    gradient: Tensor = _aten.gelu_backward(above, z)
    return gradient


LEAK = 0.01  # leaky_relu's slope below 0: the default of PyTorch
IDENTITY = Activation(_identity, _identity_backward)

_PLAIN = {
    "identity": IDENTITY,
    "sigmoid": Activation(torch.sigmoid, _sigmoid_backward),
    "tanh": Activation(torch.tanh, _tanh_backward),
    "relu": Activation(torch.relu, _relu_backward),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_backward),
    # silu and gelu take some values at two z with different slopes.
    "elu": Activation(F.elu, _elu_backward, keeps_z=True),
    "silu": Activation(F.silu, _silu_backward, keeps_z=True),
    "gelu": Activation(F.gelu, _gelu_backward, keeps_z=True),
}

SIGMOIDS = frozenset({"sigmoid", "sigmoid_beta"})
