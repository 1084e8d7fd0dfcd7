"""What follows from a run's description and from what was changed by hand: stages, epochs, rate."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.protocol.events import Intervened


def stage_count(run: "Snapshot") -> int:
    """How many stages the run has; 1 without a schedule."""
    return run.spec.stage_count


def epochs_per_stage(run: "Snapshot") -> int | None:
    """How many epochs a stage lasts, as planned or as set by hand; None if that is unknown."""
    set_by_hand = [each.value for each in run.interventions if each.kind == "epochs" and each.value]
    return int(set_by_hand[-1]) if set_by_hand else run.spec.epochs_per_stage


def frozen_layers(run: "Snapshot") -> frozenset[str]:
    """The names of the layers that are frozen now, by the schedule or by hand in this stage."""
    if run.watched is not None:
        return frozenset(block for block, change in _latest_of_blocks(run).items() if change == "freeze")
    if not run.stages:
        return frozenset()
    stage = run.stages[-1]
    frozen = set(stage.frozen)
    for change in run.interventions:
        if change.stage != stage.number or change.layer is None:
            continue
        if change.kind == "freeze":
            frozen.add(change.layer)
        elif change.kind == "unfreeze":
            frozen.discard(change.layer)
    return frozenset(frozen)


def learning_rate(run: "Snapshot") -> float | None:
    """The current learning rate, as described or as set by hand; for SDAGD the radius. None if unknown."""
    if run.watched is not None:
        return None if run.lr is None else run.lr * rate_factor(run)
    by_hand = [
        change.value for change in run.interventions if change.kind == "lr" and change.value is not None
    ]
    return by_hand[-1] if by_hand else run.spec.rate


def rate_factor(run: "Snapshot") -> float:
    """The factor by hand on the learning rate that the script of a watched run sets; 1 without one."""
    factors = [each.value for each in _of_segment(run) if each.kind == "lr_factor" and each.value is not None]
    return factors[-1] if factors else 1.0


def _of_segment(run: "Snapshot") -> "tuple[Intervened, ...]":
    """What was changed since the script was last started: nothing is set by hand in a new process."""
    before = run.watched.changes_before if run.watched is not None else 0
    return run.interventions[before:]


def _latest_of_blocks(run: "Snapshot") -> "dict[str, str]":
    """The last change by hand of each block that was frozen or unfrozen."""
    changes = (each for each in _of_segment(run) if each.kind in ("freeze", "unfreeze"))
    return {each.layer: each.kind for each in changes if each.layer is not None}


def rate_name(run: "Snapshot") -> str:
    """What the number is called that sets the length of a step."""
    return run.spec.rate_name
