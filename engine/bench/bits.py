"""How far the same run is apart on two devices: the same scenario and seed, trained on both."""

import math
from dataclasses import dataclass

import torch

from engine.bench.deadline import Deadline
from engine.data.fashion_mnist import Dataset
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from vanish_recorder.protocol.events import RunEvent, RunFinished, Sample

_SEED = 1


@dataclass(frozen=True, slots=True)
class Bits:
    """One scenario on the CPU and on another device, compared at the steps that are measured.

    A difference of losses is relative to the loss on the CPU.

    Attributes:
        scenario: its id.
        steps: how many steps were asked for.
        differs_at: the first measured step whose losses differ; None if all have the same bits.
        first: the difference of the losses of step 1.
        largest: the largest difference of all measured steps.
        weights: ‖W − W′‖ / ‖W‖ of all weights after the last step; None if a run diverged.
        diverged: the step at which the run diverged, on the CPU and on the other device; None if it did not.
    """

    scenario: str
    steps: int
    differs_at: int | None
    first: float
    largest: float
    weights: float | None
    diverged: tuple[int | None, int | None]


def measure_bits(
    scenario: Scenario, on_cpu: Dataset, there: Dataset, deadline: Deadline, *, steps: int
) -> Bits:
    """Train the same steps on both devices, with one thread, and compare.

    Args:
        scenario: what to train.
        on_cpu: the data, on the CPU.
        there: the same data, on the other device.
        deadline: is looked at before each run.
        steps: how many to train; fewer are trained if the run diverges.

    Raises:
        OutOfTimeError: the deadline has passed.
    """
    (ours, losses, broke), (theirs, other_losses, other_broke) = (
        _train(scenario, data, deadline, steps) for data in (on_cpu, there)
    )
    both = [
        (step, loss, other_losses[step])
        for step, loss in losses.items()
        if math.isfinite(loss) and math.isfinite(other_losses.get(step, math.nan))
    ]
    differences = [abs(other - loss) / (abs(loss) or 1.0) for _, loss, other in both]
    return Bits(
        scenario=scenario.id,
        steps=steps,
        differs_at=next((step for step, loss, other in both if loss != other), None),
        first=differences[0] if differences else 0.0,
        largest=max(differences, default=0.0),
        weights=_distance(ours, theirs) if broke is None and other_broke is None else None,
        diverged=(broke, other_broke),
    )


def _train(
    scenario: Scenario, data: Dataset, deadline: Deadline, steps: int
) -> tuple[Trainer, dict[int, float], int | None]:
    """(the trainer, the loss of each measured step, the first step that is not finite)."""
    deadline.check()
    torch.set_num_threads(1)
    events: list[RunEvent] = []
    trainer = Trainer("bits", scenario, _SEED, data, events.append)
    trainer.begin()
    while trainer.steps < steps and not trainer.status.ended:
        trainer.step()
    losses = {event.step: event.loss for event in events if isinstance(event, Sample)}
    broke = next((event.first_bad_step for event in events if isinstance(event, RunFinished)), None)
    return trainer, losses, broke


@torch.no_grad()
def _distance(ours: Trainer, theirs: Trainer) -> float:
    """‖W − W′‖ / ‖W‖, in float64 on the CPU."""
    apart = size = 0.0
    for own, other in zip(ours.network.parameters(), theirs.network.parameters(), strict=True):
        here = own.detach().cpu().double()
        apart += float((here - other.detach().cpu().double()).square().sum())
        size += float(here.square().sum())
    return math.sqrt(apart / size) if size else 0.0
