"""The pace of a trainer and of the matrix products that it can't do without."""

from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice, pairwise, permutations
from time import perf_counter, process_time

import torch

from engine.bench.spread import Spread
from engine.data.fashion_mnist import PIXELS, Dataset
from engine.training.pace import BLOCK, Block, Clock, TrainerPace, clock_for, timed
from scenarios.schema import Scenario


class MatrixProducts:
    """The matrix products of a training step, and nothing else; each call does those of a block of steps.

    A layer with weights W [out, in] takes x·Wᵀ of its input x [batch, in] on the way forward; on the way back
    dᵀ·x of d [batch, out], for its own gradient, and but for the first layer d·W for the layer below.
    """

    def __init__(self, scenario: Scenario, device: torch.device, clock: Clock = perf_counter) -> None:
        batch, width = scenario.data.batch_size, scenario.model.width
        sizes = [PIXELS, *[width] * scenario.model.hidden_layers, 10]
        self._inputs = [torch.rand(batch, size, device=device) for size in sizes[:-1]]
        self._errors = [torch.rand(batch, size, device=device) for size in sizes[1:]]
        self._weights = [torch.rand(above, below, device=device) for below, above in pairwise(sizes)]
        self._device, self._clock = device, clock
        self()

    def __call__(self) -> float:
        """Do the products of a block of steps; returns its seconds."""
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
    """One epoch's seconds, and what they are compared with.

    With one thread on the CPU these are its seconds on a core: what else the machine does is not among them.
    On a GPU they are by the GPU's clock.

    Attributes:
        threads: torch threads.
        epoch: an epoch's training with full measuring.
        unmeasured: without.
        floor: its bare matrix products.
        over_floor: `epoch` over `floor`.
        measuring: `epoch` over `unmeasured`.
        core: the part of the time in which each of the threads had a core: well under 1, others had it.
    """

    threads: int
    epoch: Spread
    unmeasured: Spread
    floor: Spread
    over_floor: Spread
    measuring: Spread
    core: float


def measure_pace(scenario: Scenario, data: Dataset, threads: int, *, repeats: int, blocks: int) -> Pace:
    """Train measured, unmeasured, and do the bare products, a block of each in turn.

    It is one trainer that trains, so that nothing but the measuring is between both. The turns go through all
    orders, for a block finds in the caches what the one before it left there.

    Args:
        scenario: what to train.
        data: the training set, on the device.
        threads: torch threads.
        repeats: how often.
        blocks: of ten steps each, in one repetition; the seconds are scaled to an epoch.
    """
    torch.set_num_threads(threads)
    device = data.train_images.device
    clock = clock_for(data)
    images = len(data.train_labels) * data.passes
    to_epoch = images / (scenario.data.batch_size * BLOCK * blocks)
    took: list[list[float]] = [[], [], []]
    began, had = perf_counter(), process_time()
    for _ in range(repeats):
        # Made anew each time: where their tensors happen to lie in memory is worth some parts in a hundred.
        trainer = TrainerPace(scenario, data, clock)
        products = MatrixProducts(scenario, device, clock)
        ways: tuple[Block, ...] = (trainer, partial(trainer, measuring=False), products)
        sums = [0.0, 0.0, 0.0]
        for order in islice(cycle(permutations(range(len(ways)))), blocks):
            for number in order:
                sums[number] += ways[number]()
        for seconds, total in zip(took, sums, strict=True):
            seconds.append(total * to_epoch)
    core = (process_time() - had) / (perf_counter() - began) / threads
    epoch, unmeasured, floor = took
    return Pace(
        threads,
        Spread.of(epoch),
        Spread.of(unmeasured),
        Spread.of(floor),
        Spread.of_ratios(epoch, floor),
        Spread.of_ratios(epoch, unmeasured),
        core,
    )


def measure_steps(scenario: Scenario, data: Dataset, *, repeats: int) -> Spread | None:
    """Seconds of one step of a scenario, its measuring included; None if it diverges before that is known."""
    pace = TrainerPace(scenario, data, clock_for(data))
    seconds = [pace() / BLOCK for _ in range(repeats)]
    return None if pace.trainer.status.ended else Spread.of(seconds)
