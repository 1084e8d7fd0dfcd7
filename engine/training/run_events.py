"""The first and the last event of a run: what decides its numbers, and what it came to."""

import platform
from importlib.metadata import version

from torch import nn

from engine.data.fashion_mnist import Dataset
from engine.training.evaluation import weights_sha256
from engine.training.progress import Progress
from engine.training.stages import Stages
from scenarios.schema import Scenario
from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.events import RunFinished, RunStarted
from vanish_recorder.protocol.status import Status


def run_started(
    progress: Progress,
    scenario: Scenario,
    seed: int,
    data: Dataset,
    stages: Stages,
    *,
    threads: int,
    steps_per_epoch: int,
) -> RunStarted:
    """The event that a run begins with.

    Args:
        progress: of the run.
        scenario: what it trains.
        seed: of all its randomness.
        data: on the device to train on.
        stages: of the scenario.
        threads: torch threads.
        steps_per_epoch: batches in an epoch.
    """
    return RunStarted(
        **progress.where(),
        schema=SCHEMA,
        scenario=scenario.resolved(),
        seed=seed,
        device=str(data.train_images.device),
        threads=threads,
        data={
            "name": data.name,
            "source": data.source,
            "train": len(data.train_labels),
            "test": len(data.test_labels),
            "known": data.is_known,
        },
        versions={"python": platform.python_version(), "torch": version("torch")},
        parameters=stages.parameters,
        steps_per_epoch=steps_per_epoch,
        stages=len(stages),
        budget_seconds=progress.budget,
    )


def run_finished(
    progress: Progress,
    status: Status,
    network: nn.Module,
    *,
    first_bad_step: int | None = None,
    nonfinite: tuple[str, ...] | None = None,
    reason: str | None = None,
) -> RunFinished:
    """The event that a run ends with.

    Args:
        progress: of the run.
        status: how it ended.
        network: in its last state.
        first_bad_step: of a diverged run, the first step whose loss is not finite.
        nonfinite: of a diverged run, the layers whose output is not finite.
        reason: why it was stopped, if not by hand.
    """
    last = progress.last_epoch
    return RunFinished(
        **progress.where(),
        status=status,
        epochs=progress.epoch,
        steps=progress.step,
        test_loss=last.test_loss if last else None,
        test_accuracy=last.test_accuracy if last else None,
        best_test_accuracy=progress.best,
        seconds=progress.time,
        weights_sha256=weights_sha256(network),
        first_bad_step=first_bad_step,
        nonfinite=nonfinite,
        reason=reason,
    )
