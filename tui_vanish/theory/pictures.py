"""Draws images, histograms and bars with characters."""

import math
from collections.abc import Sequence

from tui_vanish.theory.sheet import Sheet

SIDE = 28
_SHADES, _ASCII_SHADES = " ░▒▓█", " .:-=+*%#@"
_LEVELS = "⣀⠤⠒⠉"  # a short line at each quarter of a cell, from the bottom
_MARK_EVERY = 3  # columns; the bars show between the marks
_HEIGHTS, _ASCII_HEIGHTS = " ▁▂▃▄▅▆▇█", " .:#"


def image(sheet: Sheet, pixels: bytes, columns: int) -> None:
    """Draw a 28 × 28 image, `columns` (28 or 14) wide and half as high: cells are twice as high as wide."""
    shades = _ASCII_SHADES if sheet.ascii else _SHADES
    step = SIDE // columns
    for y in range(0, SIDE, 2 * step):
        row = ""
        for x in range(0, SIDE, step):
            inside = [pixels[(y + dy) * SIDE + x + dx] for dy in range(2 * step) for dx in range(step)]
            row += shades[int(sum(inside) / len(inside) / 256 * len(shades))]
        for place, sign in enumerate(row):
            sheet.cell(place, y // (2 * step), sign, "text")


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
    """Draw a short line at each third height, over columns of the heights `bars`, so that both can be seen.

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
