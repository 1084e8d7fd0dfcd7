"""Images of the embedded sample as plain bytes: what pages draw and count without torch."""

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
        pixels: 0 to 255, 784 an image, row by row.
        labels: 0 to 9.
    """

    pixels: bytes
    labels: bytes

    def image(self, number: int) -> bytes:
        """The 784 pixels of one."""
        return self.pixels[number * PIXELS : (number + 1) * PIXELS]

    def of_class(self, label: int, which: int) -> int:
        """The number of the `which`-th image of a class, counting from 0 and around."""
        numbers = [number for number, found in enumerate(self.labels) if found == label]
        return numbers[which % len(numbers)]


@cache
def sample() -> Images:
    """The 1 000 test images that come with the program; read once, in about 10 ms."""
    _, pixels = read(SAMPLE / f"{TEST_IMAGES}.gz", 3)
    _, labels = read(SAMPLE / f"{TEST_LABELS}.gz", 1)
    return Images(bytes(pixels), bytes(labels))


class Brightness(NamedTuple):
    """How bright pixels are, in [0, 1].

    Attributes:
        shares: of the pixels that are 0, then of the others in equal intervals.
        mean: of x.
        second_moment: of x².
    """

    shares: tuple[float, ...]
    mean: float
    second_moment: float

    @property
    def std(self) -> float:
        """The standard deviation."""
        return float((self.second_moment - self.mean**2) ** 0.5)


def brightness(pixels: bytes, intervals: int) -> Brightness:
    """How often each brightness occurs among `pixels`, which are 0 to 255.

    Args:
        pixels: at least one.
        intervals: into how many 1 to 255 is divided.
    """
    counts = Counter(pixels)
    shares = [0.0] * (intervals + 1)
    for value, count in counts.items():
        place = 0 if value == 0 else 1 + (value - 1) * intervals // 255
        shares[place] += count / len(pixels)
    mean = sum(value * count for value, count in counts.items()) / len(pixels) / 255
    second = sum(value * value * count for value, count in counts.items()) / len(pixels) / 255**2
    return Brightness(tuple(shares), mean, second)
