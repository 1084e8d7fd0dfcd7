"""Rules about the whole run: what it has learnt in its epochs so far, and whether it is healthy.

The loss is compared with that of guessing by class frequency: ln 10 for cross entropy. Where that is unknown,
there is neither a `stuck` nor a `learning`. A plateau may end, as that of depth-3 does after fifty epochs:
`stuck` describes the run now; it does not predict how it will end.
"""

from collections.abc import Set

from engine.diagnosis.thresholds import (
    ABOUT,
    ABOUT_AGAIN,
    BLOWN_UP,
    CALM_STEP,
    EVEN,
    EVEN_STEP,
    FALLS,
    FAR_APART,
    FAR_OFF_CHANCE,
    FORGOT,
    GAINS,
    GUESSING,
    HARDLY_FALLS,
    HUGE_STEP,
    LEARNT,
    NEAR_CHANCE,
    OFF_CHANCE,
    OFF_GUESSING,
    PLATEAU_EPOCHS,
    STANDSTILL,
    STILL_ABOUT,
)
from engine.diagnosis.window import Window
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.verdicts import FAULTS


def frozen(window: Window, _holds: str) -> Finding | None:
    """Layers do not train, because the stage or the user froze them."""
    names = tuple(layer.name for layer in window.layers if layer.frozen)
    if not names:
        return None
    evidence: dict[str, float | None] = {"frozen": len(names), "layers": len(window.layers)}
    return Finding("frozen", layer=names[0], layers=names, evidence=evidence)


def stuck(window: Window, holds: str) -> Finding | None:
    """The loss is not below that of guessing, or it has stopped falling while it is still high.

    Images that are classified better than by guessing, or more and more of them, are progress that the loss
    does not show yet.
    """
    epochs, guessing = window.epochs, window.guessing
    if len(epochs) < PLATEAU_EPOCHS or guessing is None or _is_off_chance(window, bool(holds)):
        return None
    oldest, last = epochs[0], epochs[-1]
    fall = oldest.train_loss - last.train_loss
    evidence = _results(window) | {"fall": fall, "loss_before": oldest.train_loss}
    evidence["epochs"] = window.epoch_of_stage
    part, since = last.train_loss / guessing, window.plateau_began
    if part > _about(holds):
        highest = max(epoch.train_loss for epoch in epochs)
        hardly = highest - last.train_loss < (FALLS if holds else HARDLY_FALLS) * highest
        return Finding("stuck", "above", evidence=evidence, since=since) if hardly else None
    if part >= (OFF_GUESSING if holds else GUESSING):
        still = fall < HARDLY_FALLS * oldest.train_loss
        return Finding("stuck", "guessing", evidence=evidence, since=since) if still else None
    low = last.train_accuracy >= LEARNT or last.train_loss < guessing / 2
    if low or last.train_accuracy - oldest.train_accuracy >= GAINS:
        return None
    if fall >= (PLATEAU_EPOCHS - 1) * STANDSTILL * (guessing - last.train_loss):
        return None
    return Finding("stuck", "standstill", evidence=evidence, since=window.epochs_began)


def learning(window: Window, found: Set[str], holds: bool) -> Finding | None:
    """The loss is below that of guessing, and it falls or is already low; or most images are right."""
    epochs, guessing = window.epochs, window.guessing
    if not epochs or guessing is None or "stuck" in found:
        return None
    last = epochs[-1]
    if last.train_accuracy >= (FORGOT if holds else LEARNT):
        below = last.train_loss < GUESSING * guessing
        return Finding("learning", "plain" if below else "above", evidence=_results(window))
    if last.train_loss >= (1.0 if holds else OFF_GUESSING) * guessing:
        return None
    if not holds:
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
    if found & FAULTS or not _is_calm(window, holds):
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


def _about(holds: str) -> float:
    """Up to which multiple of the loss of guessing a loss is about that loss, whatever it was said to be."""
    return ABOUT_AGAIN if holds == "above" else STILL_ABOUT if holds else ABOUT


def _is_calm(window: Window, holds: bool) -> bool:
    """Whether no step is nearly as large as the weights, and the loss is not far above where it was."""
    most = HUGE_STEP if holds else CALM_STEP
    if any((layer.fastest or 0.0) >= most for layer in window.layers if layer.weights):
        return False
    loss, guessing = window.highest_loss, window.guessing
    if loss is None or guessing is None:
        return True
    return loss < BLOWN_UP * max(guessing / 4, min(window.lowest_loss, guessing))


def _is_off_chance(window: Window, holds: bool) -> bool:
    """Whether the accuracy has clearly left that of guessing, so that no plateau begins, or one ends.

    Only on a plateau at the loss of guessing, or above it: on a lower one, some classes are told apart.
    """
    chance, guessing = window.network.chance, window.guessing
    latest = [epoch.train_accuracy for epoch in window.epochs]
    if chance is None or guessing is None or window.epochs[-1].train_loss < OFF_GUESSING * guessing:
        return False
    if not holds:
        # The train accuracy is a mean over the epoch; that of the test images was measured at its end.
        return latest[-1] >= NEAR_CHANCE * chance or window.epochs[-1].test_accuracy >= OFF_CHANCE * chance
    return min(latest[-2:]) >= OFF_CHANCE * chance or latest[-1] >= FAR_OFF_CHANCE * chance


def _results(window: Window) -> dict[str, float | None]:
    last = window.epochs[-1]
    return {
        "train_loss": last.train_loss,
        "guessing": window.guessing,
        "train_accuracy": last.train_accuracy,
        "test_accuracy": last.test_accuracy,
    }
