"""Plots curves with braille dots, fast enough to draw in every frame.

The lab's charts use plotext, which takes 10 to 30 ms per picture. Here every key press needs a new picture.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from tui_vanish.drawing import ticks
from tui_vanish.theory.sheet import Sheet

Dash = Literal["solid", "dashed", "dotted", "long"]

_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_DASHES: dict[Dash, tuple[int, int]] = {
    "solid": (1, 1),
    "dashed": (6, 10),
    "dotted": (1, 3),
    "long": (18, 22),
}
_MARGIN = 6  # cells for the labels of the y axis


class Dots:
    """A grid of braille dots, two by four per cell; in ASCII, one sign per cell.

    Args:
        sheet: where they are drawn.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.across = sheet.width * (1 if sheet.ascii else 2)
        self.down = sheet.height * (1 if sheet.ascii else 4)
        self._cells: dict[tuple[int, int], tuple[int, str, str]] = {}

    def dot(self, x: int, y: int, role: str, sign: str = "*") -> None:
        """Set the dot in column `x` and row `y` from the top; in ASCII it is drawn as `sign`."""
        if not (0 <= x < self.across and 0 <= y < self.down):
            return
        if self._sheet.ascii:
            self._cells[x, y] = 0, role, sign
            return
        bits, _, _ = self._cells.get((x // 2, y // 4), (0, "", ""))
        self._cells[x // 2, y // 4] = bits | _BITS[y % 4][x % 2], role, sign

    def draw(self) -> None:
        """Put the dots on the sheet."""
        for (x, y), (bits, role, sign) in self._cells.items():
            self._sheet.cell(x, y, sign if self._sheet.ascii else chr(0x2800 + bits), role)


class Plot:
    """Axes on a sheet, with curves inside. Points outside the limits are not drawn.

    Args:
        sheet: room for the plot and its labels.
        xs: the ends of the x axis.
        ys: the ends of the y axis.
        log_y: whether the y axis is logarithmic: limits and values are then given as log10.
        log_x: the same for the x axis.
    """

    def __init__(
        self,
        sheet: Sheet,
        xs: tuple[float, float],
        ys: tuple[float, float],
        *,
        log_y: bool = False,
        log_x: bool = False,
    ) -> None:
        self._sheet = sheet
        self._xs, self._ys = xs, ys
        self.inner = sheet.part(_MARGIN + 1, 0, sheet.width - _MARGIN - 1, sheet.height - 1)
        self._dots = Dots(self.inner)
        self._draw_y_axis(log_y)
        self._draw_x_axis(log_x)

    def curve(
        self, function: Callable[[float], float], role: str, sign: str = "*", dash: Dash = "solid"
    ) -> None:
        """Draw the graph of a function."""
        low, high = self._xs
        steps = max(1, self._dots.across - 1)
        points = [low + (high - low) * step / steps for step in range(steps + 1)]
        self.line([(x, function(x)) for x in points], role, sign, dash)

    def line(
        self, points: Sequence[tuple[float, float]], role: str, sign: str = "*", dash: Dash = "solid"
    ) -> None:
        """Draw points joined by lines; a point that is not finite or not inside interrupts the line."""
        on, period = _DASHES[dash]
        drawn = 0
        before: tuple[int, int] | None = None
        for point in points:
            place = self._dot(*point)
            for x, y in _between(before or place, place) if place else ():
                if drawn % period < on:
                    self._dots.dot(x, y, role, sign)
                drawn += 1
            before = place

    def finish(self) -> None:
        """Put the curves on the sheet; call this before marks and labels are drawn."""
        self._dots.draw()

    def mark(self, x: float, y: float, sign: str, role: str) -> None:
        """Draw a sign at a point."""
        column, row = self.column(x), self.row(y)
        if column is not None and row is not None:
            self.inner.cell(column, row, sign, role)

    def label(self, x: float, y: float, text: str, role: str, *, dy: int = 0) -> None:
        """Write a few words to the right of a point, or farther left if they would not fit."""
        column, row = self.column(x), self.row(y)
        if column is not None and row is not None:
            text = self.inner.spelt(text)
            left = max(0, min(column + 1, self.inner.width - len(text)))
            self.inner.put(left, min(max(0, row + dy), self.inner.height - 1), text, role)

    def vertical(self, x: float, role: str) -> None:
        """Draw a vertical line behind the curves; call this before `finish`."""
        if (column := self.column(x)) is not None:
            for y in range(self.inner.height):
                self.inner.cell(column, y, self._sheet.signs.mark, role)

    def horizontal(self, y: float, role: str) -> None:
        """Draw a horizontal line behind the curves; call this before `finish`."""
        if (row := self.row(y)) is not None:
            for x in range(self.inner.width):
                self.inner.cell(x, row, self._sheet.signs.guide, role)

    def column(self, x: float) -> int | None:
        """The column of `x` inside the axes; None if it is outside the limits."""
        return _place(x, self._xs, self.inner.width)

    def row(self, y: float) -> int | None:
        """The row of `y` inside the axes; None if it is outside the limits."""
        up = _place(y, self._ys, self.inner.height)
        return None if up is None else self.inner.height - 1 - up

    def _dot(self, x: float, y: float) -> tuple[int, int] | None:
        across, up = _place(x, self._xs, self._dots.across), _place(y, self._ys, self._dots.down)
        return None if across is None or up is None else (across, self._dots.down - 1 - up)

    def _draw_y_axis(self, log: bool) -> None:
        signs = self._sheet.signs
        for y in range(self.inner.height):
            self._sheet.cell(_MARGIN, y, signs.axis, "dim")
        for value, text in _ticks(self._ys, log, max(2, self.inner.height // 2)):
            if (row := self.row(value)) is not None:
                self._sheet.put(_MARGIN - len(text), row, text, "dim")
                self._sheet.cell(_MARGIN, row, signs.axis_tick, "dim")

    def _draw_x_axis(self, log: bool) -> None:
        end = 0
        for value, text in _ticks(self._xs, log, max(2, self.inner.width // 7)):
            column = self.column(value)
            if column is None:
                continue
            left = min(_MARGIN + 1 + column - (len(text) - 1) // 2, self._sheet.width - len(text))
            if left >= end:
                end = self._sheet.put(left, self.inner.height, text, "dim") + 1


def _ticks(limits: tuple[float, float], log: bool, most: int) -> list[tuple[float, str]]:
    low, high = limits
    if log:
        return [
            (power, ticks.power_label(power))
            for power in ticks.decades(math.ceil(low), math.floor(high), most)
        ]
    step = ticks.nice_step(high - low, most)
    places = ticks.within(low, high, step)
    return list(zip(places, ticks.labels(places, step), strict=True))


def _place(value: float, limits: tuple[float, float], cells: int) -> int | None:
    low, high = limits
    if not math.isfinite(value) or not low <= value <= high:
        return None
    return round((value - low) / (high - low) * (cells - 1))


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The dots from `start` (exclusive) to `end`; `end` alone if the two are equal."""
    (x0, y0), (x1, y1) = start, end
    steps = max(abs(x1 - x0), abs(y1 - y0))
    if steps == 0:
        return [end]
    return [
        (round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps))
        for step in range(1, steps + 1)
    ]
