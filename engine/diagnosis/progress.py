"""Rules about the whole run: what it has learnt in its epochs so far, and whether it is healthy.

The loss is compared with that of guessing by class frequency: ln 10 for cross entropy. Where that is unknown,
there is neither a `stuck` nor a `learning`. A plateau may end, as that of depth-3 does after fifty epochs:
`stuck` describes the run now; it does not predict how it will end.
"""

from collections.abc import Set
from typing import Literal

from engine.diagnosis.finding import Finding
from engine.diagnosis.thresholds import (
    EVEN,
    EVEN_STEP,
    FAR_APART,
    GUESSING,
    LEARNT,
    OFF_GUESSING,
    PLATEAU_EPOCHS,
    STANDSTILL,
)
from engine.diagnosis.window import Window
from engine.protocol.events import EpochFinished
from engine.protocol.verdicts import FAULTS


def frozen(window: Window, _holds: bool) -> Finding | None:
    """Layers do not train, because the stage or the user froze them."""
    names = tuple(layer.name for layer in window.layers if layer.frozen)
    if not names:
        return None
    evidence: dict[str, float | None] = {"frozen": len(names), "layers": len(window.layers)}
    return Finding("frozen", layer=names[0], layers=names, evidence=evidence)


def stuck(window: Window, holds: bool) -> Finding | None:
    """The loss is no better than that of guessing, or it has stopped falling while it is still high."""
    epochs, guessing = window.epochs, window.guessing
    if len(epochs) < PLATEAU_EPOCHS or guessing is None:
        return None
    last, fall = epochs[-1], epochs[0].train_loss - epochs[-1].train_loss
    evidence = _results(window) | {"fall": fall, "epochs": window.epoch_of_stage}
    if variant := _no_better_than_guessing(last, guessing, holds):
        return Finding("stuck", variant, evidence=evidence, since=window.first_step)
    low = last.train_accuracy >= LEARNT or last.train_loss < guessing / 2
    if low or fall >= (PLATEAU_EPOCHS - 1) * STANDSTILL * (guessing - last.train_loss):
        return None
    return Finding("stuck", "standstill", evidence=evidence, since=window.epochs_began)


def learning(window: Window, found: Set[str], holds: bool) -> Finding | None:
    """The loss is below that of guessing, and it falls or is already low."""
    epochs, guessing = window.epochs, window.guessing
    if not epochs or guessing is None or "stuck" in found:
        return None
    last = epochs[-1]
    if _no_better_than_guessing(last, guessing, not holds):
        return None
    if not holds and last.train_accuracy < LEARNT:
        if len(epochs) < PLATEAU_EPOCHS:
            return None
        fall = epochs[-2].train_loss - last.train_loss
        if fall < STANDSTILL * (guessing - last.train_loss):
            return None
    return Finding("learning", evidence=_results(window))


def healthy(window: Window, found: Set[str], holds: bool) -> Finding | None:
    """There is no fault, and the gradient has about the same size in every hidden layer.

    If its size changes noticeably from layer to layer, or there is only one layer, the run must also learn.
    """
    if found & FAULTS:
        return None
    deltas = [(layer.number, layer.delta) for layer in window.hidden if layer.delta]
    if not deltas:
        return None
    low, high = min(delta for _, delta in deltas), max(delta for _, delta in deltas)
    spread = high / low
    if spread >= (FAR_APART if holds else EVEN):
        return None
    hops = deltas[-1][0] - deltas[0][0]
    factor = spread ** (1 / hops) if hops else None
    if not holds and "learning" not in found and (factor is None or factor >= EVEN_STEP):
        return None
    evidence: dict[str, float | None] = {"factor": factor, "ratio": spread}
    return Finding("healthy", "plain" if hops else "single", evidence=evidence)


def _no_better_than_guessing(
    last: EpochFinished, guessing: float, holds: bool
) -> Literal["guessing", "above"] | None:
    """Whether the loss is about that of guessing, or is above it with a low accuracy.

    If the loss is about that of guessing, the accuracy is ignored: on the plateau of `relu` it rises to 40 %
    and drops again when the loss begins to fall.
    """
    part = last.train_loss / guessing
    if part > 1 / GUESSING:
        return "above" if last.train_accuracy < LEARNT else None
    return "guessing" if part >= (OFF_GUESSING if holds else GUESSING) else None


def _results(window: Window) -> dict[str, float | None]:
    last = window.epochs[-1]
    return {
        "train_loss": last.train_loss,
        "guessing": window.guessing,
        "train_accuracy": last.train_accuracy,
        "test_accuracy": last.test_accuracy,
    }
