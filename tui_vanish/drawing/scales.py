"""Axes whose ticks are an equal number of cells apart, so that a value and its tick lie on the same dot.

The first and the last cell of a plot show `low` and `high`. A tick is in the middle of a cell, so a plot of
`cells` cells has `cells - 1` intervals, and a tick fits every `gap` cells for a whole number `gap`. The
functions choose the gap and a round step that leave the least room unused.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui_vanish.drawing import ticks

_ROUND = (1.0, 2.0, 2.5, 5.0)
_STARTS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_RATIOS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)  # between two ticks of a short logarithmic axis
_DECADES = (1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 40, 50, 100, 200, 400)
_WORTH = {1: 0.3, 2: 0.75, 3: 0.93, 4: 0.97}  # of an axis with so many ticks, relative to one with more
_SLACK = 1e-9
_DOTS = 4  # braille dots in the height of a cell


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high` (log10 of the values if `log`); a tick is a place and a label."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def fraction(self, value: float) -> float | None:
        """The position of `value`: 0 is low, 1 is high. None for a value that this axis cannot show."""
        if self.log:
            if not 0 < value < math.inf:
                return None
            value = math.log10(value)
        elif not -math.inf < value < math.inf:
            return None
        return self.fraction_of_place(value)

    def fraction_of_place(self, place: float) -> float:
        """The position of a tick, given by its place."""
        return (place - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class _Fit:
    """A tick every `gap` cells, from `begin` in steps of `step`."""

    begin: float
    step: float
    gap: int
    intervals: int

    @property
    def end(self) -> float:
        return self.begin + self.step * self.intervals / self.gap

    @property
    def places(self) -> list[float]:
        """The ticks; 0 is exactly 0."""
        found = [self.begin + self.step * number for number in range(self.intervals // self.gap + 1)]
        return [0.0 if abs(place) < self.step * 1e-6 else place for place in found]

    def worth(self, span: float) -> float:
        count = self.intervals // self.gap + 1
        return span / (self.end - self.begin) * _WORTH.get(count, 1.0)


def dot(fraction: float, cells: int, dots: int) -> int:
    """The dot of a value, counted from the first, in `cells` cells of `dots` dots each.

    A tick is at a whole number of cells, so its dot is the same in every cell: the second of four, or the
    first of two.
    """
    return round(fraction * (cells - 1) * dots) + (dots - 1) // 2


def cell(fraction: float, cells: int, dots: int = _DOTS) -> int:
    """The cell that contains the dot of a value."""
    return dot(fraction, cells, dots) // dots


def linear_axis(low: float, high: float, cells: int, *, least_gap: int = 2) -> Axis:
    """A linear axis that contains `low` to `high`, and begins at a tick.

    Args:
        low: the smallest value.
        high: the largest value, above `low`.
        cells: of the plot.
        least_gap: the least number of cells between two ticks.
    """
    fit = _best(low, high, cells, least_gap, _round_steps)
    if fit is None:
        return Axis(low, high, ((low, ticks.labels([low], high - low)[0]),))
    return Axis(fit.begin, fit.end, tuple(zip(fit.places, ticks.labels(fit.places, fit.step), strict=True)))


def across_axis(low: float, high: float, cells: int, *, least_gap: int, whole: bool = False) -> Axis:
    """A linear axis that begins exactly at `low`, ends at `high` or a little above, and has even ticks.

    Args:
        low: the smallest value.
        high: the largest value, above `low`.
        cells: of the plot.
        least_gap: the least number of cells between two ticks.
        whole: whether ticks are at whole numbers only.
    """
    best, most = Axis(low, high, ((low, ticks.labels([low], high - low)[0]),)), 0.0
    for gap in range(least_gap, cells):
        for step in _whole_steps((high - low) * gap / (cells - 1), whole=whole):
            end = low + step * (cells - 1) / gap
            places = ticks.within(low, end, step)
            worth = (high - low) / (end - low) * _WORTH.get(len(places), 1.0)
            if worth > most + _SLACK:
                labels = (ticks.count_labels if whole else ticks.labels)(places, step)
                best, most = Axis(low, end, tuple(zip(places, labels, strict=True))), worth
            break
    return best


def decades_axis(low: float, high: float, cells: int, *, least_gap: int = 2) -> Axis:
    """A logarithmic axis that contains 10^low to 10^high, with ticks at whole powers of ten."""
    fit = _best(low, high, cells, least_gap, lambda least: (s for s in _DECADES if s >= least * (1 - _SLACK)))
    if fit is None:
        return Axis(low, high, ((low, ticks.power_label(math.floor(low))),), log=True)
    marks = tuple((place, ticks.power_label(round(place))) for place in fit.places)
    return Axis(fit.begin, fit.end, marks, log=True)


def ratio_axis(low: float, high: float, cells: int, *, least_gap: int = 2) -> Axis:
    """A logarithmic axis for a few decades or less: from one tick to the next, values grow by the same ratio.

    Args:
        low: the smallest value, not its logarithm.
        high: the largest value, above `low`.
        cells: of the plot.
        least_gap: the least number of cells between two ticks.
    """
    fits = []
    for gap in range(1, cells):
        if gap < least_gap and cells > least_gap + 1:
            continue
        for ratio in _RATIOS:
            for begin in _starts(low):
                fit = _Fit(math.log10(begin), math.log10(ratio), gap, cells - 1)
                if fit.end >= math.log10(high) - _SLACK:
                    fits.append(fit)
    span = math.log10(high) - math.log10(low)
    best = max(fits, key=lambda fit: fit.worth(span), default=None)
    if best is None or best.worth(span) < 0.5:
        return _close_axis(low, high, cells, least_gap)
    labels = (_number(10**place, 3) for place in best.places)
    return Axis(best.begin, best.end, tuple(zip(best.places, labels, strict=True)), log=True)


def _close_axis(low: float, high: float, cells: int, least_gap: int) -> Axis:
    """A logarithmic axis for values close together: its ends are round, its labels are precise."""
    linear = linear_axis(low, high, cells, least_gap=least_gap)
    begin, end = max(linear.low, low / 2), linear.high
    count = max(1, len(linear.ticks) - 1)
    gap = (cells - 1) // count
    places = [
        math.log10(begin) + (math.log10(end) - math.log10(begin)) * gap * number / max(1, cells - 1)
        for number in range(count + 1)
    ]
    # A label may be wrong by a twentieth of a cell.
    finest = (10 ** (math.log10(end / begin) / max(1, cells - 1)) - 1) / 20
    digits = max(2, math.ceil(-math.log10(finest)))
    labels = [_number(10**place, min(digits, 9)) for place in places]
    return Axis(math.log10(begin), math.log10(end), tuple(zip(places, labels, strict=True)), log=True)


def _best(
    low: float, high: float, cells: int, least_gap: int, steps: Callable[[float], Iterator[float]]
) -> _Fit | None:
    """The fit that leaves the least room unused; None if the plot has only one cell."""
    best: _Fit | None = None
    for gap in range(1, cells):
        if gap < least_gap and cells > least_gap + 1:
            continue
        parts = (cells - 1) / gap
        for step in steps((high - low) / parts):
            fit = _Fit(step * math.floor(low / step + _SLACK), step, gap, cells - 1)
            if fit.end >= high - step * _SLACK:
                if best is None or fit.worth(high - low) > best.worth(high - low) + _SLACK:
                    best = fit
                break
    return best


def _round_steps(least: float) -> Iterator[float]:
    """Round steps from `least` on."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-300)))
    for size in (power, 10 * power):
        for factor in _ROUND:
            if factor * size >= least * (1 - _SLACK):
                yield factor * size


def _whole_steps(least: float, *, whole: bool) -> Iterator[float]:
    """The same, or only those that are whole numbers."""
    if whole and least < 1:
        yield 1.0
    yield from (step for step in _round_steps(least) if not whole or step == round(step))


def _starts(low: float) -> Iterator[float]:
    """Round numbers at or below `low`, the largest first, down to a half of it."""
    power = 10.0 ** math.floor(math.log10(low))
    found = [start * size for size in (power / 10, power) for start in _STARTS]
    return (start for start in reversed(found) if 0 < start <= low * (1 + _SLACK) and start > low / 2)


def _number(value: float, digits: int) -> str:
    """A label of a short logarithmic axis."""
    return ticks.label(f"{value:.{digits - 1}e}")
