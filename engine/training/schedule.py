"""Staged freeze/unfreeze schedules. A plain scenario is a schedule of one stage that trains everything."""

from dataclasses import dataclass

from engine.protocol.spec import hidden_name
from scenarios.schema import Scenario


@dataclass(frozen=True)
class StagePlan:
    """What one stage holds and trains.

    Attributes:
        hidden: how many hidden layers stand, from the input on.
        frozen: the names of those that don't train; the output layer always does.
        fresh_head: whether the stage puts a new output layer on top.
    """

    hidden: int
    frozen: frozenset[str]
    fresh_head: bool


def plan(scenario: Scenario) -> tuple[StagePlan, ...]:
    """The stages of a scenario in order."""
    if not scenario.stages:
        return (StagePlan(scenario.model.hidden_layers, frozenset(), fresh_head=False),)
    plans = []
    for stage in scenario.stages:
        frozen: set[str] = set()
        first = 1
        for number, size in enumerate(stage.sub_models, 1):
            if number not in stage.train:
                frozen.update(hidden_name(layer) for layer in range(first, first + size))
            first += size
        plans.append(StagePlan(sum(stage.sub_models), frozenset(frozen), fresh_head=True))
    return tuple(plans)
