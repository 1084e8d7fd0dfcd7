"""Rules about what the optimizer's steps do to the tensors, matrices apart from norm weights and biases.

A bias before a normalisation has no gradient but rounding, and a key's bias none at all. So biases are not
judged.
"""

from collections.abc import Sequence

from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.limits import (
    ABOVE_EPS,
    BELOW_EPS,
    FEWER,
    LEAST_SCALE,
    LEAST_SKIPS,
    MOVED_AGAIN,
    MOVED_NORMS,
    RARELY,
    SETTLED,
    SKIPS,
    UNDERFLOW,
    UNMOVED,
    UNMOVED_NORMS,
)
from vanish_recorder.diagnosis.window import Window

_HALF = frozenset({"bfloat16", "float16"})
# How far apart neighbouring numbers of a type are, as a part of their size.
SPACING = {"bfloat16": 2.0**-8, "float16": 2.0**-11, "float32": 2.0**-24, "float64": 2.0**-53}


def immovable(window: Window, holds: str) -> Finding | None:
    """Most weights of a tensor keep the same bits, and why: rounding, a learning rate of 0, no gradient."""
    matrices = window.of_roles("matrix")
    latest = window.latest("unmoved")
    least = MOVED_AGAIN if holds == "plain" else UNMOVED
    stuck = _smoothed_above(window, "unmoved", matrices, latest, least)
    norms = [n for n in window.of_roles("norm") if window.structure.tensors[n].dtype in _HALF]
    least = MOVED_NORMS if holds else UNMOVED_NORMS
    stuck_norms = _smoothed_above(window, "unmoved", norms, latest, least)
    trained = [number for number in matrices if window.tensor_was(number, "s")]
    if trained and all(window.lr_was_zero(number) for number in trained):
        evidence: dict[str, float | None] = {"lr": 0.0, "matrices": len(trained)}
        return Finding("immovable", "zero_rate", evidence=evidence)
    counts: dict[str, float | None] = {
        "matrices": len(stuck),
        "of_matrices": len(matrices),
        "norm_weights": len(stuck_norms),
        "of_norm_weights": len(window.of_roles("norm")),
    }
    if stuck:
        return _stuck(window, "plain", stuck, counts)
    if norms and len(stuck_norms) >= len(norms) / 3:  # their biases begin with 0, and so they move
        return _stuck(window, "norms", stuck_norms, counts)
    silent = [number for number in trained if window.always("grad_norm", number, 0.0)]
    if not silent:
        return None
    specs = [window.structure.tensors[number] for number in silent]
    places = tuple(dict.fromkeys(map(window.place, specs)))
    counts["matrices"] = len(silent)
    return Finding("immovable", "no_gradient", layer=places[0], layers=places, evidence=counts, share=1.0)


def _stuck(window: Window, variant: str, stuck: dict[int, float], counts: dict[str, float | None]) -> Finding:
    worst = max(stuck, key=lambda number: stuck[number])
    spec = window.structure.tensors[worst]
    share = stuck[worst]
    places = tuple(dict.fromkeys(window.place(window.structure.tensors[number]) for number in stuck))
    layer = window.place(spec)
    evidence = counts | {
        "unmoved": share,
        f"unmoved_{layer}": share,
        "update_ratio": window.tensors("update_ratio", worst),
        "spacing": SPACING.get(spec.dtype),
        "lr": window.samples[-1].lr[worst] if worst < len(window.samples[-1].lr) else None,
    }
    named = {"dtype": spec.dtype, "tensor": spec.name}
    return Finding("immovable", variant, "", layer, None, places, evidence, named, share=share)


def below_eps(window: Window, holds: str) -> Finding | None:
    """The gradient's root mean square is below the eps that Adam adds to it."""
    optimizers = window.structure.optimizers
    known = [each.eps for each in optimizers if each.eps]
    if not known or len(known) < len(optimizers):
        return None  # which of them steps a tensor is not known
    eps = min(known)
    latest = window.latest("grad_rms")
    limit = (ABOVE_EPS if holds else BELOW_EPS) * eps
    small: dict[int, float] = {}
    matrices = window.of_roles("matrix")
    for number in matrices:
        value = latest[number] if number < len(latest) else None
        if value is None or not 0 < value < limit or not window.tensor_was(number, "s"):
            continue
        usual = window.tensors("grad_rms", number)
        if usual is not None and 0 < usual < limit:
            small[number] = usual
    if not small:
        return None
    worst = min(small, key=lambda number: small[number])
    places = tuple(dict.fromkeys(window.place(window.structure.tensors[number]) for number in small))
    evidence: dict[str, float | None] = {
        "grad_rms": small[worst],
        "eps": eps,
        "matrices": len(small),
        "of_matrices": len(matrices),
    }
    spec = window.structure.tensors[worst]
    named, ratio = {"tensor": spec.name}, small[worst] / eps
    return Finding("below_eps", "plain", "", window.place(spec), None, places, evidence, named, ratio=ratio)


def underflow(window: Window, holds: str) -> Finding | None:
    """Nearly all of a matrix's gradient is below the smallest number of fp16."""
    matrices = window.of_roles("matrix")
    least = FEWER if holds else UNDERFLOW
    lost = _smoothed_above(window, "underflow", matrices, window.latest("underflow"), least)
    if not lost:
        return None
    worst = max(lost, key=lambda number: lost[number])
    spec = window.structure.tensors[worst]
    places = tuple(dict.fromkeys(window.place(window.structure.tensors[number]) for number in lost))
    scale = window.samples[-1].scale
    evidence: dict[str, float | None] = {
        "underflow": lost[worst],
        "matrices": len(lost),
        "of_matrices": len(matrices),
        "scale": scale,
    }
    variant = "plain" if scale is None else "scaled"
    named = {"tensor": spec.name}
    return Finding(
        "underflow", variant, "", window.place(spec), None, places, evidence, named, share=lost[worst]
    )


def skipped_steps(window: Window, holds: str) -> Finding | None:
    """Gradients overflow so often that many steps are skipped, or the loss scale falls below 1."""
    oldest, newest = window.samples[0], window.samples[-1]
    skipped = newest.skipped - oldest.skipped
    taken = max(newest.step - oldest.step, skipped)
    share = skipped / taken if taken else 0.0
    evidence: dict[str, float | None] = {
        "skipped": newest.skipped,
        "share": share,
        "scale": newest.scale,
        "scale_at_first": window.first_scale,
    }
    first = window.first_scale
    if newest.scale is not None and newest.scale < LEAST_SCALE and first is not None and first > newest.scale:
        return Finding("skipped_steps", "falling", evidence=evidence, ratio=newest.scale / first)
    often = share >= (RARELY if holds else SKIPS) and skipped >= LEAST_SKIPS
    if not often or (not holds and newest.step - window.first_step < SETTLED):
        return None
    return Finding("skipped_steps", "plain", evidence=evidence, share=share)


def frozen(window: Window, _holds: str) -> Finding | None:
    """Matrices do not train, because they are frozen, in no optimizer, unused, or their rate is 0."""
    matrices = window.of_roles("matrix", "embedding")
    reasons = {"frozen": "f", "in_no_optimizer": "o", "unused": "u"}
    found: dict[str, list[int]] = {
        reason: [number for number in matrices if window.tensor_was(number, letter)]
        for reason, letter in reasons.items()
    }
    zero = [number for number in matrices if window.lr_was_zero(number)] if 0 in window.samples[-1].lr else []
    found["zero_rate"] = [number for number in zero if window.tensor_was(number, "s")]
    numbers = sorted(number for members in found.values() for number in members)
    if not numbers or len(numbers) == len(matrices) == len(found["zero_rate"]):
        return None
    evidence: dict[str, float | None] = {reason: len(members) for reason, members in found.items()}
    evidence |= {"all": len(numbers), "of_matrices": len(matrices)}
    places = tuple(dict.fromkeys(window.place(window.structure.tensors[number]) for number in numbers))
    share = len(numbers) / len(matrices)
    return Finding("frozen", layer=places[0], layers=places, evidence=evidence, share=share)


def _smoothed_above(
    window: Window, name: str, numbers: Sequence[int], latest: Sequence[float | None], least: float
) -> dict[int, float]:
    """The tensors whose quantity is at least `least`, now and as a median. Most need no median."""
    found: dict[int, float] = {}
    for number in numbers:
        value = latest[number] if number < len(latest) else None
        if value is None or value < least or not window.tensor_was(number, "s"):
            continue
        usual = window.tensors(name, number)
        if usual is not None and usual >= least:
            found[number] = usual
    return found
