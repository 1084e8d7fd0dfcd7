"""How long a trainer takes for a block of steps, in seconds."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, thread_time

import torch

from engine.data.fashion_mnist import Dataset
from engine.training.trainer import Trainer
from scenarios.schema import Scenario

BLOCK = 10  # steps; one of them is measured, as in any other ten steps of a run
_IMAGES = 1_200_000  # per epoch: 2 300 steps, more than are ever taken here

Block = Callable[[], float]
Clock = Callable[[], float]


class TrainerPace:
    """A trainer past its first ten steps, which are all measured. Each call trains a block of steps.

    Its epochs are so long that it never evaluates between two steps.

    Args:
        scenario: what to train.
        data: on the device to train on.
        clock: returns seconds.
    """

    def __init__(self, scenario: Scenario, data: Dataset, clock: Clock = perf_counter) -> None:
        data = replace(data, passes=max(data.passes, _IMAGES // len(data.train_labels)))
        self.trainer = Trainer("bench", scenario, 1, data, lambda event: None)
        self._clock = clock
        self._device = data.train_images.device
        self.trainer.begin()
        self()

    def __call__(self, *, measuring: bool = True) -> float:
        """Train a block of steps.

        Returns:
            The seconds that it took.
        """
        self.trainer.measuring = measuring
        return timed(self._block, self._device, self._clock)

    def _block(self) -> None:
        for _ in range(BLOCK):
            if not self.trainer.status.ended:  # a run that diverged takes no more steps
                self.trainer.step()


def clock_for(data: Dataset) -> Clock:
    """The clock to use: with one thread on the CPU the thread's own, which other load does not affect."""
    on_one_core = torch.get_num_threads() == 1 and data.train_images.device.type == "cpu"
    return thread_time if on_one_core else perf_counter


def timed(work: Callable[[], None], device: torch.device, clock: Clock = perf_counter) -> float:
    """The seconds that `work` takes, including what it leaves in the device's queue.

    On a GPU the GPU's own clock measures, otherwise `clock`.
    """
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
    """Wait until the device has finished its queue."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
