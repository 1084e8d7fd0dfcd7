"""Draws images, histograms and bars with characters."""

import math
from collections.abc import Sequence

from engine.protocol.data_spec import FASHION_MNIST
from tui_vanish.drawing.canvas import grey_role
from tui_vanish.theory.sheet import Sheet

SIDE = FASHION_MNIST.shape[0]  # pixels; the images are square
_SHADES, _ASCII_SHADES = " ░▒▓█", " .:-=+*%#@"
_LEVELS = "⣀⠤⠒⠉"  # a short line at each quarter of a cell, from the bottom
_MARK_EVERY = 2  # columns; the bars show between the marks
_HEIGHTS, _ASCII_HEIGHTS = " ▁▂▃▄▅▆▇█", " .:#"


def image(sheet: Sheet, pixels: bytes, columns: int) -> None:
    """Draw an image, `columns` cells wide and half as high, because cells are twice as high as wide.

    A cell shows two pixels one above the other in grey. Without such colours it is a shade of their mean.

    Args:
        sheet: where it is drawn, from the upper left corner.
        pixels: 0 to 255, one byte each, row by row, in the shape of the data set's images.
        columns: the images' width, half of it (four pixels are averaged), or a multiple of it.
    """
    step = max(1, SIDE // columns)
    shades = _ASCII_SHADES if sheet.ascii else _SHADES
    for row in range(columns // 2):
        for column in range(columns):
            x = column * SIDE // columns
            above, below = (half * SIDE // columns for half in (2 * row, 2 * row + 1))
            upper, lower = _mean(pixels, x, above, step), _mean(pixels, x, below, step)
            if sheet.greys:
                sheet.cell(column, row, "▀", grey_role(upper, lower))
            else:
                sign = shades[int((upper + lower) / 2 / 256 * len(shades))]
                sheet.cell(column, row, sign, "text")


def _mean(pixels: bytes, x: int, y: int, step: int) -> float:
    inside = [pixels[(y + dy) * SIDE + x + dx] for dy in range(step) for dx in range(step)]
    return sum(inside) / len(inside)


def columns(sheet: Sheet, heights: Sequence[float], role: str, highest: float | None = None) -> None:
    """Draw one column per height, one cell wide; `highest`, by default the maximum, fills the sheet."""
    signs = _ASCII_HEIGHTS if sheet.ascii else _HEIGHTS
    top = highest or max(heights, default=0.0) or 1.0
    parts = len(signs) - 1
    for x, height in enumerate(heights):
        eighths = round(min(1.0, height / top) * sheet.height * parts)
        if height > 0:
            eighths = max(1, eighths)
        for up in range(sheet.height):
            part = max(0, min(parts, eighths - up * parts))
            if part:
                sheet.cell(x, sheet.height - 1 - up, signs[part], role)


def column_marks(
    sheet: Sheet, heights: Sequence[float], bars: Sequence[float], role: str, highest: float
) -> None:
    """Draw a short line at every second height, over columns of the heights `bars`, so that both can be seen.

    Args:
        sheet: where `columns` has drawn the bars.
        heights: where the lines are.
        bars: as many as `heights`; a line inside a bar keeps the bar's colour behind it.
        role: of the lines; `ROLE-on-bar` is the role inside a bar.
        highest: the height that fills the sheet.
    """
    for x, (height, bar) in enumerate(zip(heights, bars, strict=True)):
        level = min(math.floor(height / highest * 4 * sheet.height), 4 * sheet.height - 1)
        if x % _MARK_EVERY or level < 1:
            continue
        up, part = divmod(level, 4)
        covered = bar / highest * sheet.height >= up + 1
        sign = "o" if sheet.ascii else _LEVELS[part]
        sheet.cell(x, sheet.height - 1 - up, sign, f"{role}-on-bar" if covered else role)


def log_bar(sheet: Sheet, y: int, value: float, low: float, high: float, role: str) -> None:
    """Draw a bar of `value` in row `y`, on a log scale from 10^low to 10^high; none if the value is 0."""
    for x in range(_length(sheet, value, low, high)):
        sheet.cell(x, y, sheet.signs.bar, role)


def log_mark(sheet: Sheet, y: int, value: float, low: float, high: float, role: str) -> None:
    """Draw a mark where a bar of `value` would end."""
    if length := _length(sheet, value, low, high):
        sheet.cell(length - 1, y, sheet.signs.theory, role)


def _length(sheet: Sheet, value: float, low: float, high: float) -> int:
    if not value > 0:
        return 0
    share = (math.log10(value) - low) / (high - low) if value < math.inf else 1.0
    return max(1, round(min(1.0, max(0.0, share)) * sheet.width))


def rebinned(shares: Sequence[float], intervals: int) -> list[float]:
    """The histogram in `intervals` equal intervals; old shares are divided among those they overlap."""
    found = [0.0] * intervals
    old = len(shares)
    for place, share in enumerate(shares):
        # Whole numbers, with a new interval `old` units long, so rounding can fill no interval that is empty.
        left, right = place * intervals, (place + 1) * intervals
        for new in range(left // old, (right - 1) // old + 1):
            found[new] += share * (min(right, (new + 1) * old) - max(left, new * old)) / intervals
    return found
