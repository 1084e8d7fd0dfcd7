"""The axes of a chart: where they begin and end, and the position of a value on them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_vanish.drawing import ticks

_HUGE = 1e300  # above this, the difference of two values may overflow
_TINY = 1e-250  # below this, a hundredth of a value may underflow
_LEAST_SPAN = 0.04  # of a linear axis, relative to the values, so that noise on a plateau looks flat
_MOST_ROOM = 1.3  # times the needed span, for an axis that ends at its ticks
_CLOSE = 2.0  # up to this ratio, a logarithmic axis has ticks at equal differences
_FEW_DECADES = 1.5  # up to this span, a logarithmic axis ends at 1, 2 or 5 times a power of ten
_CELLS_A_TICK = 7  # on the x axis


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


def x_axis(xs: Iterable[float], limits: tuple[float, float] | None, width: int) -> Axis:
    """An axis of epochs, steps or seconds.

    Without `limits` it begins at 0 unless all of `xs` are far from 0, grows in round numbers, and has ticks
    at whole numbers only.
    """
    finite = _clamped(xs)
    if limits is not None:
        low, high = limits[0], max(limits[1], math.nextafter(limits[0], math.inf))
    else:
        low, high = min(finite, default=0.0), max(finite, default=0.0)
        if 0 <= low <= max(1.0, high / 2):
            low = 0.0
        high = low + max(ticks.nice_end(max(1.0, high - low)), abs(low) * 1e-9)
    step = ticks.nice_step(high - low, width // _CELLS_A_TICK)
    if limits is None:
        step = max(1.0, step)
    places = ticks.within(low, high, step)
    return Axis(low, high, tuple(zip(places, ticks.count_labels(places, step), strict=True)))


def y_axis(
    values: Iterable[float], limits: tuple[float | None, float | None], rows: int, *, percent: bool, log: bool
) -> Axis:
    """An axis that contains all finite `values`, and extends to `limits` at least."""
    if log:
        return _log_axis([value for value in values if 0 < value < math.inf], rows)
    scale = 100.0 if percent else 1.0
    wanted = _clamped(
        [*(value * scale for value in values), *(limit for limit in limits if limit is not None)]
    )
    low, high = min(wanted, default=0.0), max(wanted, default=1.0)
    size = max(abs(low), abs(high))
    least_span = _LEAST_SPAN * size if size > _TINY else 1.0
    if high - low < least_span:
        middle = low / 2 + high / 2
        low, high = middle - least_span / 2, middle + least_span / 2
    fine = ticks.nice_step(high - low, 10)
    low, high = fine * math.floor(low / fine + 1e-6), fine * math.ceil(high / fine - 1e-6)
    step = ticks.nice_step(high - low, (rows - 1) // 2)
    if len(ticks.within(low, high, step)) < 2:  # one tick alone shows no scale
        step = ticks.nice_step(high - low, 3)
    begin, end = step * math.floor(low / step + 1e-6), step * math.ceil(high / step - 1e-6)
    if end - begin <= _MOST_ROOM * (high - low):  # so that both ends have a tick
        low, high = begin, end
    places = ticks.within(low, high, step)
    marks = tuple(zip((place / scale for place in places), ticks.labels(places, step), strict=True))
    return Axis(low / scale, high / scale, marks)


def _log_axis(values: Sequence[float], rows: int) -> Axis:
    low, high = math.log10(min(values, default=0.1)), math.log10(max(values, default=1.0))
    if high - low > _FEW_DECADES:
        first, last = math.floor(low + 1e-9), math.ceil(high - 1e-9)
        powers = ticks.decades(first, last, max(2, (rows + 1) // 2))
        return Axis(first, last, tuple((power, ticks.power_label(power)) for power in powers), log=True)
    if (close := _close_log_axis(10**low, 10**high, rows)) is not None:
        return close
    places = [
        (power + math.log10(digit), f"{digit}e{power}")
        for power in range(math.floor(low) - 1, math.ceil(high) + 2)
        for digit in (1, 2, 5)
    ]
    begin = max(place for place, _ in places if place <= low + 1e-9)
    end = min(place for place, _ in places if place >= high - 1e-9 and place > begin)
    inside = tuple((place, ticks.label(text)) for place, text in places if begin <= place <= end)
    return Axis(begin, end, inside, log=True)


def _close_log_axis(low: float, high: float, rows: int) -> Axis | None:
    """A logarithmic axis for values close together, as on a plateau; None if they are not close."""
    if not _TINY < low <= high < _HUGE:
        return None
    span = max(high - low, _LEAST_SPAN * high)
    step = ticks.nice_step(span, (rows - 1) // 2)
    middle = low / 2 + high / 2
    begin = step * math.floor((middle - span / 2) / step + 1e-6)
    end = step * math.ceil((middle + span / 2) / step - 1e-6)
    if begin <= 0 or end > _CLOSE * begin:
        return None
    places = ticks.within(begin, end, step)
    marks = zip(map(math.log10, places), ticks.labels(places, step), strict=True)
    return Axis(math.log10(begin), math.log10(end), tuple(marks), log=True)


def _clamped(values: Iterable[float]) -> list[float]:
    return [min(_HUGE, max(-_HUGE, value)) for value in values if math.isfinite(value)]
