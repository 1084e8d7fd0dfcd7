"""The median of the latest values, which ignores a single sample that differs from the others."""

import math
from collections.abc import Sequence


def smoothed(values: Sequence[float | None]) -> float | None:
    """The median, or the lower of two. None if the latest sample has no value, as in a frozen layer."""
    if values[-1] is None:
        return None
    finite = sorted([value for value in values if value is not None and math.isfinite(value)])
    return finite[(len(finite) - 1) // 2] if finite else None
