"""On CUDA: whether a step waits for the GPU, or the GPU waits for the step's launches."""

from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from engine.bench.deadline import Deadline
from engine.bench.spread import Spread
from engine.data.fashion_mnist import Dataset
from engine.training.pace import BLOCK, TrainerPace, synchronise
from scenarios.schema import Scenario

_IDLE = 0.1  # if the host waits for a smaller part of the time, the host limits the step


@dataclass(frozen=True, slots=True)
class Launches:
    """One training step between two samples, in seconds.

    Attributes:
        step: seconds until the device has finished it.
        launch: seconds until the host has launched everything.
        bound: `launch` if the device finishes almost together with the host, else `compute`.
    """

    step: Spread
    launch: Spread
    bound: Literal["launch", "compute"]


def measure_launches(scenario: Scenario, data: Dataset, deadline: Deadline, *, repeats: int) -> Launches:
    """Time the steps between two samples, where no code waits for the device.

    Raises:
        OutOfTimeError: the deadline passed before the first repetition.
    """
    deadline.check()
    device = data.train_images.device
    pace = TrainerPace(scenario, data)

    def repetition() -> tuple[float, float]:
        synchronise(device)
        began = perf_counter()
        for _ in range(BLOCK - 1):
            pace.trainer.step()
        launched = perf_counter()
        synchronise(device)
        finished = perf_counter()
        pace.trainer.step()  # the sample
        return (finished - began) / (BLOCK - 1), (launched - began) / (BLOCK - 1)

    steps, launches = zip(*deadline.repeat(repetition, repeats), strict=True)
    step, launch = Spread.of(steps), Spread.of(launches)
    bound: Literal["launch", "compute"] = "launch" if launch.median > (1 - _IDLE) * step.median else "compute"
    return Launches(step, launch, bound)
