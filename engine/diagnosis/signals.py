"""Rules about the signal on its way forward: its size, how much it depends on the input, and dead units.

Each rule gets the window and the name of the sentence of its open finding, "" if none is open. It returns the
finding, or None.
"""

from dataclasses import replace
from typing import Literal

from engine.diagnosis.thresholds import (
    ALIKE,
    ALIVE,
    DEAD,
    LASTING,
    OFF,
    ON_AGAIN,
    ROUNDING,
    SATURATED,
    SHRUNK,
    SILENT,
    SIZE_BACK,
    STIRRING,
    TOLD_APART,
    UNSATURATED,
)
from engine.diagnosis.window import Window
from vanish_recorder.diagnosis.finding import Finding


def signal_shrinks(window: Window, holds: str) -> Finding | None:
    """The output of the last hidden layer is much smaller than that of the first."""
    if len(window.hidden) < 2 or _any_silent(window):
        return None
    first, last = window.hidden[0], window.hidden[-1]
    if last.spec.kind == "time":
        return None  # a state also depends on the row of that step, not only on the state before
    part = _part_of_first(window)
    if not part or part > (SIZE_BACK if holds else SHRUNK):
        return None
    spread = last.spread
    evidence = {
        "factor": part ** (1 / (last.number - first.number)),
        "ratio": part,
        "size": last.size,
        "size_of_first": first.size,
        "spread": spread,
    }
    most = TOLD_APART if holds == "alike" else ALIKE
    variant = "alike" if spread is not None and spread <= most else "plain"
    names = (last.name,)
    return Finding("signal_shrinks", variant, "", last.name, first.name, names, evidence, ratio=part)


def forward_collapse(window: Window, holds: str) -> Finding | None:
    """The output of the last hidden layer is nearly the same for every image.

    It is measured at the input of the output layer, so a skip that bypasses a collapsed layer counts. A
    signal that shrinks is a different finding: there the biases soon outweigh what is left of the signal.
    """
    if not window.hidden or _any_silent(window):
        return None
    last = window.hidden[-1]
    spread, part = last.spread, _part_of_first(window)
    if spread is None or spread > (TOLD_APART if holds else ALIKE):
        return None
    if part is not None and part <= (SHRUNK if holds else SIZE_BACK):
        return None
    first = window.hidden[0]
    evidence = {"spread": spread, "spread_of_first": first.spread, "size": last.size}
    variant = "plain"
    if spread < ROUNDING:
        variant = "equal"
    elif first.name == last.name or not first.spread or first.spread <= spread:
        variant = "alone"
    names = (last.name,)
    return Finding(
        "forward_collapse", variant, "", last.name, first.name, names, evidence, ratio=max(spread, ROUNDING)
    )


def saturated(window: Window, holds: str) -> Finding | None:
    """At least half of a layer's activations are where the activation is flat."""
    least = UNSATURATED if holds else SATURATED
    finding = _units("saturated", {x.name: x.saturated for x in window.hidden if not x.frozen}, least)
    if finding is None or not window.network.beta:
        return finding
    return replace(finding, variant="beta", evidence=finding.evidence | {"beta": window.network.beta})


def dead(window: Window, holds: str) -> Finding | None:
    """Many units of a layer are 0 for every image that was counted.

    Large steps can kill units and bring them back. Then few are 0 in all of the latest samples, but many in
    each of them. After the first steps of a stage many units are 0 that soon come back, so only a silent
    layer is reported at once.
    """
    trained = [layer for layer in window.hidden if not layer.frozen]
    counted = DEAD if holds in ("", "turns") else ALIVE
    if finding := _units("dead", {layer.name: layer.dead for layer in trained}, counted):
        if (finding.share or 0.0) >= (STIRRING if holds == "silent" else SILENT):
            return replace(finding, variant="silent")
        return finding if holds or window.steps >= LASTING else None
    least = ON_AGAIN if holds == "turns" else OFF
    finding = _units("dead", {layer.name: layer.off for layer in trained}, least)
    return replace(finding, variant="turns") if finding else None


def _units(
    kind: Literal["saturated", "dead"], parts: dict[str, float | None], least: float
) -> Finding | None:
    affected = {name: part for name, part in parts.items() if part is not None and part >= least}
    if not affected:
        return None
    worst = max(affected, key=lambda name: affected[name])
    evidence: dict[str, float | None] = {f"{kind}_{name}": part for name, part in affected.items()}
    share = evidence[kind] = affected[worst]
    return Finding(kind, layer=worst, layers=tuple(affected), evidence=evidence, share=share)


def _part_of_first(window: Window) -> float | None:
    """The size of the last hidden layer divided by that of the first; None if one of them is unknown or 0."""
    first, last = window.hidden[0].size, window.hidden[-1].size
    return last / first if first and last is not None else None


def _any_silent(window: Window) -> bool:
    """Whether nearly all units of a layer are dead: then there is no signal after it to examine."""
    return any((layer.dead or 0.0) >= SILENT for layer in window.hidden)
