"""The numbers that a script logs."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


class Numbers:
    """Takes the numbers out of what a script logs. The user is told once about a name with another value.

    Args:
        tell: says a sentence to the user.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def of(self, values: Mapping[str, Any]) -> dict[str, float | Tensor]:
        """Those that are a number, or a tensor with one that is not fetched yet."""
        found: dict[str, float | Tensor] = {}
        for name, value in values.items():
            if (number := _number(value)) is not None:
                found[name] = number
            elif name not in self._told:
                self._told.add(name)
                what = type(value).__name__
                self._tell(f"logged numbers: a value of {name} is left out, because it is no number ({what})")
        return found


def _number(value: Any) -> float | Tensor | None:
    """None if the value is no real number. Of a tensor with several, the first one is taken."""
    if isinstance(value, Tensor):
        if not value.numel() or value.is_meta or value.is_complex() or value.layout is not torch.strided:
            return None
        return value.detach().reshape(-1)[:1]
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
