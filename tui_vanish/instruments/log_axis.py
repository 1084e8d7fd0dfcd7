"""The axes of bars: a logarithmic one for positive numbers, and a linear one from 0 to 1."""

import math
from collections.abc import Iterable

from tui_vanish.drawing import ticks

_BETWEEN_LABELS = 2  # cells


class LogAxis:
    """A logarithmic axis from 10^low to 10^high that rarely changes while a run trains.

    It grows at once to fit new values, by two decades at a time, and shrinks only after `patience` profiles
    that did not need these decades. It never gets smaller than at the start, so that two ordinary runs can be
    compared by eye.
    """

    def __init__(self, low: int = -8, high: int = 0, patience: int = 60) -> None:
        self.low = self._least_low = self._recent_low = low
        self.high = self._least_high = self._recent_high = high
        self._patience = patience
        self._seen = 0

    def fit(self, values: Iterable[float]) -> None:
        """Grow or shrink to fit `values`; those that are not positive and finite are ignored."""
        powers = [math.log10(value) for value in values if 0 < value < math.inf]
        low = min(self._least_low, 2 * math.floor(min(powers, default=0.0) / 2))
        high = max(self._least_high, 2 * math.ceil(max(powers, default=0.0) / 2))
        self._recent_low, self._recent_high = min(self._recent_low, low), max(self._recent_high, high)
        self._seen += 1
        if self._seen >= self._patience:
            self.low, self.high = self._recent_low, self._recent_high
            self._recent_low, self._recent_high, self._seen = low, high, 0
        self.low, self.high = min(self.low, low), max(self.high, high)

    def fraction(self, value: float) -> float:
        """The place of a positive finite `value`, from 0 (left) to 1 (right)."""
        place = (math.log10(value) - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, place))

    def ticks(self, width: int) -> list[tuple[float, str]]:
        """Ticks for an axis of `width` cells: place from 0 to 1, and label."""
        room = max(len(ticks.power_label(power)) for power in (self.low, self.high)) + _BETWEEN_LABELS
        powers = ticks.decades(self.low, self.high, max(2, width // room))
        span = self.high - self.low
        return [((power - self.low) / span, ticks.power_label(power)) for power in powers]


class UnitAxis:
    """A linear axis from 0 to 1, for fractions."""

    def fit(self, values: Iterable[float]) -> None:
        """Do nothing: the axis always fits."""

    def fraction(self, value: float) -> float:
        """The place of `value`, from 0 (left) to 1 (right)."""
        return min(1.0, max(0.0, value))

    def ticks(self, width: int) -> list[tuple[float, str]]:
        """Ticks for an axis of `width` cells: place from 0 to 1, and label."""
        places = (0.0, 0.5, 1.0) if width < 40 else (0.0, 0.25, 0.5, 0.75, 1.0)
        return [(place, f"{place * 100:.0f} %") for place in places]
