"""Short runs on the embedded sample, for pages that show training. Imports torch when called."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import scenarios
from engine.data.fashion_mnist import SAMPLE, inspect, load
from vanish_recorder.protocol.events import RunEvent, Sample

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset

SEED = 42


def samples(scenario_id: str, overrides: Sequence[str], steps: int) -> Iterator[Sample]:
    """Train a scenario on the embedded sample, and yield each measured step. Ends early if it diverges.

    Args:
        scenario_id: of a built-in scenario.
        overrides: settings to change, such as `optimizer.lr=5`.
        steps: the largest number of steps.
    """
    from engine.training.trainer import Trainer

    events: list[RunEvent] = []
    scenario = scenarios.load(scenario_id, overrides)
    trainer = Trainer("live", scenario, SEED, _data(), events.append)
    trainer.begin()
    for _ in range(steps):
        trainer.step()
        yield from (event for event in events if isinstance(event, Sample))
        events.clear()
        if trainer.status.ended:
            return


@cache
def _data() -> "Dataset":
    return load(inspect("sample", SAMPLE), "cpu")
