"""What stands fixed of a run before it trains: its layers, and the stages of its schedule."""

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
