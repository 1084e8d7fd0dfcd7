"""Finding the number of torch threads that trains fastest on this machine."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset

_WORTH = 0.9  # more threads must take at most this fraction of the time
_COURSE = "depth-7"


def candidates(most: int) -> tuple[int, ...]:
    """1, 2, 4 … up to `most`, and `most` itself."""
    powers = [1 << exponent for exponent in range(most.bit_length())]
    return tuple(sorted({*powers, most}))


def choose(seconds: Mapping[int, float]) -> int:
    """Choose a number of threads. More threads are chosen only if they save at least 10 % of the time.

    Args:
        seconds: the time of a step for each number of threads.
    """
    chosen, *others = sorted(seconds)
    for threads in others:
        if seconds[threads] <= _WORTH * seconds[chosen]:
            chosen = threads
    return chosen


def measure(most: int, data: "Dataset") -> int:
    """Measure which number of threads trains the slides' 7-layer network fastest, and set it in torch.

    It takes about 0.3 s per number. On a GPU the number is always 1.

    Args:
        most: the largest number to try.
        data: on the device to train on.

    Returns:
        The fastest number.
    """
    import torch

    import scenarios
    from engine.training.pace import TrainerPace

    seconds = {1: 0.0}
    for threads in candidates(most) if most > 1 and data.train_images.device.type == "cpu" else ():
        torch.set_num_threads(threads)
        block = TrainerPace(scenarios.load(_COURSE), data)
        seconds[threads] = min(block(), block())
    chosen = choose(seconds)
    torch.set_num_threads(chosen)
    return chosen
