"""Changes by hand while a script trains: the learning rate as a factor, and frozen blocks.

A change is made just before an optimizer's step, and taken back just after it. So schedulers, checkpoints and
the script itself never see it, and `requires_grad` stays as it is.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor

from vanish_recorder.hooks.listener import Call

if TYPE_CHECKING:
    from torch.optim import Optimizer


@dataclass
class Interventions:
    """What is changed now.

    Attributes:
        factor: of every learning rate.
        frozen: names of the blocks that do not train.
    """

    factor: float = 1.0
    frozen: set[str] = field(default_factory=set)

    def begin(
        self, optimizer: "Optimizer", parameters: Collection[Tensor], call: Call
    ) -> tuple["Change", Call | None]:
        """Make the changes for one step.

        Args:
            optimizer: that steps now.
            parameters: of the frozen blocks.
            call: the arguments of its step.

        Returns:
            What takes the changes back, and the call to make instead; None keeps it.
        """
        change = Change()
        if self.factor != 1.0:
            for group in optimizer.param_groups:
                lr = group.get("lr")
                if isinstance(lr, int | float | Tensor):
                    ours = lr * self.factor
                    group["lr"] = ours
                    change.rates.append((group, lr, ours))
        if not parameters:
            return change, None
        change.take(parameters)
        return change, _with_closure(call, lambda: change.take(parameters))


@dataclass
class Change:
    """The changes for one step, to take back."""

    rates: list[tuple[dict[str, Any], Any, Any]] = field(default_factory=list)
    gradients: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def take(self, parameters: Collection[Tensor]) -> None:
        """Take the gradients away, so that the optimizer leaves the parameters alone."""
        for each in parameters:
            if each.grad is not None:
                self.gradients[id(each)] = (each, each.grad)
                each.grad = None

    def undo(self) -> None:
        """Put back what the script has."""
        for group, before, ours in self.rates:
            if group.get("lr") is ours:  # else the script has set another meanwhile
                group["lr"] = before
        for parameter, gradient in self.gradients.values():
            if parameter.grad is None:
                parameter.grad = gradient
        self.rates.clear()
        self.gradients.clear()


def _with_closure(call: Call, after: Callable[[], None]) -> Call | None:
    """The call with a closure that is followed by `after`; None if it has no closure."""
    args, kwargs = call
    place: int | None = next((n for n, each in enumerate(args) if n > 0 and callable(each)), None)
    closure = kwargs.get("closure") if place is None else args[place]
    if closure is None:
        return None

    def wrapped(*inner: Any, **named: Any) -> Any:
        result = closure(*inner, **named)
        after()
        return result

    if place is None:
        return args, {**kwargs, "closure": wrapped}
    return (*args[:place], wrapped, *args[place + 1 :]), kwargs
