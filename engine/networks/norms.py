"""The normalisations: by name, and their backward pass, which is left to autograd."""

from typing import cast

import torch
from torch import Tensor, nn


class CustomNorm(nn.Module):
    """(z − mean) / std. Both are scalars over the whole [batch, units] tensor; std is unbiased.

    It has no parameters and no state, so training and evaluation compute the same (the slides' CustomNorm).
    """

    def forward(self, z: Tensor) -> Tensor:
        """Normalise `z`, float [batch, units]; the result has the same shape."""
        return (z - z.mean()) / z.std()


class NormRecord:
    """One forward pass through a normalisation, with a small autograd graph for its backward pass.

    Args:
        norm: the module.
        z: its input, float [batch, units].
        computes: the type of the network's products; None for float32.
    """

    def __init__(self, norm: nn.Module, z: Tensor, computes: torch.dtype | None = None) -> None:
        self._norm = norm
        with torch.enable_grad():
            self._before = z.detach().requires_grad_()
            self._after: Tensor = normalised(norm, self._before, computes)

    @property
    def output(self) -> Tensor:
        """What the normalisation returned, [batch, units], outside autograd."""
        return self._after.detach()

    def backward(self, gradient: Tensor) -> Tensor:
        """Go back through the normalisation, and set the gradients of its parameters.

        Args:
            gradient: dL/doutput [batch, units].

        Returns:
            dL/dinput [batch, units].
        """
        learnt = [parameter for parameter in self._norm.parameters() if parameter.requires_grad]
        below, *own = torch.autograd.grad(self._after, [self._before, *learnt], gradient)
        for parameter, each in zip(learnt, own, strict=True):
            parameter.grad = each
        return below


def normalised(norm: nn.Module, z: Tensor, computes: torch.dtype | None) -> Tensor:
    """What `norm` makes of `z`, float [batch, units]; in 16 bits in the types that torch.autocast chooses.

    If the norm's parameters are float32 and `z` is not, the norm would not accept it on a GPU.
    """
    if computes is None:
        result: Tensor = norm(z)
        return result
    with torch.autocast(z.device.type, dtype=computes, enabled=_is_wide(norm)):
        return cast(Tensor, norm(z))


def _is_wide(norm: nn.Module) -> bool:
    """Whether a norm has float32 parameters, or none."""
    return all(parameter.dtype is torch.float32 for parameter in norm.parameters())


def build_norm(name: str, width: int, device: torch.device, dtype: torch.dtype) -> nn.Module | None:
    """The normalisation with that name, for `width` units; None for `none`."""
    match name:
        case "batch":
            return nn.BatchNorm1d(width, device=device, dtype=dtype)
        case "layer":
            return nn.LayerNorm(width, device=device, dtype=dtype)
        case "custom":
            return CustomNorm()
        case _:
            return None
