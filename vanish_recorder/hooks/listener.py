"""What a recorder is told about the training."""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor
    from torch.amp.grad_scaler import GradScaler
    from torch.optim import Optimizer

Call = tuple[tuple[Any, ...], dict[str, Any]]  # arguments by position and by name


class Listener(Protocol):
    """A recorder. None of these functions raises anything but KeyboardInterrupt."""

    def before_step(self, optimizer: "Optimizer", call: Call) -> Call | None:
        """An optimizer steps now. The call to make instead is returned; None keeps it."""

    def after_step(self, optimizer: "Optimizer") -> None:
        """An optimizer has stepped."""

    def before_scaled_step(self, optimizer: "Optimizer", scaler: "GradScaler") -> None:
        """A GradScaler steps an optimizer now, or skips its step."""

    def after_scaled_step(self, optimizer: "Optimizer", scaler: "GradScaler") -> None:
        """A GradScaler has stepped an optimizer, or skipped its step."""

    def before_backward(self, roots: "tuple[Tensor, ...]") -> None:
        """A backward pass begins at these tensors."""

    def after_backward(self) -> None:
        """A backward pass ended."""
