"""The optimizers that step a model's parameters, as they are met."""

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor

from vanish_recorder.protocol.structure import OptimizerSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.optim import Optimizer

_REFRESH = 10  # steps after which an optimizer of other parameters is looked at again


@dataclass
class Known:
    """What is known of an optimizer.

    Attributes:
        optimizer: itself, not kept alive.
        size: how many parameters it has.
        parameters: those that the model has, too, each once.
        others: how many it has that the model does not have.
        name: its class.
        eps: of Adam and its relatives.
        asked: how often it was looked at.
    """

    optimizer: "weakref.ref[Optimizer]"
    size: int
    parameters: tuple[Tensor, ...]
    others: int
    name: str
    eps: float | None
    asked: int = 0
    identities: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.identities = frozenset(map(id, self.parameters))


class Optimizers:
    """Finds out once what each optimizer steps, and again when that has changed."""

    def __init__(self) -> None:
        self._known: dict[int, Known] = {}

    def forget(self) -> None:
        """The model has other parameters than before."""
        self._known.clear()

    def know(self, optimizer: "Optimizer", numbers: "Mapping[int, int]") -> Known:
        """What is known of an optimizer.

        Args:
            optimizer: that steps now.
            numbers: of the model's parameters, by identity.
        """
        known = self._known.get(id(optimizer))
        size = sum(len(group["params"]) for group in optimizer.param_groups)
        if known is not None and known.optimizer() is optimizer and known.size == size:
            known.asked += 1
            if known.parameters or known.asked % _REFRESH:
                return known
        # A group may have a parameter twice, if modules share it.
        stepped = {id(each): each for group in optimizer.param_groups for each in group["params"]}
        parameters = tuple(each for identity, each in stepped.items() if identity in numbers)
        eps = optimizer.defaults.get("eps")
        known = Known(
            weakref.ref(optimizer),
            size,
            parameters,
            len(stepped) - len(parameters),
            type(optimizer).__name__,
            float(eps) if isinstance(eps, int | float) else None,
        )
        self._known[id(optimizer)] = known
        return known

    @property
    def of_the_model(self) -> list[Known]:
        """Those that step parameters of the model."""
        return [known for known in self._known.values() if known.parameters]

    @property
    def specs(self) -> tuple[OptimizerSpec, ...]:
        """Their descriptions."""
        return tuple(
            OptimizerSpec(name=known.name, eps=known.eps, tensors=len(known.parameters))
            for known in self.of_the_model
        )

    @property
    def elsewhere(self) -> dict[str, str]:
        """The parameters that they step and the model does not have, and the sentence about them."""
        why = "its optimizer steps them, but the model does not have them"
        return {f"{known.others} tensors of {known.name}": why for known in self.of_the_model if known.others}
