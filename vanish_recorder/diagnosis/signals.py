"""Rules about the signal on its way forward through the blocks of any model."""

from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.limits import (
    ALIKE,
    ALIVE,
    DEAD,
    LASTING,
    ROUNDING,
    SILENT,
    TOLD_APART,
    TOLD_APART_BEFORE,
)
from vanish_recorder.diagnosis.window import Window


def forward_collapse(window: Window, holds: str) -> Finding | None:
    """The last block's output is nearly the same for all samples of a batch, and the first block's is not."""
    blocks = window.blocks[:-1] if window.by_leaves else window.blocks  # the last leaf is the model's output
    known = [block for block in blocks if block.spread is not None]
    if len(known) < 2 or known[-1] is not blocks[-1] or any((x.dead or 0.0) >= SILENT for x in blocks):
        return None
    first, last = known[0], known[-1]
    assert first.spread is not None
    assert last.spread is not None
    if last.spread > (TOLD_APART if holds else ALIKE) or first.spread < TOLD_APART_BEFORE * last.spread:
        return None
    names = tuple(block.name for block in known if (block.spread or 0.0) <= TOLD_APART)
    evidence: dict[str, float | None] = {
        "spread": last.spread,
        "spread_of_first": first.spread,
        "blocks": len(names),
    }
    return Finding(
        "forward_collapse",
        "equal" if last.spread < ROUNDING else "plain",
        layer=last.name,
        reference=first.name,
        layers=names,
        evidence=evidence,
        ratio=max(last.spread, 1e-9),
    )


def dead(window: Window, holds: str) -> Finding | None:
    """Most units of a block are 0 for the whole batch, in one batch after the other."""
    least = ALIVE if holds else DEAD
    found = {block.name: block.dead for block in window.blocks if block.dead is not None}
    affected = {name: part for name, part in found.items() if part >= least}
    if not affected:
        return None
    worst = max(affected, key=lambda name: affected[name])
    silent = affected[worst] >= SILENT
    if not (holds or silent or window.step - window.first_step >= LASTING):
        return None
    evidence: dict[str, float | None] = {"dead": affected[worst], "blocks": len(affected)}
    evidence[f"dead_{worst}"] = affected[worst]
    variant = "silent" if silent else "plain"
    return Finding(
        "dead", variant, layer=worst, layers=tuple(affected), evidence=evidence, share=affected[worst]
    )
