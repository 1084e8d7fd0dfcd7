"""The training images in the order of the epoch, a batch at a time."""

import math
from itertools import chain

from torch import Tensor

from engine.data.fashion_mnist import DataError, Dataset, scaled
from engine.randomness import epoch_order


class Batches:
    """Draws an epoch's order from the run's seed and deals it out; the last, shorter batch is kept.

    Args:
        data: whose training half is dealt out.
        seed: the run's.
        size: images in a batch.
    """

    def __init__(self, data: Dataset, seed: int, size: int) -> None:
        self.position = 0  # images of the present epoch that were dealt out
        self._data, self._seed, self._size = data, seed, size
        self._images = len(data.train_labels) * data.passes
        self._order: Tensor
        self._labels: Tensor  # in that order

    def require_spread(self) -> None:
        """Make sure that no batch is a single image, in which BatchNorm would see no spread.

        Raises:
            DataError: the last one is, or there is no other image.
        """
        if self._images == 1:
            raise DataError("BatchNorm needs two images at least, and the training set has one")
        if self._images % self._size == 1:
            sizes = chain(range(self._size - 1, 1, -1), range(self._size + 1, self._images + 1))
            better = next(size for size in sizes if self._images % size != 1)
            raise DataError(
                f"with data.batch_size = {self._size} the last of {self._images} images is a batch by "
                f"itself, and BatchNorm needs two: take another size, such as {better}"
            )

    @property
    def per_epoch(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self._images / self._size)

    @property
    def is_over(self) -> bool:
        """Whether the epoch has been dealt out."""
        return self.position >= self._images

    def begin(self, epoch: int, position: int = 0) -> None:
        """Draw the order of the run's global `epoch`, and go on in it at `position`."""
        data = self._data
        order = epoch_order(self._seed, epoch, len(data.train_labels), data.passes)
        self._order, self.position = order.to(data.train_labels.device), position
        self._labels = data.train_labels.index_select(0, self._order)  # all at once: bit by bit is dearer

    def next(self) -> tuple[Tensor, Tensor]:
        """(images float32 [batch, inputs] in [0, 1], labels [batch])."""
        batch = slice(self.position, self.position + self._size)
        labels = self._labels[batch]
        self.position += len(labels)
        return scaled(self._data.train_images.index_select(0, self._order[batch])), labels
