"""Rules about the loss at the output: steps that are too large, and outputs that were too large before any.

Each rule gets the window and whether its finding is already open. It returns the finding, or None.
"""

import math
from collections.abc import Set
from dataclasses import replace

from engine.diagnosis.thresholds import (
    BLOWN_UP,
    FALLEN_AGAIN,
    FRESH,
    GUESSING,
    LEFT,
    OFF_CHANCE,
    OVERSTEP,
    RISEN,
    SATURATED,
    SETTLED,
    SILENT,
    SPOILING,
    UPSET,
    UPSET_GAIN,
    UPSET_STEPS,
)
from engine.diagnosis.window import Window
from vanish_recorder.diagnosis.finding import Finding


def too_large(window: Window, holds: bool) -> Finding | None:
    """Steps that are large compared with the weights have raised the loss, or lost what there was to learn.

    A step along the gradient lowers the loss if it is small enough. So a loss that rises far above where it
    began, after such steps, is their doing, and a smaller learning rate would avoid it.
    """
    largest, first, loss = window.largest, window.first_loss, window.loss
    if largest is None or first is None or loss is None:
        return None
    before = max(first, window.guessing or 0.0)
    if largest.ratio < OVERSTEP or not window.filled or loss < (FALLEN_AGAIN if holds else RISEN) * before:
        return None
    finding = _overstepping(window, "overstepping", {"loss": loss})
    return replace(finding, ratio=loss / first if first else None)


def upset(window: Window, first_faults: Set[str], faults: Set[str], holds: str) -> Finding | None:
    """Since a step as large as a good part of the weights, the run does no better than guessing.

    The result of an epoch that ended long enough after that step, and the latest batches decide; the latter
    alone, if the steps were found to be too large before.

    Args:
        window: of the latest samples and epochs.
        first_faults: what else was wrong before the first update. Then that may be the reason, unless the
            step alone is as large as a matrix that passes on a good part of a signal, or steps that are
            large enough have saturated or silenced a layer.
        faults: what else is wrong now. If nothing was at first, smaller steps are enough to be the reason.
        holds: the name of the sentence, if the steps were found to be too large; otherwise "".
    """
    largest, guessing, chance = window.largest, window.guessing, window.network.chance
    if largest is None or guessing is None or first_faults & {"exploding", "underflow"}:
        return None  # fp16 has lost the gradient of the first layers: they wait, whatever the steps are
    large = largest.size >= UPSET_GAIN * math.sqrt(window.network.width or math.inf)
    upset_by_one = largest.ratio >= UPSET and (large or not first_faults)
    spoiled = (faults and not first_faults) or _have_spoiled_a_layer(window)
    if not upset_by_one and not (spoiled and largest.ratio >= (SPOILING if first_faults else OVERSTEP)):
        return None
    if (
        window.loss is None
        or chance is None
        or window.loss < (LEFT if holds == "upset" else GUESSING) * guessing
    ):
        return None
    last = window.epochs[-1] if window.epochs else None
    if last is not None and last.train_accuracy >= OFF_CHANCE * chance:
        return None
    if not holds and (last is None or last.train_loss < GUESSING * guessing):
        return None
    if not holds and last is not None and last.step - largest.step < UPSET_STEPS:
        return None
    accuracy = last.train_accuracy if last else None
    return _overstepping(window, "upset", {"loss": window.loss, "train_accuracy": accuracy})


def _have_spoiled_a_layer(window: Window) -> bool:
    """Whether a layer is saturated or silent that was neither at the first step."""
    before = {layer.name: layer for layer in window.first_layers}
    return any(
        ((layer.saturated or 0.0) >= SATURATED and (before[layer.name].saturated or 0.0) < FRESH)
        or ((layer.dead or 0.0) >= SILENT and (before[layer.name].dead or 0.0) < SILENT)
        for layer in window.hidden
        if layer.name in before
    )


def too_large_before(window: Window, holds: bool) -> Finding | None:
    """The loss was far above that of guessing before the first update, and it still is."""
    first, loss, guessing = window.first_loss, window.loss, window.guessing
    if first is None or loss is None or guessing is None or not window.filled:
        return None
    if first < BLOWN_UP * guessing or loss < (SETTLED if holds else BLOWN_UP) * guessing:
        return None
    evidence: dict[str, float | None] = {"first_loss": first, "loss": loss, "guessing": guessing}
    return Finding("exploding", "outputs", evidence=evidence)


def after_divergence(window: Window, first_bad_step: int | None) -> Finding | None:
    """The steps before the first loss that is not finite, if one of them was as large as the weights."""
    if window.largest is None or window.largest.ratio < UPSET or first_bad_step is None:
        return None
    return _overstepping(window, "diverged", {"first_bad_step": first_bad_step})


def _overstepping(window: Window, variant: str, found: dict[str, float | None]) -> Finding:
    largest = window.largest
    assert largest is not None
    evidence: dict[str, float | None] = {
        "update_ratio": largest.ratio,
        "at_step": largest.step,
        "rate": window.lr,
        "first_loss": window.first_loss,
        "guessing": window.guessing,
    }
    everywhere = tuple(layer.name for layer in window.layers)
    return Finding(
        "exploding", variant, window.rate_name, largest.layer, layers=everywhere, evidence=evidence | found
    )
