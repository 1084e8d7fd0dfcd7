"""Pairs of samples in a batch, by kind: the Gram matrix of a batch in three numbers."""

import operator
from collections.abc import Callable
from typing import NamedTuple

from engine.protocol.data_spec import FASHION_MNIST

CLASSES = FASHION_MNIST.classes


class Pairs(NamedTuple):
    """A product over two samples, averaged over all pairs of each kind.

    Attributes:
        own: a sample with itself.
        same: two samples of the same class.
        other: two samples of different classes.
    """

    own: float
    same: float
    other: float

    def scaled(self, factor: float) -> "Pairs":
        """Multiply all three by `factor`."""
        return Pairs(*(factor * a for a in self))

    def shifted(self, term: float) -> "Pairs":
        """Add `term` to all three."""
        return Pairs(*(a + term for a in self))

    def plus(self, others: "Pairs") -> "Pairs":
        """The sum for each kind."""
        return self.combined(operator.add, others)

    def times(self, others: "Pairs") -> "Pairs":
        """The product for each kind."""
        return self.combined(operator.mul, others)

    def combined(self, function: Callable[[float, float], float], others: "Pairs") -> "Pairs":
        """`function` of both values for each kind."""
        return Pairs(*map(function, self, others))

    def mean(self) -> float:
        """The mean over two random samples, from balanced classes."""
        return (self.same + (CLASSES - 1) * self.other) / CLASSES

    def total(self, batch: int) -> float:
        """The sum over all ordered pairs of a random batch, from balanced classes."""
        return batch * self.own + batch * (batch - 1) * self.mean()


class Signal(NamedTuple):
    """The values of a layer for two samples, averaged over units and over the pairs of each kind.

    Attributes:
        products: of a unit's values for the two samples; `own` is the second moment.
        sizes: products of the two samples' root mean squares. They equal `products` if the samples differ
            only in brightness.
        mean: of the values.
    """

    products: Pairs
    sizes: Pairs
    mean: float

    def scaled(self, factor: float) -> "Signal":
        """What random weights make of it: second moments times `factor`, and mean 0."""
        return Signal(self.products.scaled(factor), self.sizes.scaled(factor), 0.0)

    def shifted(self, variance: float) -> "Signal":
        """With a random term of this variance added, the same for all samples."""
        return Signal(self.products.shifted(variance), self.sizes.shifted(variance), self.mean)
