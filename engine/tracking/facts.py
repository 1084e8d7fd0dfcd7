"""What follows from a run's scenario and from what was done to it: layers, stages, epochs, rate."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.protocol.events import Record
    from engine.tracking.snapshot import Snapshot


def layer_names(scenario: "Record") -> list[str]:
    """Every layer that the scenario's network has in the end, from the input to the output."""
    return [*(f"layer{number + 1}" for number in range(scenario["model"]["hidden_layers"])), "output"]


def stage_count(run: "Snapshot") -> int:
    """How many stages the run has; 1 without a schedule."""
    return max(1, len(run.scenario.get("stages") or ()))


def epochs_per_stage(run: "Snapshot") -> int:
    """How many epochs a stage lasts, as planned or as somebody set it."""
    set_by_hand = [each.value for each in run.interventions if each.kind == "epochs" and each.value]
    return int(set_by_hand[-1] if set_by_hand else run.scenario["training"]["epochs"])


def frozen_layers(run: "Snapshot") -> frozenset[str]:
    """The layers that are frozen now: by the stage's plan, and by hand since it began."""
    if not run.stages:
        return frozenset()
    stage = run.stages[-1]
    frozen = set(stage.frozen)
    for touch in run.interventions:
        if touch.stage != stage.number or touch.layer is None:
            continue
        if touch.kind == "freeze":
            frozen.add(touch.layer)
        elif touch.kind == "unfreeze":
            frozen.discard(touch.layer)
    return frozenset(frozen)


def learning_rate(run: "Snapshot") -> float:
    """The present one, as it was set by hand or as the scenario has it; of SDAGD the radius."""
    by_hand = [touch.value for touch in run.interventions if touch.kind == "lr" and touch.value is not None]
    optimizer = run.scenario["optimizer"]
    return float(by_hand[-1] if by_hand else optimizer.get("lr", optimizer.get("radius")))


def rate_name(run: "Snapshot") -> str:
    """What the number is called that sets the length of a step."""
    return "lr" if "lr" in run.scenario["optimizer"] else "radius"
