"""Plots curves with braille dots, fast enough to draw in every frame.

The lab's charts use plotext, which takes 10 to 30 ms per picture. Here every key press needs a new picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from tui_vanish.drawing.scales import Axis, across_axis, cell, decades_axis, dot, linear_axis
from tui_vanish.theory.sheet import Sheet

Dash = Literal["solid", "dashed", "dotted", "long"]

_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_DASHES: dict[Dash, tuple[int, int]] = {
    "solid": (1, 1),
    "dashed": (6, 10),
    "dotted": (1, 3),
    "long": (18, 22),
}
_MARGIN = 6  # least cells for the labels of the y axis
_CELLS_A_TICK = 7  # on the x axis
_SLACK = 1e-9


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
        whole_x: whether the ticks of the x axis are at whole numbers only, for layers and steps.
    """

    def __init__(
        self,
        sheet: Sheet,
        xs: tuple[float, float],
        ys: tuple[float, float],
        *,
        log_y: bool = False,
        log_x: bool = False,
        whole_x: bool = False,
    ) -> None:
        self._sheet = sheet
        self._up = _up(ys, max(0, sheet.height - 1), log=log_y)
        self._margin = max(_MARGIN, *(len(label) for _, label in self._up.ticks))
        self.inner = sheet.part(self._margin + 1, 0, sheet.width - self._margin - 1, sheet.height - 1)
        self._across = _across(xs, self.inner.width, log=log_x, whole=whole_x)
        self._dots = Dots(self.inner)
        self._draw_y_axis()
        self._draw_x_axis()

    def curve(
        self,
        function: Callable[[float], float],
        role: str,
        sign: str = "*",
        dash: Dash = "solid",
        *,
        also_at: Sequence[float] = (),
    ) -> None:
        """Draw the graph of a function.

        Args:
            function: of x.
            role: its colour.
            sign: it is drawn with this in ASCII.
            dash: tells lines apart without colour.
            also_at: places to compute it at besides one per dot, where a narrow peak would be missed.
        """
        low, high = self._across.low, self._across.high
        steps = max(1, self._dots.across - 1)
        places = [low + (high - low) * step / steps for step in range(steps + 1)]
        places += [place for place in also_at if low <= place <= high]
        self.line([(x, function(x)) for x in sorted(places)], role, sign, dash)

    def line(
        self, points: Sequence[tuple[float, float]], role: str, sign: str = "*", dash: Dash = "solid"
    ) -> None:
        """Draw points joined by lines; a point that is not finite or not inside interrupts the line."""
        on, period = _DASHES[dash]
        drawn = 0
        before: tuple[int, int] | None = None
        for point in points:
            place = self._dot(*point)
            if place is not None and place == before:
                continue
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

    def below(self, function: Callable[[float], float], lowest: float, highest: float, role: str) -> None:
        """Fill the cells from `lowest` to the graph of a function; call this before `finish`.

        Args:
            function: of x.
            lowest: value at the lower edge.
            highest: a graph above it is cut there.
            role: their colour.
        """
        low, high = self._across.low, self._across.high
        bottom, steps = self.row(lowest), max(1, self.inner.width - 1)
        for x in range(self.inner.width):
            value = function(low + (high - low) * x / steps)
            top = self.row(min(value, highest))
            if value >= lowest and top is not None and bottom is not None:
                for y in range(top, bottom + 1):
                    self.inner.cell(x, y, self._sheet.signs.guide, role)

    def column(self, x: float) -> int | None:
        """The column of `x` inside the axes; None if it is outside the limits."""
        place = _inside(self._across, x)
        return None if place is None else cell(place, self.inner.width, 2)

    def row(self, y: float) -> int | None:
        """The row of `y` inside the axes; None if it is outside the limits."""
        place = _inside(self._up, y)
        return None if place is None else self.inner.height - 1 - cell(place, self.inner.height, 4)

    def _dot(self, x: float, y: float) -> tuple[int, int] | None:
        across, up = _inside(self._across, x), _inside(self._up, y)
        if across is None or up is None:
            return None
        place = cell if self._sheet.ascii else dot
        return place(across, self.inner.width, 2), self._dots.down - 1 - place(up, self.inner.height, 4)

    def _draw_y_axis(self) -> None:
        signs = self._sheet.signs
        for y in range(self.inner.height):
            self._sheet.cell(self._margin, y, signs.axis, "dim")
        for value, text in self._up.ticks:
            if (row := self.row(value)) is not None:
                self._sheet.put(self._margin - len(text), row, text, "dim")
                self._sheet.cell(self._margin, row, signs.axis_tick, "dim")

    def _draw_x_axis(self) -> None:
        end = 0
        for value, text in self._across.ticks:
            column = self.column(value)
            if column is None:
                continue
            left = min(self._margin + 1 + column - (len(text) - 1) // 2, self._sheet.width - len(text))
            if left >= end:
                end = self._sheet.put(left, self.inner.height, text, "dim") + 1


def _up(limits: tuple[float, float], cells: int, *, log: bool) -> Axis:
    """An axis that contains the limits, which are log10 of the values if `log`, as its places then are."""
    axis = (decades_axis if log else linear_axis)(*_apart(limits), cells)
    return replace(axis, log=False)  # the pages pass logarithms


def _across(limits: tuple[float, float], cells: int, *, log: bool, whole: bool) -> Axis:
    low, high = _apart(limits)
    if log:
        return replace(decades_axis(low, high, cells, least_gap=_CELLS_A_TICK), log=False)
    return across_axis(low, high, cells, least_gap=_CELLS_A_TICK, whole=whole)


def _apart(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def _inside(axis: Axis, value: float) -> float | None:
    place = axis.fraction(value)
    return place if place is not None and -_SLACK <= place <= 1 + _SLACK else None


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
