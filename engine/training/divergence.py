"""How a diverged run is recognised: which loss was the first that is not finite, and in which layers."""

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.networks.mlp import Network, Tape


def first_nonfinite(losses: Sequence[float]) -> int | None:
    """The index of the first loss that is nan or infinite; None if all are finite."""
    return next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), None)


def nonfinite_outputs(network: Network, images: Tensor) -> tuple[str, ...]:
    """The names of the layers whose output holds a nan or an infinity.

    Args:
        network: is not changed.
        images: float [batch, inputs].
    """
    tape = Tape(images)
    with torch.no_grad():  # through a copy, because a forward pass changes BatchNorm's running statistics
        copy.deepcopy(network)(images, tape)
    outputs = zip(network.layer_names, tape.h, strict=True)
    return tuple(name for name, h in outputs if not h.isfinite().all())
