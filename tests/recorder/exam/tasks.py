"""Data that can be learnt, made from a seed: classes of vectors and images, and text of a random language."""

from collections.abc import Iterator

import torch
from torch import Tensor

CLASSES = 10

Batch = tuple[Tensor, Tensor]


def vectors(seed: int, *, batch: int = 64, width: int = 64) -> Iterator[Batch]:
    """A mean for each class, and noise."""
    draw = torch.Generator().manual_seed(seed)
    means = torch.randn(CLASSES, width, generator=draw)
    while True:
        labels = torch.randint(CLASSES, (batch,), generator=draw)
        yield 0.7 * means[labels] + 0.7 * torch.randn(batch, width, generator=draw), labels


def images(seed: int, *, batch: int = 32, size: int = 8) -> Iterator[Batch]:
    """A picture for each class, and noise."""
    for x, labels in vectors(seed, batch=batch, width=3 * size * size):
        yield x.view(batch, 3, size, size), labels


def text(seed: int, *, batch: int = 16, length: int = 16, vocabulary: int = 64) -> Iterator[Batch]:
    """Tokens, each of which is likely after a few others, and the tokens after them."""
    draw = torch.Generator().manual_seed(seed)
    chances = torch.softmax(3 * torch.randn(vocabulary, vocabulary, generator=draw), dim=1)
    while True:
        tokens = torch.randint(vocabulary, (batch, 1), generator=draw)
        for _ in range(length):
            following = torch.multinomial(chances[tokens[:, -1]], 1, generator=draw)
            tokens = torch.cat((tokens, following), dim=1)
        yield tokens[:, :-1], tokens[:, 1:]


def topics(seed: int, *, batch: int = 32, length: int = 16, vocabulary: int = 64) -> Iterator[Batch]:
    """Tokens of a class, each of which likes other ones."""
    draw = torch.Generator().manual_seed(seed)
    chances = torch.softmax(2 * torch.randn(CLASSES, vocabulary, generator=draw), dim=1)
    while True:
        labels = torch.randint(CLASSES, (batch,), generator=draw)
        yield torch.multinomial(chances[labels], length, replacement=True, generator=draw), labels
