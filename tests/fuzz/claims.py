"""Whether what a verdict says when it begins is true."""

import math
import re
from collections.abc import Callable, Iterator, Sequence

from tests.fuzz.severe import ahead, behind, epochs_until, severe_truths
from tests.fuzz.truths import LayerTruth, StepTruth, Truth
from vanish_recorder.protocol.events import VerdictChanged

NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
PART = r"(1/\d+(?:\.\d+)?(?:e[+-]?\d+)?|\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
TOO_LARGE = r"steps are too large"
FLAT = rf"{NUMBER} % of the activations of layer (\d+) are where the activation is flat"
SMALL_WEIGHTS = "weights (?:are too|this) small"
LARGE_WEIGHTS = "weights this large"
ROSE = "rose from"
NOT_FINITE = "loss is not finite"
# What the judge looks for in sentences. A test finds each of them in one.
PATTERNS = (FLAT, SMALL_WEIGHTS, LARGE_WEIGHTS, ROSE, NOT_FINITE)


def false_claims(change: VerdictChanged, truth: Truth) -> list[str]:
    """Everything that is not true in a verdict that begins."""
    wrong = list(contradictions(change.text))
    claims = _CLAIMS.get(change.kind)
    if claims is None:
        return [*wrong, "a kind that the judge does not know"]
    return wrong + claims(change, truth)


# A sentence's pattern; when its numbers contradict it; what is said then.
CONTRADICTIONS: tuple[tuple[str, Callable[..., bool], str], ...] = (
    (rf"{NUMBER}, below the {NUMBER}", lambda low, high: low >= high, "{0} is not below {1}"),
    (rf"{NUMBER} now, far above the {NUMBER}", lambda high, low: high <= low, "{0} is not above {1}"),
    (
        rf"worse than that of guessing: {NUMBER} .* guessing gives {NUMBER}",
        lambda high, low: high <= low,
        "{0} is not worse than {1}",
    ),
    (rf"only {PART} of (?:its|their)", lambda part: part > 0.1, "{0} is not little"),
    (
        rf"is about that of guessing.*accuracy is {NUMBER} %",
        lambda percent: percent >= 30,
        "an accuracy of {0} % is not guessing",
    ),
    (
        rf"{TOO_LARGE}.* by {NUMBER} times its own size",
        lambda times: times < 0.01,
        "a step of {0} times the weights is not too large",
    ),
    (rf"passes on {PART} of", lambda factor: factor >= 1, "a factor of {0} does not shrink the gradient"),
    (rf"gradient by {NUMBER}", lambda factor: factor <= 1, "a factor of {0} does not grow the gradient"),
    (rf"size within a factor of {NUMBER}", lambda factor: factor >= 20, "a factor of {0} is not even"),
)


def contradictions(text: str) -> Iterator[str]:
    """Where the numbers in a sentence contradict what it claims."""
    for pattern, is_wrong, reason in CONTRADICTIONS:
        for found in re.finditer(pattern, text):
            if is_wrong(*map(_fraction, found.groups())):
                yield reason.format(*found.groups())


def _fraction(text: str) -> float:
    return 1 / float(text[2:]) if text.startswith("1/") else float(text)


def _any(change: VerdictChanged, truth: Truth, holds: Callable[[StepTruth], bool]) -> bool:
    """Whether something is true in one of the latest measured steps."""
    return any(holds(step) for step in truth.before(change.step))


def place_of(name: str) -> int | None:
    found = re.fullmatch(r"layer(\d+)", name or "")
    return int(found[1]) - 1 if found else None


def _layer(step: StepTruth, name: str | None) -> LayerTruth | None:
    if name == "output":
        return step.layers[-1]
    place = place_of(name or "")
    return step.layers[place] if place is not None and place < len(step.hidden) else None


def _vanishing(change: VerdictChanged, truth: Truth) -> list[str]:
    steps = truth.before(change.step)
    if not _any(change, truth, lambda step: behind(step) >= 8):
        return [f"layers get at most {max(map(behind, steps)):.3g} times less than the last one"]
    return _wrong_ratio(change, steps) + _wrong_cause(change.text, change.layer, truth, steps[-1])


def _wrong_cause(text: str, layer: str | None, truth: Truth, step: StepTruth) -> list[str]:
    """Causes are in the layers that the gradient passes on its way to the layer that it vanishes at."""
    named = place_of(layer or "")
    passed = step.hidden[named + 1 :] if named is not None else ()
    if not passed:
        return []
    flat = max(each.saturated or 0.0 for each in passed)
    wrong = []
    if found := re.search(FLAT, text):
        blamed = step.hidden[int(found[2]) - 1]
        if blamed not in passed or (blamed.saturated or 0.0) < 0.4:
            wrong.append(f"at most {flat:.0%} are saturated of a layer that its dL/da has passed")
    if re.search(SMALL_WEIGHTS, text):
        limit = {"sigmoid": 16.0, "sigmoid_beta": 16.0, "relu": 2.0}.get(truth.scenario.mlp.activation, 1.0)
        gain = min(each.gain for each in passed)
        if gain > 1.2 * limit:
            wrong.append(f"the weights are not small: fan-in times their variance is at least {gain:.3g}")
        if flat > 0.9 and "flat" not in text:
            wrong.append(f"a layer on the way is {flat:.0%} saturated, which the cause leaves out")
    return wrong


def _wrong_ratio(change: VerdictChanged, steps: Sequence[StepTruth]) -> list[str]:
    ratio, named = change.evidence.get("ratio"), place_of(change.layer or "")
    if ratio is None or named is None:
        return []
    true = [
        (step.hidden[named].delta or 0.0) / step.hidden[-1].delta for step in steps if step.hidden[-1].delta
    ]
    if true and not 0.5 * min(true) <= ratio <= 2 * max(true):
        return [f"layer{named + 1} gets {true[-1]:.3g} times what the last one gets, not {ratio:.3g}"]
    return []


def _exploding(change: VerdictChanged, truth: Truth) -> list[str]:
    if re.search(TOO_LARGE, change.text):
        return _too_large(change, truth)
    steps = truth.before(change.step)
    wrong = []
    if "ratio" in change.evidence:
        if not _any(change, truth, lambda step: ahead(step) >= 8):
            return [f"layers get at most {max(map(ahead, steps)):.3g} times what the last one gets"]
        wrong += _wrong_ratio(change, steps)
        if LARGE_WEIGHTS in change.text and truth.scenario.mlp.norm in ("batch", "layer"):
            wrong.append("the size of the weights cancels in a normalised network")
    elif truth.losses[0] < 2 * truth.guessing:
        wrong.append(
            f"the loss was {truth.losses[0]:.3g} before the first update, guessing gives {truth.guessing:.3g}"
        )
    return wrong


def _too_large(change: VerdictChanged, truth: Truth) -> list[str]:
    """Whether the steps are what is wrong: the blamed one is large, and the loss rose if it says so."""
    evidence = change.evidence
    blamed = truth.steps.get(int(evidence.get("at_step") or 0))
    steps = [blamed] if blamed is not None else truth.before(change.step)
    update = max((layer.update for step in steps for layer in step.layers), default=0.0)
    claimed = evidence.get("update_ratio")
    if truth.first_bad is None and update < 0.1:
        return [f"the steps that are blamed change a layer by at most {update:.3g} of its weights"]
    if blamed is not None and claimed is not None and claimed > 1.1 * update:
        return [f"that step changed a layer by {update:.3g} of its weights, not by {claimed:.3g}"]
    first, loss = evidence.get("first_loss"), evidence.get("loss")
    if ROSE in change.text and first is not None and loss is not None and loss <= first:
        return [f"the loss was {first:.3g} before and is {loss:.3g}: it did not rise"]
    return []


def _collapse(change: VerdictChanged, truth: Truth) -> list[str]:
    if not _any(change, truth, lambda step: step.hidden[-1].size > 0):
        return ["the layer is exactly zero: dead, not collapsed"]
    spreads = [
        step.hidden[-1].sample_std / step.hidden[-1].size
        for step in truth.before(change.step)
        if step.hidden[-1].size
    ]
    if min(spreads) > 0.02:
        return [f"the images differ by {min(spreads):.3g} of the layer's size"]
    return []


def _shrinks(change: VerdictChanged, truth: Truth) -> list[str]:
    parts = [
        step.hidden[-1].size / step.hidden[0].size
        for step in truth.before(change.step)
        if step.hidden[0].size
    ]
    if parts and min(parts) > 0.15:
        return [f"the last layer's output is {min(parts):.3g} of the first's"]
    return []


def _dead(change: VerdictChanged, truth: Truth) -> list[str]:
    named = place_of(change.layer or "")
    claimed = change.evidence.get("dead")
    if named is None or claimed is None:
        return []
    nearest = [epoch for epoch in truth.epochs if abs(epoch.step - change.step) <= 60]
    over_all = [epoch.dead[named] or 0.0 for epoch in nearest]
    if over_all and claimed > max(max(over_all) + 0.1, 2 * max(over_all)):
        return [f"over all images {max(over_all):.0%} of its units are zero, not {claimed:.0%}"]
    seen = [step.hidden[named].dead or 0.0 for step in truth.before(change.step)]
    if claimed > max(seen, default=1.0) + 0.1:
        return [f"at most {max(seen):.0%} are zero in a batch, not {claimed:.0%}"]
    return []


def _share(quantity: str, least: float) -> Callable[[VerdictChanged, Truth], list[str]]:
    """A claim that a part of a layer is saturated, or does not move."""

    def claims(change: VerdictChanged, truth: Truth) -> list[str]:
        values = [
            getattr(layer, quantity)
            for step in truth.before(change.step)
            if (layer := _layer(step, change.layer)) is not None
        ]
        known = [value for value in values if value is not None and not math.isnan(value)]
        if known and max(known) < least:
            return [f"{change.layer}: {quantity} is at most {max(known):.2g}"]
        said = change.evidence.get(quantity)
        if known and said is not None and not min(known) - 0.1 <= said <= max(known) + 0.1:
            return [f"{change.layer}: {quantity} is {known[-1]:.2g}, not {said:.2g}"]
        return []

    return claims


def _stuck(change: VerdictChanged, truth: Truth) -> list[str]:
    epochs = epochs_until(truth, change.step)[-2:]
    if len(epochs) < 2:
        return []
    before, last = epochs
    falls = (before.train_loss - last.train_loss) / before.train_loss
    is_guessing = abs(last.train_loss / truth.guessing - 1) < 0.02 and last.train_accuracy < 0.15
    if falls > 0.05 and not is_guessing:
        return [f"the loss falls from {before.train_loss:.4g} to {last.train_loss:.4g} in an epoch"]
    if last.train_accuracy >= 0.3 and falls > 0.02:
        return [f"it learns: {last.train_accuracy:.0%} are right, and the loss falls by {falls:.1%}"]
    return []


def _learning(change: VerdictChanged, truth: Truth) -> list[str]:
    epochs = epochs_until(truth, change.step)
    if not epochs:
        return ["no epoch has ended"]
    last = epochs[-1]
    if last.train_loss >= truth.guessing and last.train_accuracy < 0.3:
        return [f"the train loss is {last.train_loss:.4g}, and {last.train_accuracy:.0%} are right"]
    if len(epochs) > 1 and last.train_accuracy < 0.13 and epochs[-2].train_loss <= last.train_loss:
        return ["neither the loss nor the accuracy is better than guessing"]
    return []


def _healthy(change: VerdictChanged, truth: Truth) -> list[str]:
    return [f"not healthy: {reason}" for reason in severe_truths(truth, change.step).values()]


def _non_finite(change: VerdictChanged, truth: Truth) -> list[str]:
    if truth.first_bad is None:
        return ["every loss is finite"] if NOT_FINITE in change.text else []
    step = change.evidence.get("first_bad_step")
    if step is not None and abs(step - truth.first_bad) > 1:
        return [f"the first loss that is not finite is that of step {truth.first_bad}, not {step:g}"]
    return []


_CLAIMS: dict[str, Callable[[VerdictChanged, Truth], list[str]]] = {
    "non_finite": _non_finite,
    "exploding": _exploding,
    "vanishing": _vanishing,
    "forward_collapse": _collapse,
    "dead": _dead,
    "immovable": _share("unmoved", 0.35),
    "saturated": _share("saturated", 0.35),
    "stuck": _stuck,
    "signal_shrinks": _shrinks,
    "learning": _learning,
    "healthy": _healthy,
}
