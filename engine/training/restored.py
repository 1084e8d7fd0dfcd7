"""Checks of a saved state while it is restored, because the file may hold anything."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.storage.checkpoint import Unfit

_LARGEST = 2**53


def table(state: Any, name: str) -> dict[Any, Any]:
    """A table, such as the state of the optimizer."""
    if not isinstance(state, dict):
        raise Unfit(f"its {name} is damaged")
    return state


def has_keys(state: Mapping[Any, Any], keys: set[Any], name: str) -> None:
    """Check that a table has exactly these keys."""
    if set(state) != keys:
        raise Unfit(f"its {name} has other fields")


def whole(value: Any, name: str, low: int = 0, high: int = _LARGEST) -> int:
    """A whole number from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        raise Unfit(f"its {name} is damaged")
    return value


def real(value: Any, name: str, low: float = 0.0, high: float = math.inf) -> float:
    """A number from `low` to `high` that is finite."""
    if type(value) not in (int, float) or not low <= value <= high or not math.isfinite(value):
        raise Unfit(f"its {name} is damaged")
    return float(value)


def tensor(value: Any, like: Tensor, name: str) -> Tensor:
    """A tensor of any device with the shape and dtype of `like`, without gradient."""
    fits = (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type != "meta"
        and value.dtype == like.dtype
        and value.shape == like.shape
    )
    if not fits:
        raise Unfit(f"its {name} has another shape or type")
    found: Tensor = value.detach()
    return found


def tensors(state: Any, like: Mapping[Any, Tensor], name: str) -> dict[Any, Tensor]:
    """A table with a tensor for each of `like`."""
    has_keys(table(state, name), set(like), name)
    return {key: tensor(state[key], each, name) for key, each in like.items()}
