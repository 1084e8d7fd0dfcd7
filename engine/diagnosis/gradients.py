"""Rules about the gradient on its way back, and about the steps that the optimizer makes of it.

Each rule gets the window and the name of the sentence of its open finding, "" if none is open. It returns the
finding, or None.
"""

import math

from engine.diagnosis import causes
from engine.diagnosis.layer import Layer
from engine.diagnosis.thresholds import (
    CLOSE_AGAIN,
    EVEN_STEPS,
    FAR_APART,
    LARGE_STEP,
    MOVED_AGAIN,
    MOVES,
    SILENT,
    STARVED_PART,
    UNEVEN_STEPS,
    UNMOVED,
)
from engine.diagnosis.window import Window
from engine.protocol.spec import MLP
from vanish_recorder.diagnosis import limits
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.weights import SPACING


def vanishing(window: Window, holds: str) -> Finding | None:
    """dL/da of a training layer is much smaller than at the last hidden one, and its weights hardly change.

    Whether the weights change is known only once the window is full; until then dL/da decides. A layer below
    a completely dead one is skipped: the dead layer is the reason that it has no gradient.
    """
    last = _last(window)
    if last is None or not last.delta:
        return None
    starved = [layer for layer in _training(window) if layer.delta is not None and layer.number < last.number]
    worst = min(starved, key=lambda layer: layer.delta or 0.0, default=None)
    if worst is None or _silenced(window, worst):
        return None
    behind = _times(last.delta, worst.delta or 0.0)
    if not _is_far(window, behind, last.number - worst.number, bool(holds)):
        return None
    if _moves(worst, starves=bool(holds)):
        return None
    evidence = _compared(window, worst, last)
    variant, cause = "plain", causes.of_shrinking(window, worst, last)
    names = tuple(layer.name for layer in starved if _is_starved(layer, last))
    if _path_around_carries(window, worst, last, holds == "passed_by"):
        variant, cause = "passed_by", ""
        names = tuple(
            layer.name
            for layer in starved
            if _is_starved(layer, last) and _is_passed_by(window, layer.number)
        )
    elif not evidence["factor"]:
        if window.network.gradients_in_fp16:
            return None  # fp16 has no number for it: `underflow` says so
        variant, cause = "nothing", ""
    named = {}
    if cause.startswith("saturated") and (flat := causes.most_saturated(causes.between(window, worst, last))):
        named["flat"] = flat.name
        evidence["saturated"] = flat.saturated
    ratio = evidence["ratio"]
    return Finding("vanishing", variant, cause, worst.name, last.name, names, evidence, named, ratio=ratio)


def exploding(window: Window, holds: bool) -> Finding | None:
    """dL/da grows a lot on its way back, and the steps with it."""
    last = _last(window)
    if last is None or not last.delta:
        return None
    grown = [layer for layer in _training(window) if layer.delta is not None and layer.number < last.number]
    worst = max(grown, key=lambda layer: layer.delta or 0.0, default=last)
    times = (worst.delta or 0.0) / last.delta
    if not _is_far(window, times, last.number - worst.number, holds):
        return None
    if not _steps_follow(window, worst, last, holds):
        return None
    names = tuple(layer.name for layer in grown if (layer.delta or 0.0) >= last.delta / STARVED_PART)
    evidence, cause = _compared(window, worst, last), causes.of_growing(window, worst, last)
    return Finding("exploding", "plain", cause, worst.name, last.name, names, evidence, ratio=times)


def immovable(window: Window, holds: str) -> Finding | None:
    """Most updates of a layer are so small that rounding to the type of its weights removes them."""
    least = MOVED_AGAIN if holds else UNMOVED
    stuck = [
        layer
        for layer in window.layers
        if not layer.frozen and layer.unmoved is not None and layer.unmoved >= least
    ]
    if not stuck:
        return None
    worst = max(stuck, key=lambda layer: layer.unmoved or 0.0)
    evidence = {f"unmoved_{layer.name}": layer.unmoved for layer in stuck}
    evidence |= {"unmoved": worst.unmoved, "update_ratio": worst.update}
    names = tuple(layer.name for layer in stuck)
    dtype, variant = window.network.dtype, "plain"
    if dtype != "float32":
        variant, evidence = "half", evidence | {"spacing": SPACING[dtype]}
    named = {"dtype": dtype}
    return Finding("immovable", variant, "", worst.name, None, names, evidence, named, share=worst.unmoved)


def _compared(window: Window, layer: Layer, last: Layer) -> dict[str, float | None]:
    """Compare a layer with the last hidden one. `factor` is the change of dL/da from layer to layer."""
    hops = last.number - layer.number
    ratio = (layer.delta or 0.0) / (last.delta or math.inf)
    output = window.output
    return {
        "factor": ratio ** (1 / hops) if hops and ratio else None,
        "ratio": ratio,
        "delta_norm": layer.delta,
        "delta_norm_of_last": last.delta,
        "grad_norm": layer.grad,
        "grad_norm_of_output": output.grad if output else None,
        "update_ratio": layer.update,
        "update_ratio_of_last": last.update,
        "ratio_at_first": causes.ratio_at_first(window, layer, last),
        "beta": window.network.beta,
        "without_beta": causes.without_beta(window, layer, last),
    }


def _moves(layer: Layer, *, starves: bool) -> bool:
    """Whether the weights change enough: to end a finding, in every sample of a full window."""
    if layer.slowest is None:
        return False
    return (layer.slowest if starves else layer.update or 0.0) >= MOVES


def _last(window: Window) -> Layer | None:
    """The last hidden layer with a gradient. The other layers are compared with it."""
    return next((layer for layer in reversed(window.hidden) if layer.delta is not None), None)


def _training(window: Window) -> list[Layer]:
    return [layer for layer in window.hidden if not layer.frozen]


def _is_starved(layer: Layer, last: Layer) -> bool:
    return (layer.delta or 0.0) < STARVED_PART * (last.delta or 0.0)


def _is_passed_by(window: Window, number: int) -> bool:
    """Whether a skip connection bypasses the layer."""
    return any(source < number <= target for source, target in window.skips)


def _path_around_carries(window: Window, worst: Layer, last: Layer, holds: bool) -> bool:
    """Whether skips bypass every starved layer, and the layers that no skip bypasses get enough gradient."""
    most = 2 * FAR_APART if holds else FAR_APART
    on_the_path = [layer for layer in window.hidden if not _is_passed_by(window, layer.number)]
    return _is_passed_by(window, worst.number) and all(
        _times(last.delta or 0.0, layer.delta) < most for layer in on_the_path if layer.delta is not None
    )


def _silenced(window: Window, layer: Layer) -> bool:
    above = (other for other in window.hidden if other.number >= layer.number)
    return any((other.dead or 0.0) >= SILENT for other in above)


def _steps_follow(window: Window, layer: Layer, last: Layer, explodes: bool) -> bool:
    """Whether the layer's steps grow with its gradient. Adam, for example, makes them even.

    Time steps have no weights of their own: the steps are those of the weights that all of them use.
    """
    if layer.spec.kind == "time":
        return any(
            (each.update or 0.0) >= LARGE_STEP for each in window.layers if each.spec.role == "weights"
        )
    update = layer.update or 0.0
    times = EVEN_STEPS if explodes else UNEVEN_STEPS
    return update >= LARGE_STEP or update >= times * (last.update or 0.0)


def _is_far(window: Window, times: float, hops: int, holds: bool) -> bool:
    """Whether the gradients of two layers are far apart; `hops` are the layers from one to the other.

    The slides' layers are all alike. The blocks of other kinds have outputs of different sizes, so for them
    the limits are those of the recorder, which were found among such networks.
    """
    if window.network.kind == MLP:
        return times >= (CLOSE_AGAIN if holds else FAR_APART)
    if times < (limits.CLOSE_AGAIN if holds else limits.FAR_APART):
        return False
    steep = times ** (1 / hops) if hops else math.inf
    if steep >= (limits.STILL_STEEP if holds else limits.STEEP):
        return True
    return times >= (limits.STILL_STARVED if holds else limits.STARVED)


def _times(large: float, small: float) -> float:
    return large / small if small else math.inf
