"""The axes of a chart: where they begin and end, and the position of a value on them."""

import math
from collections.abc import Iterable, Sequence

from tui_vanish.drawing import ticks
from tui_vanish.drawing.scales import Axis, across_axis, decades_axis, linear_axis, ratio_axis

_HUGE = 1e300  # above this, the difference of two values may overflow
_TINY = 1e-250  # below this, a hundredth of a value may underflow
_LEAST_SPAN = 0.04  # of a linear axis, relative to the values, so that noise on a plateau looks flat
_FEW_DECADES = 1.5  # up to this span, the ticks of a logarithmic axis are not at powers of ten only
_CELLS_A_TICK = 7  # on the x axis


def x_axis(xs: Iterable[float], limits: tuple[float, float] | None, width: int) -> Axis:
    """An axis of epochs, steps or seconds.

    Without `limits` it begins at 0 unless all of `xs` are far from 0, grows in round numbers, and has ticks
    at whole numbers only. `limits`, as of a zoom, are its exact ends; its ticks are even to one cell.
    """
    finite = _clamped(xs)
    if limits is not None:
        low, high = limits[0], max(limits[1], math.nextafter(limits[0], math.inf))
    else:
        low, high = min(finite, default=0.0), max(finite, default=0.0)
        if 0 <= low <= max(1.0, high / 2):
            low = 0.0
        high = low + max(ticks.nice_end(max(1.0, high - low)), abs(low) * 1e-9)
        return across_axis(low, high, width, least_gap=_CELLS_A_TICK, whole=True)
    step = ticks.nice_step(high - low, width // _CELLS_A_TICK)
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
    axis = linear_axis(low, high, rows)
    marks = tuple((place / scale, label) for place, label in axis.ticks)
    return Axis(axis.low / scale, axis.high / scale, marks)


def _log_axis(values: Sequence[float], rows: int) -> Axis:
    low, high = min(values, default=0.1), max(values, default=1.0)
    if math.log10(high) - math.log10(low) > _FEW_DECADES or not _TINY < low <= high < _HUGE:
        first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
        return decades_axis(first, max(last, first + 1), rows)
    if high - low < (span := _LEAST_SPAN * high):
        middle = low / 2 + high / 2
        low, high = middle - span / 2, middle + span / 2
    return ratio_axis(low, high, rows)


def _clamped(values: Iterable[float]) -> list[float]:
    return [min(_HUGE, max(-_HUGE, value)) for value in values if math.isfinite(value)]
