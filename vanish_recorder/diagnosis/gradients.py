"""Rules about ‖dL/dh‖ on its way back through the blocks of any model.

Each rule gets the window and the variant of its open finding, "" if none is open.
"""

import math
from collections.abc import Sequence

from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.limits import (
    CLOSE_AGAIN,
    CLOSE_AGAIN_LEAVES,
    DECADES,
    FAR_APART,
    FAR_APART_LEAVES,
    FEWER_DECADES,
    HUGE_STEP,
    LARGE_STEP,
    LEARNT_BY,
    LEAST_TIME_STEPS,
    MOVES,
    MOVES_LIKE_THE_LAST,
    SILENT,
    SMALLER_STEP,
    STARVED,
    STEEP,
    STILL_STARVED,
    STILL_STEEP,
    STILL_SURE,
    SURE,
    UNEVEN_STEPS,
)
from vanish_recorder.diagnosis.median import smoothed
from vanish_recorder.diagnosis.window import SMOOTHED, Block, Window

_LEAST_BLOCKS = 3


def vanishing(window: Window, holds: str) -> Finding | None:
    """‖dL/dh‖ shrinks per block and in all, from the last block to the first, and the blocks do not move.

    If it shrinks so much that only Adam's even steps hide it, that is said as well.
    """
    profile = _profile(window)
    if profile is None:
        return None
    *before, last = profile
    worst = min(before, key=lambda block: block.delta or 0.0)
    times = _times(last.delta, worst.delta)
    if _silenced(window, worst, last) or not _rises(profile, times):
        return None
    middle = (last.delta or 0.0) / math.sqrt(min(times, 1e30))
    starved = [block for block in before if (block.delta or 0.0) <= middle]
    updates = [block.update for block in starved if block.update is not None]
    if _has_weights(window, starved) and not updates:
        return None  # they do not train
    slowest = min(updates, default=None)
    moves = slowest is not None and _moves(slowest, last)
    enough = STILL_STARVED if holds else STARVED
    if moves or window.by_leaves:
        enough = STILL_SURE if holds else SURE
    if (moves and (window.by_leaves or times < enough)) or not _is_far(
        window, times, last.number - worst.number, holds, enough
    ):
        return None
    variant = "moving" if moves else "plain"
    if not worst.delta:
        variant = "nothing"
    evidence = _compared(worst, last) | {"update_ratio": slowest, "starved": len(starved)}
    names = tuple(block.name for block in starved)
    cause = "" if slowest is not None else "unknown"
    return Finding(
        "vanishing", variant, cause, worst.name, last.name, names, evidence, ratio=1 / times if times else 1.0
    )


def exploding(window: Window, holds: str) -> Finding | None:
    """‖dL/dh‖ grows per block and in all, and the steps with it; or each step replaces the weights."""
    profile = _profile(window)
    if profile is not None:
        *before, last = profile
        worst = max(before, key=lambda block: block.delta or 0.0)
        times = _times(worst.delta, last.delta)
        far = _is_far(window, times, last.number - worst.number, holds, STILL_SURE if holds else SURE)
        if far and _rises(profile[::-1], times) and _steps_follow(worst, last):
            middle = (worst.delta or 0.0) / math.sqrt(min(times, 1e30))
            names = tuple(block.name for block in before if (block.delta or 0.0) >= middle)
            evidence = _compared(worst, last)
            return Finding("exploding", "plain", "", worst.name, last.name, names, evidence, ratio=times)
    if len(window.samples) < SMOOTHED:
        return None
    least = SMALLER_STEP if holds == "steps" else HUGE_STEP
    huge = [block for block in window.blocks if block.update is not None and block.update >= least]
    if not huge:
        return None
    block = max(huge, key=lambda block: block.update or 0.0)
    names = tuple(block.name for block in huge)
    found: dict[str, float | None] = {"update_ratio": block.update, "blocks": len(huge)}
    return Finding("exploding", "steps", "", block.name, None, names, found, ratio=block.update)


def vanishing_in_time(window: Window, holds: str) -> Finding | None:
    """The gradient of a recurrent block is lost on its way back through the time steps."""
    if window.step - window.first_step < LEARNT_BY and not holds:
        return None
    worst: Finding | None = None
    for name in window.samples[-1].over_time:
        recent = [sample.over_time.get(name, ()) for sample in list(window.samples)[-SMOOTHED:]]
        lost = smoothed([_decades(norms) for norms in recent])
        if lost is None or lost < (FEWER_DECADES if holds else DECADES):
            continue
        norms = recent[-1]
        largest = max(norms)
        evidence: dict[str, float | None] = {
            "decades": lost,
            "time_steps": len(norms),
            "reached": sum(norm >= largest / 1000 for norm in norms),
            "part": 10.0**-lost,
        }
        if worst is None or lost > (worst.evidence["decades"] or 0.0):
            ratio = evidence["part"]
            worst = Finding("vanishing_in_time", layer=name, layers=(name,), evidence=evidence, ratio=ratio)
    return worst


def _decades(norms: Sequence[float]) -> float | None:
    """How many powers of ten lie between the largest and the first quarter; 45 if nothing is left there."""
    if len(norms) < LEAST_TIME_STEPS or not all(map(math.isfinite, norms)) or not max(norms):
        return None
    first = max(norms[: len(norms) // 4])
    return math.log10(max(norms) / first) if first else 45.0


def _profile(window: Window) -> list[Block] | None:
    """The blocks with a gradient, of which the last has some; None if they are too few."""
    found = [block for block in window.blocks if block.delta is not None]
    return found if len(found) >= _LEAST_BLOCKS and found[-1].delta else None


def _is_far(window: Window, times: float, hops: int, holds: str, enough: float) -> bool:
    """Whether two blocks are far apart, in all and per block; or `enough` in all."""
    if window.by_leaves:
        least = CLOSE_AGAIN_LEAVES if holds else FAR_APART_LEAVES
    else:
        least = CLOSE_AGAIN if holds else FAR_APART
    if times < least:
        return False
    steep = times ** (1 / hops) >= (STILL_STEEP if holds else STEEP)
    return steep or times >= enough


def _rises(profile: Sequence[Block], times: float) -> bool:
    """Whether ‖dL/dh‖ rises along the profile as a whole, so that no way around or side branch explains it.

    No block in the upper quarter, on a log scale, comes before one in the lowest quarter.
    """
    highest, step = max(block.delta or 0.0 for block in profile), min(times, 1e30) ** 0.25
    upper = next((n for n, block in enumerate(profile) if (block.delta or 0.0) >= highest / step), 0)
    return all((block.delta or 0.0) > highest / step**3 for block in profile[upper:])


def _compared(block: Block, last: Block) -> dict[str, float | None]:
    hops = last.number - block.number
    ratio = (block.delta or 0.0) / (last.delta or math.inf)
    return {
        "factor": ratio ** (1 / hops) if ratio else None,
        "ratio": ratio,
        "hops": hops,
        "delta_norm": block.delta,
        "delta_norm_of_last": last.delta,
        "update_ratio": block.update,
        "update_ratio_of_last": last.update,
    }


def _moves(update: float, last: Block) -> bool:
    return update >= MOVES and update >= MOVES_LIKE_THE_LAST * (last.update or 0.0)


def _steps_follow(block: Block, last: Block) -> bool:
    """Whether a block's steps grow with its gradient. Adam, for example, makes them even."""
    update = block.update or 0.0
    return update >= LARGE_STEP or (bool(last.update) and update >= UNEVEN_STEPS * (last.update or 0.0))


def _silenced(window: Window, block: Block, last: Block) -> bool:
    """Whether the gradient is lost at a block whose units are all dead, which is another finding."""
    return any((each.dead or 0.0) >= SILENT for each in window.blocks[block.number : last.number + 1])


def _has_weights(window: Window, blocks: Sequence[Block]) -> bool:
    numbers = {block.number for block in blocks}
    return any(spec.block in numbers and spec.role == "matrix" for spec in window.structure.tensors)


def _times(large: float | None, small: float | None) -> float:
    return (large or 0.0) / small if small else math.inf if large else 0.0
