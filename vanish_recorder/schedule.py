"""Which steps are measured."""

import math
from typing import Literal

FIRST = 10  # steps that are always measured
_LONGEST_WAIT = 30.0  # seconds, until measuring has paid for an expensive first sample
_ROUND = (1, 2, 5)

Every = int | Literal["auto"]


class Schedule:
    """Decides after each step whether the next one is measured.

    Args:
        every: a number of steps; or "auto", which measures as often as the budget allows.
        budget: with "auto", the share of the training's time that measuring may take.
        first_step: the number of steps before.
    """

    def __init__(self, every: Every, budget: float, first_step: int = 0) -> None:
        self.every = every
        self._budget = budget
        self._first = first_step
        self._step_seconds = 0.0  # of a step without measuring, smoothed
        self._knows_steps = False  # there was such a step; before, it is the training of measured ones
        self._cost = 0.0  # seconds of a sample, smoothed
        self._debt = 0.0  # seconds of measuring that the budget has not covered yet

    def took(self, step_seconds: float, cost: float, *, sampled: bool) -> None:
        """A step ended.

        A step without a sample takes a little of the budget, too: to notice it. In a short step, or if
        another program interrupts it there, that is more than the budget allows, and there would never be a
        sample again. So half of the budget is for samples alone.

        Args:
            step_seconds: that the training took for it.
            cost: seconds of measuring, in this step.
            sampled: whether it was measured.
        """
        if sampled:
            cost += self._slower(step_seconds, cost)
            self._cost = cost if not self._cost else 0.8 * self._cost + 0.2 * cost
        else:
            cost = min(cost, 0.5 * self._budget * step_seconds)
        if not (sampled and self._knows_steps):
            known = self._step_seconds if self._knows_steps or sampled else 0.0
            self._step_seconds = (
                step_seconds if not known else 0.9 * known + 0.1 * min(step_seconds, 10 * known)
            )
            self._knows_steps = not sampled
        self._debt += cost - self._budget * self._step_seconds
        # Steps before an expensive sample may not be saved up, nor may one sample stop measuring for long.
        longest = self._budget * _LONGEST_WAIT
        self._debt = min(max(self._debt, -max(self._cost, cost)), longest)

    def _slower(self, step_seconds: float, cost: float) -> float:
        """Seconds that the training itself takes longer in a step that is measured than in another.

        PyTorch calls each hook, and what was measured is in the processor's caches instead of the model. One
        step may be slower or faster for other reasons, so this is at most half of the cost.
        """
        if not self._knows_steps:
            return 0.0
        return min(max(step_seconds - self._step_seconds, -0.5 * cost), 0.5 * cost)

    def is_due(self, step: int) -> bool:
        """Whether a step is measured.

        Args:
            step: of the run, counted from 1.
        """
        if step - self._first <= FIRST:
            return True
        if self.every != "auto":
            return step % self.every == 0
        return step % self.interval == 0 and self._debt <= 0

    @property
    def interval(self) -> int:
        """With "auto", every how many steps the budget allows a sample: 1, 2, 5, 10, 20, 50 and so on."""
        per_step = self._budget * self._step_seconds
        wanted = self._cost / per_step if per_step > 0 else 1.0
        power = 10 ** max(0, math.floor(math.log10(wanted))) if wanted > 1 else 1
        return next((power * each for each in _ROUND if power * each >= wanted), 10 * power)
