"""A run's own randomness: each draw has a generator of its own, so nothing else can shift it.

Neither a neighbour in the round, nor measuring, nor pausing, nor resuming changes a bit of a run, because
no draw depends on how many came before it. All draws are made on the CPU, whatever the device.
"""

import hashlib
from typing import Literal

import torch

Purpose = Literal["init", "epoch", "head"]


def generator(seed: int, purpose: Purpose, number: int = 0) -> torch.Generator:
    """The CPU generator for one draw.

    Args:
        seed: the run's seed.
        purpose: `init` the weights, `epoch` an epoch's order, `head` a stage's output layer.
        number: the run's global epoch, or the stage, from 1; 0 for `init`.
    """
    digest = hashlib.sha256(f"{seed}:{purpose}:{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


def epoch_order(seed: int, epoch: int, images: int, passes: int) -> torch.Tensor:
    """The order in which an epoch visits the training images: int64 [images * passes].

    Each pass visits every image once; on the embedded sample an epoch is several passes.
    """
    draw = generator(seed, "epoch", epoch)
    return torch.cat([torch.randperm(images, generator=draw) for _ in range(passes)])
