"""The pace of a trainer, and of the matrix products that it needs at least."""

from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice, pairwise, permutations
from time import perf_counter, process_time

import torch

from engine.bench.deadline import Deadline
from engine.bench.spread import Spread
from engine.data.fashion_mnist import Dataset
from engine.protocol.data_spec import FASHION_MNIST
from engine.training.pace import BLOCK, Block, Clock, TrainerPace, clock_for, timed
from scenarios.schema import Scenario


class MatrixProducts:
    """Computes only the matrix products of a training step; each call computes those of a block of steps.

    A layer with weights W [out, in] and input x [batch, in] computes x·Wᵀ in the forward pass. In the
    backward pass, it computes dᵀ·x from d [batch, out] for its own gradient and, except in the first layer,
    d·W for the layer below.
    """

    def __init__(self, scenario: Scenario, device: torch.device, clock: Clock = perf_counter) -> None:
        batch, width = scenario.data.batch_size, scenario.mlp.width
        sizes = [FASHION_MNIST.inputs, *[width] * scenario.mlp.hidden_layers, FASHION_MNIST.classes]
        self._inputs = [torch.rand(batch, size, device=device) for size in sizes[:-1]]
        self._errors = [torch.rand(batch, size, device=device) for size in sizes[1:]]
        self._weights = [torch.rand(above, below, device=device) for below, above in pairwise(sizes)]
        self._device, self._clock = device, clock
        self()

    def __call__(self) -> float:
        """Compute the products of a block of steps; returns the seconds."""
        return timed(self._block, self._device, self._clock)

    @torch.no_grad()
    def _block(self) -> None:
        for _ in range(BLOCK):
            for x, w in zip(self._inputs, self._weights, strict=True):
                x @ w.T
            for number, (x, w, d) in enumerate(zip(self._inputs, self._weights, self._errors, strict=True)):
                d.T @ x
                if number:
                    d @ w


@dataclass(frozen=True, slots=True)
class Pace:
    """The seconds of one epoch, and what they are compared with.

    With one thread on the CPU, only the seconds count in which the thread had a core, so that other load does
    not change them. On a GPU, the GPU's clock measures them.

    Attributes:
        threads: torch threads.
        epoch: an epoch of training with full measuring.
        unmeasured: the same without measuring.
        floor: only its matrix products.
        over_floor: `epoch` divided by `floor`.
        measuring: `epoch` divided by `unmeasured`.
        core: the part of the time in which each thread had a core; well below 1 if there was other load.
    """

    threads: int
    epoch: Spread
    unmeasured: Spread
    floor: Spread
    over_floor: Spread
    measuring: Spread
    core: float


def measure_pace(
    scenario: Scenario, data: Dataset, threads: int, deadline: Deadline, *, repeats: int, blocks: int
) -> Pace:
    """Train with measuring, train without, and compute only the products: a block of each in turn.

    The same trainer trains both ways, so that only the measuring differs. The turns use all possible orders,
    because a block finds in the caches what the block before it left there.

    Args:
        scenario: what to train.
        data: on the device to train on.
        threads: torch threads.
        deadline: fewer repetitions are made if it is near.
        repeats: the number of repetitions.
        blocks: blocks of ten steps per repetition; the seconds are scaled to an epoch.

    Raises:
        OutOfTimeError: the deadline passed during the first repetition.
    """
    torch.set_num_threads(threads)
    device = data.train_images.device
    clock = clock_for(data)
    images = len(data.train_labels) * data.passes
    to_epoch = images / (scenario.data.batch_size * BLOCK * blocks)

    def repetition() -> list[float]:
        # Built again each time, because the places of the tensors in memory change the time by some percent.
        trainer = TrainerPace(scenario, data, clock)
        products = MatrixProducts(scenario, device, clock)
        ways: tuple[Block, ...] = (trainer, partial(trainer, measuring=False), products)
        sums = [0.0, 0.0, 0.0]
        for order in islice(cycle(permutations(range(len(ways)))), blocks):
            for number in order:
                deadline.check()
                sums[number] += ways[number]()
        return [to_epoch * total for total in sums]

    began, had = perf_counter(), process_time()
    took = deadline.repeat(repetition, repeats)
    core = (process_time() - had) / (perf_counter() - began) / threads
    epoch, unmeasured, floor = zip(*took, strict=True)
    return Pace(
        threads,
        Spread.of(epoch),
        Spread.of(unmeasured),
        Spread.of(floor),
        Spread.of_ratios(epoch, floor),
        Spread.of_ratios(epoch, unmeasured),
        core,
    )


def measure_steps(scenario: Scenario, data: Dataset, deadline: Deadline, *, repeats: int) -> Spread | None:
    """Seconds of one step of a scenario, with measuring; None if it diverges during the measurement.

    Raises:
        OutOfTimeError: the deadline passed before the first repetition.
    """
    deadline.check()
    pace = TrainerPace(scenario, data, clock_for(data))
    seconds = [block / BLOCK for block in deadline.repeat(pace, repeats)]
    return None if pace.trainer.status.ended else Spread.of(seconds)
