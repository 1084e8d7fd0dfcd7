"""How many torch threads train fastest here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset

_WORTH = 0.9  # of the time with fewer threads: less than that must be won by more
_COURSE = "depth-7"


def candidates(most: int) -> tuple[int, ...]:
    """1, 2, 4 … up to `most`, and `most` itself."""
    powers = [1 << exponent for exponent in range(most.bit_length())]
    return tuple(sorted({*powers, most}))


def choose(seconds: Mapping[int, float]) -> int:
    """The number of threads to take, from what a step takes with each: more only where they win a tenth."""
    chosen, *others = sorted(seconds)
    for threads in others:
        if seconds[threads] <= _WORTH * seconds[chosen]:
            chosen = threads
    return chosen


def measure(most: int, data: "Dataset") -> int:
    """The number of threads, of at most `most`, with which the course's 7-layer network trains fastest here.

    Takes about 0.3 s for each number that is tried, and leaves torch with the one that is taken. On a GPU
    there is nothing to choose.
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
