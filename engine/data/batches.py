"""The training images in the order of the epoch, one batch at a time."""

import math
from itertools import chain

from torch import Tensor

from engine.data.fashion_mnist import DataError, Dataset, scaled
from engine.randomness import epoch_order


class Batches:
    """Splits each epoch into batches, in an order drawn from the run's seed. The last batch may be shorter.

    Args:
        data: its training images are used.
        seed: of the run.
        size: images per batch.
    """

    def __init__(self, data: Dataset, seed: int, size: int) -> None:
        self.position = 0  # how many images of the epoch were used
        self._data, self._seed, self._size = data, seed, size
        self.images = len(data.train_labels) * data.passes  # of an epoch
        self._order: Tensor  # indices of images, int64 [images of an epoch]
        self._labels: Tensor  # in that order, int64 [images of an epoch]

    def require_spread(self) -> None:
        """Check that no batch has only one image, because BatchNorm would divide by a variance of 0.

        Raises:
            DataError: the last batch has only one image, or the training set has.
        """
        if self.images == 1:
            raise DataError("BatchNorm needs at least two images, but the training set has only one")
        if self.images % self._size == 1:
            sizes = chain(range(self._size - 1, 1, -1), range(self._size + 1, self.images + 1))
            better = next(size for size in sizes if self.images % size != 1)
            raise DataError(
                f"with data.batch_size = {self._size} only one of the {self.images} images is left for the "
                f"last batch, but BatchNorm needs at least two: use another size, such as {better}"
            )

    @property
    def per_epoch(self) -> int:
        """Batches per epoch."""
        return math.ceil(self.images / self._size)

    @property
    def is_over(self) -> bool:
        """Whether all batches of the epoch were used."""
        return self.position >= self.images

    def begin(self, epoch: int, position: int = 0) -> None:
        """Begin an epoch.

        Args:
            epoch: of the run, counted from 1; it decides the order.
            position: how many images of it were used before, when a run is resumed.
        """
        data = self._data
        order = epoch_order(self._seed, epoch, len(data.train_labels), data.passes)
        self._order, self.position = order.to(data.train_labels.device), position
        self._labels = data.train_labels.index_select(0, self._order)  # once: cheaper than for each batch

    def next(self) -> tuple[Tensor, Tensor]:
        """The next batch of the epoch.

        Returns:
            (images, float32 [batch, inputs] in [0, 1]; labels, int64 [batch]).
        """
        batch = slice(self.position, self.position + self._size)
        labels = self._labels[batch]
        self.position += len(labels)
        return scaled(self._data.train_images.index_select(0, self._order[batch])), labels
