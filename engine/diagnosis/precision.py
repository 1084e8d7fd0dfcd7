"""Rules about 16-bit numbers: gradients that fp16 has no number for, and steps that are skipped.

Their limits are those of watched runs. Each rule gets the window and the variant of its open finding, "" if
none is open.
"""

from engine.diagnosis.window import Window
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.limits import (
    FEWER,
    LEAST_SCALE,
    LEAST_SKIPS,
    RARELY,
    SETTLED,
    SKIPS,
    UNDERFLOW,
)


def underflow(window: Window, holds: str) -> Finding | None:
    """Nearly all of a layer's weight gradient is below the smallest number of fp16."""
    least = FEWER if holds else UNDERFLOW
    lost = {
        layer.name: layer.underflow
        for layer in window.layers
        if not layer.frozen and layer.underflow is not None and layer.underflow >= least
    }
    if not lost:
        return None
    worst = max(lost, key=lambda name: lost[name])
    evidence: dict[str, float | None] = {f"underflow_{name}": part for name, part in lost.items()}
    evidence |= {"underflow": lost[worst], "least": min(lost.values()), "scale": window.scale}
    variant = "plain" if window.scale is None else "scaled"
    return Finding(
        "underflow", variant, layer=worst, layers=tuple(lost), evidence=evidence, share=lost[worst]
    )


def skipped_steps(window: Window, holds: str) -> Finding | None:
    """Gradients overflow so often that many steps are skipped, or the loss scale falls below 1."""
    scale, first = window.scale, window.first_scale
    if scale is None or first is None:
        return None
    skipped, share = window.skipped
    evidence: dict[str, float | None] = {
        "skipped": skipped,
        "share": share,
        "scale": scale,
        "scale_at_first": first,
    }
    if scale < LEAST_SCALE and scale < first:
        return Finding("skipped_steps", "falling", evidence=evidence, ratio=scale / first)
    often = share >= (RARELY if holds else SKIPS) and skipped >= LEAST_SKIPS
    if not often or (not holds and window.steps < SETTLED):
        return None
    return Finding("skipped_steps", evidence=evidence, share=share)
