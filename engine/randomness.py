"""The randomness of a run: every draw has its own generator, so that no draw depends on another.

Other runs, measuring, pausing and resuming never change a run, because no draw depends on how many came
before it. All draws are made on the CPU, so that a seed means the same on every device.
"""

import hashlib
from typing import Literal

import torch

Purpose = Literal["init", "epoch", "head", "dropout"]


def generator(seed: int, purpose: Purpose, number: int = 0) -> torch.Generator:
    """Create the CPU generator for one draw.

    Args:
        seed: of the run.
        purpose: `init` for the weights, `epoch` for the order of an epoch, `head` for a stage's output layer,
            `dropout` for what a step leaves out.
        number: the epoch of the run, the stage, or the step, counted from 1; 0 for `init`.
    """
    digest = hashlib.sha256(f"{seed}:{purpose}:{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


def epoch_order(seed: int, epoch: int, images: int, passes: int) -> torch.Tensor:
    """Draw the order in which an epoch visits the training images.

    Each pass visits every image once. On the embedded sample an epoch has several passes.

    Args:
        seed: of the run.
        epoch: of the run, counted from 1.
        images: how many training images there are.
        passes: how many times the epoch visits each image.

    Returns:
        Indices of images, int64 [images * passes].
    """
    draw = generator(seed, "epoch", epoch)
    return torch.cat([torch.randperm(images, generator=draw) for _ in range(passes)])
