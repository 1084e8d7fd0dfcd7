"""What a verdict of a watched run says, what helps in networks of that kind, and the theory page about it.

No cause is guessed: a model's activations and skips are not known, only what was measured.
"""

from typing import Any

from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.sentence import filled
from vanish_recorder.protocol.structure import BlockSpec
from vanish_recorder.protocol.watch_events import StructureFound

# By kind and variant. The styles of numbers are those of vanish_recorder.diagnosis.sentence.
_SENTENCES = {
    ("non_finite", "activation"): (
        "At step {step:count} the output of {layer} is the first in the forward pass that is not "
        "finite{unseen}."
    ),
    ("non_finite", "loss"): "At step {step:count} the loss is not finite{unseen}.",
    ("non_finite", "weights"): "At step {step:count} the weights of {tensor} are not finite{unseen}.",
    ("non_finite", "gradient"): (
        "At step {step:count} the gradient at {layer} is the first on its way back that is not "
        "finite{unseen}."
    ),
    ("exploding", "plain"): (
        "On its way back the gradient grows {factor:times} times per block: {layer} gets {ratio:times} "
        "times what "
        "{reference} gets, and a step changes it by {update_ratio:percent} of its size."
    ),
    ("exploding", "steps"): (
        "Each step changes the weights of {layer} by {update_ratio:times} times their own size{more_blocks}."
    ),
    ("vanishing", "plain"): (
        "On its way back each block passes on {factor:factor} of the gradient: {layer} gets "
        "{ratio:part} of what "
        "{reference} gets, and {moving}."
    ),
    ("vanishing", "moving"): (
        "On its way back each block passes on {factor:factor} of the gradient: {layer} gets "
        "{ratio:part} of what "
        "{reference} gets. The optimizer makes its steps larger, so its weights still move."
    ),
    ("vanishing", "nothing"): "No gradient reaches {layer}: on its way back from {reference} it becomes 0.",
    ("forward_collapse", "plain"): (
        "Within a batch the output of {layer} differs by only {spread:part} of its size ({reference}: "
        "{spread_of_first:part}): what follows it cannot tell the samples apart."
    ),
    ("forward_collapse", "equal"): (
        "Within a batch the output of {layer} differs by no more than is rounded away ({reference}: "
        "{spread_of_first:part} of its size): what follows it cannot tell the samples apart."
    ),
    ("dead", "plain"): (
        "{dead:percent} of the units of {layer} are 0 for the whole batch, in one batch after the "
        "other{more_blocks}: "
        "no gradient passes through them."
    ),
    ("dead", "silent"): (
        "{dead:percent} of the units of {layer} are 0 for the whole batch{more_blocks}: almost nothing "
        "passes "
        "through, forward or back."
    ),
    ("skipped_steps", "plain"): (
        "{share:percent} of the latest steps were skipped because a gradient overflowed, "
        "{skipped:count} so far; "
        "the loss scale is {scale:loss}."
    ),
    ("skipped_steps", "falling"): (
        "The loss scale fell from {scale_at_first:loss} to {scale:loss}, and {skipped:count} steps were "
        "skipped: the "
        "gradient overflows whatever the scale."
    ),
    ("underflow", "plain"): (
        "{underflow:percent} of the gradient of {tensor} is smaller than fp16's smallest number, so it "
        "is 0; the "
        "same holds for {matrices:count} of {of_matrices:count} matrices."
    ),
    ("underflow", "scaled"): (
        "{underflow:percent} of the gradient of {tensor} is smaller than fp16's smallest number even "
        "with a loss "
        "scale of {scale:loss}; the same holds for {matrices:count} of {of_matrices:count} matrices."
    ),
    ("immovable", "plain"): (
        "{matrices:count} of {of_matrices:count} matrices hardly move: in {tensor} a step leaves "
        "{unmoved:percent} of the weights unchanged to the bit, because {dtype} rounds the update "
        "away{norms}."
    ),
    ("immovable", "norms"): (
        "{norm_weights:count} of {of_norm_weights:count} parameters of normalisations do not move: in "
        "{tensor} a step "
        "leaves {unmoved:percent} unchanged to the bit, because {dtype} rounds the update away."
    ),
    ("immovable", "zero_rate"): "No matrix moves, because the learning rate is 0.",
    ("immovable", "no_gradient"): (
        "{matrices:count} of {of_matrices:count} matrices do not learn: their gradient is exactly 0, "
        "first at {layer}."
    ),
    ("below_eps", "plain"): (
        "The gradient of {tensor} is {grad_rms:power} on average, below Adam's eps of {eps:power}: its "
        "steps are "
        "{ratio:part} of the learning rate or smaller; the same holds for {matrices:count} of "
        "{of_matrices:count} "
        "matrices."
    ),
    ("vanishing_in_time", "plain"): (
        "Back through the {time_steps:count} time steps of {layer} the gradient falls to {part:part}: only "
        "{reached:count} of them get more than a thousandth of the largest."
    ),
    ("frozen", "plain"): "{all:count} of {of_matrices:count} matrices do not train: {reasons}.",
}
ENDED = "It lasted from step {since} to step {step}."

_KEEPS_SIZE = (
    "In such networks normalisation layers or skip connections carry the gradient back, and weights drawn to "
    "keep its size (He et al. for ReLU, Glorot and Bengio for tanh) let it pass."
)
_NORMALISED = (
    "In networks with normalisation layers it helps to normalise before each part and to leave the skip free "
    "(pre-norm), to raise the learning rate slowly at first, or to lower it."
)
# By kind and variant, or by kind alone.
_CURES = {
    ("non_finite", ""): (
        "A smaller learning rate and clipping the gradient's norm help; in fp16 a loss scale, or bfloat16."
    ),
    ("exploding", "steps"): "A smaller learning rate, or a warm-up, makes the steps smaller.",
    ("exploding", ""): (
        "Clipping the gradient's norm, a smaller learning rate, and weights drawn to keep the "
        "gradient's size help."
    ),
    ("forward_collapse", ""): "Skip connections and larger initial weights keep the samples apart.",
    ("dead", ""): (
        "A smaller learning rate, a normalisation before the ReLU, or a ReLU with a slope below 0 keeps "
        "units alive."
    ),
    ("skipped_steps", ""): "bfloat16 has the range of float32 and needs no loss scale; so has float32.",
    ("underflow", "plain"): "A loss scale (torch.amp.GradScaler) or bfloat16 keeps such gradients.",
    ("underflow", "scaled"): "A larger loss scale or bfloat16 keeps such gradients.",
    ("immovable", "plain"): "{wide}",
    ("immovable", "norms"): "{wide}",
    ("immovable", "zero_rate"): "Look at the schedule of the learning rate.",
    (
        "immovable",
        "no_gradient",
    ): "Look at what the loss depends on, and at what multiplies these outputs by 0.",
    (
        "below_eps",
        "",
    ): "A smaller eps, or a loss that is summed instead of averaged, lets Adam make even steps again.",
    ("vanishing_in_time", ""): (
        "In recurrent networks gates (LSTM, GRU), a forget bias of 1, or orthogonal recurrent weights "
        "carry it further."
    ),
}
_WIDE_HALF = (
    "Keep the weights in float32 and compute in {dtype} (torch.autocast), or round stochastically; "
    "a larger learning "
    "rate helps, too."
)
_WIDE = (
    "A larger learning rate, or an optimizer that divides by the gradient's size (Adam), makes the "
    "updates larger."
)

# The theory pages, by id.
PAGES = {
    "non_finite": "signs",
    "exploding": "chain",
    "vanishing": "chain",
    "forward_collapse": "normalisation",
    "dead": "activations",
    "skipped_steps": "signs",
    "underflow": "signs",
    "immovable": "optimizers",
    "below_eps": "optimizers",
    "vanishing_in_time": "chain",
    "frozen": "train-some-layers",
}
_REASONS = {
    "frozen": "frozen (requires_grad is False)",
    "in_no_optimizer": "in no optimizer",
    "unused": "without a gradient",
    "zero_rate": "with a learning rate of 0",
}


def began(finding: Finding) -> str:
    """The sentence, with its numbers."""
    text = filled(_SENTENCES[finding.kind, finding.variant], _values(finding))
    return text[:1].upper() + text[1:]


def cure(finding: Finding, structure: StructureFound) -> str:
    """What helps in networks of that kind; "" if nothing is wrong."""
    if finding.kind == "vanishing":
        return _NORMALISED if any(spec.role == "norm" for spec in structure.tensors) else _KEEPS_SIZE
    found = _CURES.get((finding.kind, finding.variant)) or _CURES.get((finding.kind, ""), "")
    half = finding.named.get("dtype") in ("bfloat16", "float16")
    return found.replace("{wide}", _WIDE_HALF if half else _WIDE).replace(
        "{dtype}", finding.named.get("dtype", "")
    )


def ended(since: int, step: int) -> str:
    """That it is over."""
    return filled(ENDED, {"since": since, "step": step})


def _values(finding: Finding) -> dict[str, Any]:
    evidence = finding.evidence
    values: dict[str, Any] = {**evidence, **finding.named}
    values |= {"layer": called(finding.layer) or "the model", "reference": called(finding.reference)}
    if finding.kind == "non_finite":
        values["unseen"] = _unseen(evidence)
    if finding.kind == "below_eps":
        values["ratio"] = finding.ratio
    values["more_blocks"] = _more(len(finding.layers) - 1)
    values["norms"] = _norms(evidence)
    values["reasons"] = ", ".join(
        f"{count:.0f} {_REASONS[each]}" for each in _REASONS if (count := evidence.get(each))
    )
    update, of_last = evidence.get("update_ratio"), evidence.get("update_ratio_of_last")
    if finding.kind == "vanishing":
        values["moving"] = _moving(update, of_last, called(finding.reference))
    return values


def called(name: str | None) -> str:
    """What a sentence calls a block: a number alone, as in an nn.Sequential, would read as a quantity."""
    return f"block {name}" if name and name.replace(".", "").isdigit() else name or ""


def _moving(update: float | None, of_last: float | None, last: str | None) -> str:
    if update is None:
        return "it has no weights of its own"
    if update:
        text = filled("a step changes its weights by {update:part} of their size", {"update": update})
    else:
        text = "a step does not change its weights"
    if of_last is None:
        return text
    number = " ({last}: {of_last:part})" if update else " ({last}: by {of_last:part} of their size)"
    return text + filled(number, {"last": last, "of_last": of_last})


def _unseen(evidence: dict[str, float | None]) -> str:
    before, step = evidence.get("sample_before") or 0, evidence.get("step") or 0
    if step - before <= 1:
        return ""
    if not before:
        return "; no step before it was measured"
    return f"; at step {before:.0f}, which was measured before it, everything was finite"


def _more(count: int) -> str:
    return f", and so in {count} other block{'s' if count > 1 else ''}" if count > 0 else ""


def _norms(evidence: dict[str, float | None]) -> str:
    count, of = evidence.get("norm_weights"), evidence.get("of_norm_weights")
    return f"; the same holds for {count:.0f} of {of:.0f} parameters of normalisations" if count else ""


def looked_at(structure: StructureFound) -> str:
    """That nothing was found, in what, and what was not looked at: no claim that the model is healthy."""
    blocks, tensors = len(structure.blocks), len(structure.tensors)
    seen = [f"the steps of {tensors} tensor{'s' if tensors != 1 else ''}"]
    unseen = []
    if blocks and not structure.without_activations:
        seen.insert(0, f"the gradients and activations at {blocks} {_named(structure.blocks)}")
        if not any(block.rectified for block in structure.blocks):
            unseen.append("dead units, because no block ends in a ReLU")
        unseen.append(
            "what happens inside the blocks"
            if structure.blocks[0].role == "block"
            else "functions that are no modules"
        )
    else:
        why = structure.without_activations
        unseen.append("activations and their gradients" + (f" ({why})" if why else ""))
    if structure.left_out:
        name, why = next(iter(structure.left_out.items()))
        more = len(structure.left_out) - 1
        unseen.append(f"{name} ({why})" + (f" and {more} other tensors" if more else ""))
    if any(spec.role == "bias" for spec in structure.tensors):
        unseen.append("the biases")
    unseen.append("data that the model is not trained on")
    return f"nothing found in {' and '.join(seen)}; not looked at: {', '.join(unseen)}"


def _named(blocks: tuple[BlockSpec, ...]) -> str:
    word = "layer" if blocks[0].role == "leaf" else "block"
    return word if len(blocks) == 1 else f"{word}s"
