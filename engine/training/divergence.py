"""How a diverged run is recognised: which loss was the first that is not finite, and in which layers."""

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.networks.block_network import BlockNetwork
from engine.networks.mlp import Network, Tape


def first_nonfinite(losses: Sequence[float]) -> int | None:
    """The index of the first loss that is nan or infinite; None if all are finite."""
    return next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), None)


def nonfinite_outputs(network: Network | BlockNetwork, images: Tensor) -> tuple[str, ...]:
    """The names of the layers whose output holds a nan or an infinity.

    Args:
        network: is not changed.
        images: float [batch, inputs].
    """
    outputs: dict[str, Tensor] = {}
    twin = copy.deepcopy(network)  # because a forward pass changes BatchNorm's running statistics
    with torch.no_grad():
        if isinstance(twin, BlockNetwork):
            twin(images, outputs.__setitem__)
        else:
            tape = Tape(images)
            twin(images, tape)
            outputs = dict(zip(twin.layer_names, tape.h, strict=True))
    return tuple(name for name, h in outputs.items() if not h.isfinite().all())
