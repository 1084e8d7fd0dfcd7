"""Schedules of the learning rate: a linear warm-up, then a cosine. They are functions of the step alone.

So a run that is resumed, or whose learning rate or epochs are changed by hand, needs no more state for them.
"""

import math


def rate_factor(step: int, steps: int, warmup: int = 0, cosine_to: float | None = None) -> float:
    """The part of the learning rate that a step takes: 1 without a schedule.

    Args:
        step: of the stage, counted from 1.
        steps: of the whole stage, as planned.
        warmup: over how many steps it rises to 1; the first takes 1/warmup.
        cosine_to: the part to which it falls afterwards (Loshchilov and Hutter 2017, without restarts), as
            it would be at the step after the last one; None keeps it at 1.
    """
    if step <= warmup:
        return step / warmup
    if cosine_to is None:
        return 1.0
    done = min(1.0, (step - warmup - 1) / max(1, steps - warmup))
    return cosine_to + (1 - cosine_to) * (1 + math.cos(math.pi * done)) / 2
