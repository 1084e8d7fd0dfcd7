"""Steps captured in a CUDA graph, compared with the same steps as they are."""

from dataclasses import dataclass, replace

import torch

from engine.bench.deadline import Deadline
from engine.bench.spread import Spread
from engine.data.fashion_mnist import Dataset
from engine.training.graphs import GraphTrainer
from engine.training.pace import BLOCK, timed
from engine.training.trainer import Trainer
from scenarios.schema import Scenario

_WARM_UP = 3  # blocks: of the first ten steps all are measured, and one of the next is captured


@dataclass(frozen=True, slots=True)
class Captured:
    """Ten steps, one of them measured, in seconds.

    Attributes:
        plain: without a graph.
        captured: with one.
        over: `captured` divided by `plain`.
        same_bits: whether the weights of both are equal at the end.
        replays: how many steps were replayed; 0 if the graph was never used.
    """

    plain: Spread
    captured: Spread
    over: Spread
    same_bits: bool
    replays: int


def measure_captured(scenario: Scenario, data: Dataset, deadline: Deadline, *, repeats: int) -> Captured:
    """Train the same run both ways, a block of each in turn.

    Args:
        scenario: what to train.
        data: on the GPU; it is gone over so often that no epoch ends.
        deadline: fewer repetitions are made if it is near.
        repeats: blocks of each.

    Raises:
        OutOfTimeError: the deadline passed before the first repetition.
    """
    deadline.check()
    device = data.train_images.device
    steps = (_WARM_UP + repeats + 1) * BLOCK * scenario.data.batch_size
    data = replace(data, passes=max(data.passes, -(-steps // len(data.train_labels))))
    plain = Trainer("plain", scenario, 1, data, lambda event: None)
    captured = GraphTrainer("captured", scenario, 1, data, lambda event: None)

    def block(trainer: Trainer) -> float:
        def work() -> None:
            for _ in range(BLOCK):
                trainer.step()

        return timed(work, device)

    for trainer in (plain, captured):
        trainer.begin()
        for _ in range(_WARM_UP):
            block(trainer)
    took = deadline.repeat(lambda: (block(plain), block(captured)), repeats)
    ours, theirs = zip(*took, strict=True)
    pairs = zip(plain.network.parameters(), captured.network.parameters(), strict=True)
    return Captured(
        Spread.of(ours),
        Spread.of(theirs),
        Spread.of_ratios(theirs, ours),
        all(torch.equal(own, other) for own, other in pairs),
        captured.replays,
    )
