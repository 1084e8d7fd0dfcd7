"""How weights are drawn. Biases start at 0. A stage's new output layer is drawn as PyTorch's default."""

import math

import torch
from torch import Tensor, nn

from scenarios.schema import Init


@torch.no_grad()
def initialise(weight: Tensor, init: Init, generator: torch.Generator) -> None:
    """Draw a weight in place by the scheme that `init` names.

    Args:
        weight: float [out, in] or [out, in, rows, columns]. It is on the CPU whatever the run's device, so
            that a seed draws the same weights everywhere.
        init: scheme, with its std or gain.
        generator: used for this draw only.

    Raises:
        ValueError: the scheme is unknown.
    """
    fan_in = weight[0].numel()
    match init.scheme:
        case "normal":
            nn.init.normal_(weight, std=init.std, generator=generator)
        case "xavier":
            nn.init.xavier_normal_(weight, gain=init.gain, generator=generator)
        case "he":
            # N(0, gain² · 2 / fan-in): He et al. 2015. The 2 makes up for the half that ReLU cuts off.
            nn.init.normal_(weight, std=init.gain * math.sqrt(2 / fan_in), generator=generator)
        case "orthogonal":
            nn.init.orthogonal_(weight, gain=init.gain, generator=generator)
        case "pytorch":
            nn.init.uniform_(weight, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in), generator=generator)
        case scheme:
            raise ValueError(f"unknown initialisation {scheme!r}")


@torch.no_grad()
def initialise_as_pytorch(linear: nn.Linear, generator: torch.Generator) -> None:
    """Draw weight [out, in] and bias [out] in place as `nn.Linear` does: U(−1/√fan-in, 1/√fan-in).

    Args:
        linear: on the CPU.
        generator: used for this draw only.
    """
    bound = 1 / math.sqrt(linear.in_features)
    nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
    nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
