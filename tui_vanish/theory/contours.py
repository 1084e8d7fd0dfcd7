"""Draws a surface of two weights as contour lines, and signs at points of it."""

from functools import lru_cache

from engine.theory.surfaces import REACH, SURFACES, Point
from tui_vanish.theory.plot import Dots
from tui_vanish.theory.sheet import Sheet

_BANDS, _ASCII_BANDS = 14, 6  # levels between the lowest and the highest visible point
_BY_NAME = {surface.name: surface for surface in SURFACES}


class Map:
    """A contour map of a surface, from −4 to 4 on both axes, that fills a sheet.

    Args:
        sheet: where the map is drawn.
        name: of the surface.
    """

    def __init__(self, sheet: Sheet, name: str) -> None:
        self._sheet = sheet
        dots = Dots(sheet)
        for x, y in _contours(name, dots.across, dots.down, _ASCII_BANDS if sheet.ascii else _BANDS):
            dots.dot(x, y, "line", ".")
        dots.draw()

    def put(self, at: Point, sign: str, role: str) -> None:
        """Draw a sign at a point; a point outside the map is not drawn."""
        if abs(at.x) <= REACH and abs(at.y) <= REACH:
            column = round((at.x + REACH) / (2 * REACH) * (self._sheet.width - 1))
            row = round((REACH - at.y) / (2 * REACH) * (self._sheet.height - 1))
            self._sheet.cell(column, row, sign, role)


@lru_cache(maxsize=8)
def _contours(name: str, across: int, down: int, levels: int) -> tuple[tuple[int, int], ...]:
    """The dots whose right or lower neighbour lies in another band of heights."""
    if across < 2 or down < 2:
        return ()
    xs = [REACH * (2 * x / (across - 1) - 1) for x in range(across)]
    ys = [REACH * (1 - 2 * y / (down - 1)) for y in range(down)]
    heights = _BY_NAME[name].heights(xs, ys)
    lowest, highest = min(map(min, heights)), max(map(max, heights))
    span = (highest - lowest) or 1.0  # a few points can all be equally high
    bands = [[int((height - lowest) / span * levels) for height in row] for row in heights]
    return tuple(
        (x, y)
        for y in range(down - 1)
        for x in range(across - 1)
        if bands[y][x] != bands[y][x + 1] or bands[y][x] != bands[y + 1][x]
    )
