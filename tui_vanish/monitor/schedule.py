"""The schedule of a staged run, for the timeline."""

from engine.tracking.facts import epochs_per_stage
from engine.tracking.snapshot import Snapshot
from tui_vanish.drawing import format
from tui_vanish.instruments.timeline import Block, Part, When
from vanish_recorder.protocol.status import Status


def blocks(run: Snapshot) -> tuple[Block, ...]:
    """The stages of the run; empty if it has no schedule."""
    plan = run.spec.stages
    if not plan:
        return ()
    sub_models = len(plan[-1].sub_models)
    begun = {stage.number: stage for stage in run.stages}
    present = run.stages[-1].number if run.stages else 0
    over = run.status is Status.FINISHED
    made: list[Block] = []
    for number, stage in enumerate(plan, 1):
        built = len(stage.sub_models)
        parts: tuple[Part, ...] = tuple(
            "not built" if place > built else "trains" if place in stage.train else "frozen"
            for place in range(1, sub_models + 1)
        )
        when: When = "done" if number < present or over else "now" if number == present else "later"
        remark = short = ""
        accuracy = begun[number].test_accuracy if number in begun else None
        if when == "now" and not run.status.ended:
            epochs = epochs_per_stage(run)
            remark = short = f"{max(1, run.epoch - begun[number].first_epoch + 1)}/{epochs or '?'}"
            if accuracy is not None:
                remark += f" {format.percent(accuracy, 1)}"
        elif accuracy is not None:
            remark, short = format.percent(accuracy, 1), f"{100 * accuracy:.1f}"
        made.append(Block(number, parts, when, remark, short))
    return tuple(made)
