"""Images and histograms drawn with the signs of a terminal."""

import math
from collections.abc import Sequence

from tui_vanish.theory.sheet import Sheet

SIDE = 28
_SHADES, _ASCII_SHADES = " ░▒▓█", " .:-=+*%#@"
_HEIGHTS, _ASCII_HEIGHTS = " ▁▂▃▄▅▆▇█", " .:#"


def image(sheet: Sheet, pixels: bytes, columns: int) -> None:
    """A 28 × 28 image, `columns` (28 or 14) wide and half as high, since a cell is twice as high as wide."""
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
    """A column for each of `heights`, a cell wide; the highest fills the sheet unless `highest` says more."""
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


def log_bar(sheet: Sheet, y: int, value: float, low: float, high: float, role: str) -> None:
    """A bar in row `y` whose end stands for `value` between 10^low and 10^high; of 0 there is none."""
    for x in range(_length(sheet, value, low, high)):
        sheet.cell(x, y, sheet.signs.bar, role)


def log_mark(sheet: Sheet, y: int, value: float, low: float, high: float, role: str) -> None:
    """A mark where a bar of `value` would end."""
    if length := _length(sheet, value, low, high):
        sheet.cell(length - 1, y, sheet.signs.theory, role)


def _length(sheet: Sheet, value: float, low: float, high: float) -> int:
    if not value > 0:
        return 0
    share = (math.log10(value) - low) / (high - low) if value < math.inf else 1.0
    return max(1, round(min(1.0, max(0.0, share)) * sheet.width))


def rebinned(shares: Sequence[float], intervals: int) -> list[float]:
    """A histogram in other equal intervals: each old one is divided among those that it reaches into."""
    found = [0.0] * intervals
    old = len(shares)
    for place, share in enumerate(shares):
        # In whole numbers, where a new interval is `old` long: rounding puts nothing where nothing was.
        left, right = place * intervals, (place + 1) * intervals
        for new in range(left // old, (right - 1) // old + 1):
            found[new] += share * (min(right, (new + 1) * old) - max(left, new * old)) / intervals
    return found
