"""Staged freeze/unfreeze schedules. A plain scenario is a schedule of one stage that trains every layer."""

from dataclasses import dataclass

from engine.protocol.spec import hidden_name
from scenarios.networks import Mlp
from scenarios.schema import Scenario


@dataclass(frozen=True)
class StagePlan:
    """The layers that one stage has, and which of them train.

    Attributes:
        hidden: how many hidden layers the stage has, from the input on; 0 for other networks than an MLP.
        frozen: the names of those that do not train. The output layer always trains.
        fresh_head: whether the stage begins with a new output layer.
    """

    hidden: int
    frozen: frozenset[str]
    fresh_head: bool


def plan(scenario: Scenario) -> tuple[StagePlan, ...]:
    """The stages of a scenario, in order."""
    if not scenario.stages:
        hidden = scenario.model.hidden_layers if isinstance(scenario.model, Mlp) else 0
        return (StagePlan(hidden, frozenset(), fresh_head=False),)
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
