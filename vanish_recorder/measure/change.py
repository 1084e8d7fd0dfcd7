"""What a step did to one parameter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Change:
    """What a step did to one parameter.

    Attributes:
        grad_norm: of the gradient that the optimizer used.
        update_norm: ‖W after − W before‖.
        weight_norm: before the step.
        pushed: how many weights have a gradient that is not 0.
        moved: how many of them changed.
        size: how many weights there are.
        underflow: the fraction of the gradient's values that fp16 cannot hold; None if it was not measured.
    """

    grad_norm: float
    update_norm: float
    weight_norm: float
    pushed: float
    moved: float
    size: int
    underflow: float | None = None

    @property
    def update_ratio(self) -> float | None:
        """‖ΔW‖ / ‖W‖; None if every weight was zero."""
        return self.update_norm / self.weight_norm if self.weight_norm else None

    @property
    def unmoved(self) -> float | None:
        """The fraction of the pushed weights that did not change; None without any."""
        return 1 - self.moved / self.pushed if self.pushed else None

    @property
    def grad_rms(self) -> float:
        """The root mean square of the gradient."""
        return self.grad_norm / math.sqrt(self.size) if self.size else 0.0


def together(changes: Sequence[Change]) -> dict[str, float | None]:
    """What a step did to several matrices taken as one: the quantities by name; none without matrices."""
    if not changes:
        return {}
    update, weight = (
        math.hypot(*(getattr(each, name) for each in changes)) for name in ("update_norm", "weight_norm")
    )
    pushed = sum(each.pushed for each in changes)
    return {
        "grad_norm": math.hypot(*(each.grad_norm for each in changes)),
        "update_ratio": update / weight if weight else None,
        "unmoved": 1 - sum(each.moved for each in changes) / pushed if pushed else None,
        "weight_norm": weight,
    }
