"""Finding the first number that is not finite in a sample of a watched run."""

import math
from collections.abc import Sequence

from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.structure import BlockSpec
from vanish_recorder.protocol.watch_events import Measured, StructureFound


def in_sample(structure: StructureFound, sample: Measured, before: int) -> Finding | None:
    """The first such number, in the order in which they are computed; None if there is none.

    The forward pass is searched from the input on, then the loss, the gradients from the output back, and the
    weights. A gradient that overflows in a step that was skipped changes nothing, so it is not one.

    Args:
        structure: what the numbers belong to.
        sample: the numbers.
        before: the step of the sample before; 0 if there is none.
    """
    evidence: dict[str, float | None] = {"step": sample.step, "sample_before": before}
    blocks = [block.name for block in structure.blocks]
    for name in ("activation_mean", "activation_std"):
        if found := _first(blocks, sample.blocks.get(name, ())):
            return Finding("non_finite", "activation", layer=found, layers=(found,), evidence=evidence)
    tensors = [spec.name for spec in structure.tensors]
    if found := _first(tensors, sample.tensors.get("weight_norm", ())):
        place = _place(structure.blocks, structure.tensors[tensors.index(found)].block) or found
        named = {"tensor": found}
        return Finding("non_finite", "weights", layer=place, layers=(place,), evidence=evidence, named=named)
    loss = sample.logged.get("loss")
    if loss is not None and not math.isfinite(loss):
        return Finding("non_finite", "loss", evidence=evidence | {"loss": loss})
    if "k" in sample.states:
        return None
    if found := _first(blocks[::-1], sample.blocks.get("delta_norm", ())[::-1]):
        return Finding("non_finite", "gradient", layer=found, layers=(found,), evidence=evidence)
    if found := _first(tensors, sample.tensors.get("grad_norm", ())):
        place = _place(structure.blocks, structure.tensors[tensors.index(found)].block) or found
        return Finding("non_finite", "gradient", layer=place, layers=(place,), evidence=evidence)
    return None


def _first(names: Sequence[str], values: Sequence[float | None]) -> str:
    """The first name whose value is not finite; "" if all are."""
    if math.isfinite(sum(value for value in values if value is not None)):
        return ""
    pairs = zip(names, values, strict=False)
    return next((name for name, value in pairs if value is not None and not math.isfinite(value)), "")


def _place(blocks: Sequence[BlockSpec], number: int | None) -> str:
    return blocks[number].name if number is not None and number < len(blocks) else ""
