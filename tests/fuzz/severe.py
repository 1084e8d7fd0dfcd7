"""What is severe about a network, so that it must be said."""

import math
from collections.abc import Sequence

from tests.fuzz.truths import EpochTruth, StepTruth, Truth


def behind(step: StepTruth) -> float:
    """How much less gradient the worst hidden layer gets than the last one."""
    deltas = [layer.delta or 0.0 for layer in step.hidden]
    return deltas[-1] / min(deltas) if min(deltas) > 0 else (math.inf if deltas[-1] else 1.0)


def ahead(step: StepTruth) -> float:
    deltas = [layer.delta or 0.0 for layer in step.hidden]
    return max(deltas) / deltas[-1] if deltas[-1] else 1.0


def epochs_until(truth: Truth, step: int) -> list[EpochTruth]:
    return [epoch for epoch in truth.epochs if epoch.step <= step]


def severe_truths(truth: Truth, step: int) -> dict[str, str]:
    """What is severe in every one of the latest ten measured steps up to one, by the kind that says so."""
    severe: dict[str, str] = {}
    if truth.first_bad is not None and truth.first_bad <= step:
        return {"non_finite": f"the loss is not finite from step {truth.first_bad} on"}
    steps, epochs = truth.before(step), epochs_until(truth, step)
    if len(steps) < 10:
        return {}
    if truth.tenth_learns and len(epochs) > 1:
        last, first = epochs[-1].train_loss, truth.losses[0]
        if min(epochs[-2].train_loss, last) > 2 * truth.guessing and last > 1.2 * first:
            severe["steps_too_large"] = f"the loss is {last:.3g}, and a tenth of the rate learns"
    updates = [max(layer.update for layer in each.layers) for each in steps]
    if min(updates) >= 1:
        severe["steps_too_large"] = (
            f"each step changes a layer by at least {min(updates):.3g} times its weights"
        )
    dead = epochs[-1].dead if epochs else ()
    batches = [max((layer.dead or 0.0 for layer in each.hidden), default=0.0) for each in steps]
    worst = max((part or 0.0 for part in dead), default=0.0)
    if worst >= 0.3 and min(batches) >= 0.3:
        severe["dead"] = f"{worst:.0%} of the units of layer{_index(dead, worst) + 1} are zero for all images"
    silent = max(batches) >= 0.9
    least = min(map(behind, steps))
    if least >= 40 and not silent and _starves(steps):
        severe["vanishing"] = f"a layer gets {least:.3g} times less gradient than the last one"
    if min(map(ahead, steps)) >= 40 and _steps_grow(steps):
        severe["exploding"] = f"a layer gets {min(map(ahead, steps)):.3g} times the gradient of the last one"
    spread = epochs[-1].spread[-1] if epochs else None
    outputs = [each.hidden[-1] for each in steps]
    alike = all(layer.size and layer.sample_std / layer.size < 0.001 for layer in outputs)
    if spread is not None and spread < 0.001 and alike and not silent:
        severe["forward_collapse"] = f"the images differ by {spread:.2g} of the last layer's size"
    flat = min(max((layer.saturated or 0.0 for layer in each.hidden), default=0.0) for each in steps)
    if flat >= 0.65:
        severe["saturated"] = f"{flat:.0%} of a layer are saturated"
    unmoved = min(max((_real(layer.unmoved) for layer in each.layers), default=0.0) for each in steps)
    if unmoved >= 0.65:
        severe["immovable"] = f"{unmoved:.0%} of a layer's weights do not move"
    if (stuck := _is_stuck(epochs, truth.guessing)) is not None:
        severe["stuck"] = stuck
    return severe


def _real(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _index(values: Sequence[float | None], value: float) -> int:
    return next(place for place, each in enumerate(values) if each == value)


def _starves(steps: Sequence[StepTruth]) -> bool:
    """Whether the layer with the least gradient hardly moves in any of the steps."""
    worst = [min(step.hidden, key=lambda layer: layer.delta or 0.0) for step in steps]
    return all(layer.update < 5e-5 for layer in worst)


def _steps_grow(steps: Sequence[StepTruth]) -> bool:
    worst = [max(step.hidden, key=lambda layer: layer.delta or 0.0) for step in steps]
    return all(
        layer.update >= max(0.02, 6 * step.hidden[-1].update)
        for layer, step in zip(worst, steps, strict=True)
    )


def _is_stuck(epochs: Sequence[EpochTruth], guessing: float) -> str | None:
    if len(epochs) < 3:
        return None
    first, last = epochs[-3], epochs[-1]
    guesses = all(
        epoch.train_loss > 0.992 * guessing and epoch.train_accuracy < 0.15 for epoch in epochs[-3:]
    )
    falls = (first.train_loss - last.train_loss) / first.train_loss
    return (
        f"the loss stays at {last.train_loss:.4g}, {last.train_accuracy:.0%} are right"
        if (guesses and falls < 0.01)
        else None
    )
