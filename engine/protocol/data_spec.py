"""What a network needs to know about a data set: the size of an input, and the number of classes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """A data set of images with balanced classes.

    Attributes:
        name: as a scenario names it.
        shape: rows and columns of an image.
        classes: how many there are; each has the same number of images.
    """

    name: str
    shape: tuple[int, int]
    classes: int

    @property
    def inputs(self) -> int:
        """Pixels per image: the width of a network's input."""
        return math.prod(self.shape)


FASHION_MNIST = DataSpec(name="fashion-mnist", shape=(28, 28), classes=10)

# Every data set that a scenario can name.
DATA_SPECS: Mapping[str, DataSpec] = MappingProxyType({each.name: each for each in (FASHION_MNIST,)})
