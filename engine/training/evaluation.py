"""How good a network is on the test set, and which bits it ended in."""

import hashlib

import torch

from engine.data.fashion_mnist import Dataset, scaled
from engine.networks.losses import Loss
from engine.networks.mlp import Network
from engine.training.tally import Tally

BATCH = 1000  # divides both test sets, so that CustomNorm sees equal batches


@torch.inference_mode()
def evaluate(network: Network, loss: Loss, data: Dataset) -> tuple[float, float]:
    """(loss, accuracy) over the whole test set; the network is left in evaluation mode."""
    network.eval()
    tally = Tally()
    for first in range(0, len(data.test_labels), BATCH):
        images, labels = data.test_images[first : first + BATCH], data.test_labels[first : first + BATCH]
        logits = network(scaled(images))
        tally.add(loss(logits, labels)[0], logits, labels)
    tally.fetch()
    return tally.averages()


def weights_sha256(network: Network) -> str:
    """SHA-256 over each tensor's own bytes, in `state_dict` order."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
