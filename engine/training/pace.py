"""How long a trainer takes for a block of steps."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, thread_time

import torch

from engine.data.fashion_mnist import Dataset
from engine.training.trainer import Trainer
from scenarios.schema import Scenario

BLOCK = 10  # steps: one of them is measured, as in the whole of a run
_IMAGES = 1_200_000  # of an epoch: 2 300 steps, more than are taken here

Block = Callable[[], float]
Clock = Callable[[], float]


class TrainerPace:
    """A trainer behind its first ten steps, which are all measured; each call takes a block of steps.

    Its epochs are so long that no evaluation falls between two steps.
    """

    def __init__(self, scenario: Scenario, data: Dataset, clock: Clock = perf_counter) -> None:
        data = replace(data, passes=max(data.passes, _IMAGES // len(data.train_labels)))
        self.trainer = Trainer("bench", scenario, 1, data, lambda event: None)
        self._clock = clock
        self._device = data.train_images.device
        self.trainer.begin()
        self()

    def __call__(self, *, measuring: bool = True) -> float:
        """Take a block of steps; returns its seconds."""
        self.trainer.measuring = measuring
        return timed(self._block, self._device, self._clock)

    def _block(self) -> None:
        for _ in range(BLOCK):
            if not self.trainer.status.ended:  # one that diverges has no more steps
                self.trainer.step()


def clock_for(data: Dataset) -> Clock:
    """With one thread on the CPU that of the thread: what else the machine does is not among its seconds."""
    on_one_core = torch.get_num_threads() == 1 and data.train_images.device.type == "cpu"
    return thread_time if on_one_core else perf_counter


def timed(work: Callable[[], None], device: torch.device, clock: Clock = perf_counter) -> float:
    """Seconds of some work, that still in the device's queue included: by a clock, on a GPU by its own."""
    if device.type != "cuda":
        began = clock()
        work()
        return clock() - began
    with torch.cuda.device(device):
        began_there, ended_there = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
        began_there.record()
        work()
        ended_there.record()
        ended_there.synchronize()
        return float(began_there.elapsed_time(ended_there)) / 1000


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
