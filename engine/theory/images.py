"""Images of the embedded sample as plain bytes, which pages can draw and count without torch."""

from collections import Counter
from functools import cache
from typing import NamedTuple

from engine.data.fashion_mnist import PIXELS, SAMPLE, TEST_IMAGES, TEST_LABELS
from engine.data.idx import read

CLASS_NAMES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


class Images(NamedTuple):
    """Images and labels.

    Attributes:
        pixels: 0 to 255, one byte each; 784 per image, row by row.
        labels: 0 to 9, one byte per image.
    """

    pixels: bytes
    labels: bytes

    def image(self, number: int) -> bytes:
        """The 784 pixels of one image, counted from 0."""
        return self.pixels[number * PIXELS : (number + 1) * PIXELS]

    def of_class(self, label: int, which: int) -> int:
        """The number of an image of a class.

        Args:
            label: of the class, 0 to 9.
            which: counted from 0 in this class; past the last image it starts again.
        """
        numbers = [number for number, found in enumerate(self.labels) if found == label]
        return numbers[which % len(numbers)]


@cache
def sample() -> Images:
    """The 1 000 test images that come with the program. They are read once, in about 10 ms."""
    _, pixels = read(SAMPLE / f"{TEST_IMAGES}.gz", 3)
    _, labels = read(SAMPLE / f"{TEST_LABELS}.gz", 1)
    return Images(bytes(pixels), bytes(labels))


class Brightness(NamedTuple):
    """The distribution of the brightness x of pixels, scaled to [0, 1].

    Attributes:
        shares: the fraction of pixels that are 0, then the fractions in equal intervals above 0.
        mean: E[x].
        second_moment: E[x²].
    """

    shares: tuple[float, ...]
    mean: float
    second_moment: float

    @property
    def std(self) -> float:
        """The standard deviation of x."""
        return float((self.second_moment - self.mean**2) ** 0.5)


def brightness(pixels: bytes, intervals: int) -> Brightness:
    """Compute the distribution of brightness.

    Args:
        pixels: 0 to 255, one byte each; at least one.
        intervals: how many intervals 1 to 255 is divided into.
    """
    counts = Counter(pixels)
    shares = [0.0] * (intervals + 1)
    for value, count in counts.items():
        place = 0 if value == 0 else 1 + (value - 1) * intervals // 255
        shares[place] += count / len(pixels)
    mean = sum(value * count for value, count in counts.items()) / len(pixels) / 255
    second = sum(value * value * count for value, count in counts.items()) / len(pixels) / 255**2
    return Brightness(tuple(shares), mean, second)
