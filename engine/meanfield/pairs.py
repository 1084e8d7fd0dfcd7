"""Two samples of a batch, by what kind of pair they are: the Gram matrix of a batch in three numbers."""

import operator
from collections.abc import Callable
from typing import NamedTuple

from engine.protocol.data_spec import FASHION_MNIST

CLASSES = FASHION_MNIST.classes


class Pairs(NamedTuple):
    """A product of two samples, a mean over the pairs of each kind.

    Attributes:
        own: a sample with itself.
        same: two samples of one class.
        other: two samples of different classes.
    """

    own: float
    same: float
    other: float

    def scaled(self, factor: float) -> "Pairs":
        """Each of the three times `factor`."""
        return Pairs(*(factor * a for a in self))

    def shifted(self, term: float) -> "Pairs":
        """Each of the three plus `term`."""
        return Pairs(*(a + term for a in self))

    def plus(self, others: "Pairs") -> "Pairs":
        """The sum, kind by kind."""
        return self.combined(operator.add, others)

    def times(self, others: "Pairs") -> "Pairs":
        """The product, kind by kind."""
        return self.combined(operator.mul, others)

    def combined(self, function: Callable[[float, float], float], others: "Pairs") -> "Pairs":
        """`function` of the two, kind by kind."""
        return Pairs(*map(function, self, others))

    def mean(self) -> float:
        """Over two samples drawn at random from balanced classes."""
        return (self.same + (CLASSES - 1) * self.other) / CLASSES

    def total(self, batch: int) -> float:
        """Over all ordered pairs of a batch that was drawn at random from balanced classes."""
        return batch * self.own + batch * (batch - 1) * self.mean()


class Signal(NamedTuple):
    """A layer's values on two samples: means over units and over the pairs of each kind.

    Attributes:
        products: of one unit's two values; `own` is the second moment.
        sizes: of the two samples' root mean squares: what the products would be if the two samples differed
            in brightness only.
        mean: of the values.
    """

    products: Pairs
    sizes: Pairs
    mean: float

    def scaled(self, factor: float) -> "Signal":
        """As random weights pass it on: values of mean 0, and their second moments times `factor`."""
        return Signal(self.products.scaled(factor), self.sizes.scaled(factor), 0.0)

    def shifted(self, variance: float) -> "Signal":
        """With a random term added that all samples share."""
        return Signal(self.products.shifted(variance), self.sizes.shifted(variance), self.mean)
