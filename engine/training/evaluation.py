"""How good a network is on the test set, and the hash of its weights."""

import hashlib

import torch
from torch import nn

from engine.data.fashion_mnist import Dataset, scaled
from engine.networks.losses import Loss
from engine.training.tally import Tally

BATCH = 1000  # divides the size of both test sets: CustomNorm depends on the batch, so all must be equal


@torch.inference_mode()
def evaluate(network: nn.Module, loss: Loss, data: Dataset) -> tuple[float, float]:
    """Evaluate on the whole test set. The network is left in evaluation mode.

    Args:
        network: to evaluate.
        loss: from logits [batch, classes] and labels, int64 [batch].
        data: on the network's device; its test images are uint8 [N, inputs], its labels int64 [N].

    Returns:
        (mean loss, accuracy from 0 to 1).
    """
    network.eval()
    tally = Tally()
    for first in range(0, len(data.test_labels), BATCH):
        images, labels = data.test_images[first : first + BATCH], data.test_labels[first : first + BATCH]
        logits = network(scaled(images))  # [batch, classes]
        tally.add(loss(logits, labels)[0], logits, labels)
    tally.fetch()
    return tally.averages()


def weights_sha256(network: nn.Module) -> str:
    """SHA-256 over the bytes of every weight and buffer, in `state_dict` order, as hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
