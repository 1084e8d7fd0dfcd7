"""Steps of optimizers that are under way, and what is read of one that was made."""

import sys
from typing import TYPE_CHECKING, Any

from torch import Tensor

from vanish_recorder.interventions import Change
from vanish_recorder.optimizers import Known
from vanish_recorder.sample import Later, Sample

if TYPE_CHECKING:
    from torch.optim import Optimizer


class StepsUnderWay:
    """The steps that have begun and not ended. An optimizer may step another one inside its own step."""

    def __init__(self) -> None:
        # The optimizer, a frame of its step, and what is changed for it by hand.
        self._steps: list[tuple[Optimizer, Any, Change]] = []

    def __bool__(self) -> bool:
        return bool(self._steps)

    def begin(self, optimizer: "Optimizer", frame: Any, change: Change) -> None:
        """A step began.

        Args:
            optimizer: that steps.
            frame: of the function that steps it.
            change: what is changed for this step by hand.
        """
        self._steps.append((optimizer, frame, change))

    def holds(self, optimizer: "Optimizer") -> bool:
        """Whether a step of `optimizer` is under way."""
        return any(stepping is optimizer for stepping, *_ in self._steps)

    def end(self) -> tuple["Optimizer", Change]:
        """The innermost step ended: its optimizer, and what is still changed for it."""
        optimizer, _, change = self._steps.pop()
        return optimizer, change

    def drop_stale(self) -> None:
        """Forget the steps that ended with an exception."""
        if not self._steps:
            return
        alive, frame = set(), sys._getframe()
        while frame is not None:
            alive.add(id(frame))
            frame = frame.f_back  # type: ignore[assignment]
        for step in self._steps:
            if id(step[1]) not in alive:
                step[2].undo()
        self._steps = [step for step in self._steps if id(step[1]) in alive]

    def undo(self) -> None:
        """The steps under way are the script's own again."""
        for *_, change in self._steps:
            change.undo()
        self._steps.clear()


def read_step(
    sample: Sample, optimizer: "Optimizer", known: Known, change: Change, scale: Tensor | None
) -> None:
    """Measure what a step did.

    Args:
        sample: of the round.
        optimizer: that has stepped.
        known: of it.
        change: what was changed for this step by hand.
        scale: of the loss; None without one.
    """
    identities = set(known.identities)
    sample.frozen |= set(change.gradients)
    fresh = [each for each in known.parameters if id(each) not in sample.stepped]
    sample.stepped |= identities
    with_gradient = [each for each in fresh if each.grad is not None]
    sample.without_gradient |= {id(each) for each in fresh if each.grad is None and each.requires_grad}
    for group in optimizer.param_groups:
        lr = group.get("lr")
        rate: float | Later | None = None
        if isinstance(lr, Tensor):
            rate = sample.later(lr)
        elif isinstance(lr, int | float):
            rate = float(lr)
        for each in group["params"]:
            if rate is not None and id(each) in identities:
                sample.lr[id(each)] = rate
    found_inf = getattr(optimizer, "found_inf", None)
    if isinstance(found_inf, Tensor):
        sample.overflow.append((identities, sample.later(found_inf)))
    # Also a fused optimizer has taken the loss scale out of its gradients now.
    sample.weights.read(with_gradient, scale)
