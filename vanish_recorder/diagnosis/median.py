"""The median of the latest values, which ignores a single sample that differs from the others."""

import math
from collections.abc import Sequence


def smoothed(values: Sequence[float | None]) -> float | None:
    """The median, or the lower of two. None if the latest sample has no value, as in a frozen layer."""
    if values[-1] is None:
        return None
    known = [value for value in values if value is not None]
    # Of finite values, the sum is finite, or so large that they are looked at one by one.
    finite = sorted(known if math.isfinite(sum(known)) else filter(math.isfinite, known))
    return finite[(len(finite) - 1) // 2] if finite else None
