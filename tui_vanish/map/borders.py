"""The lines between the cells of the map: theory's borders, and the edge of what has learnt.

A border lies between two neighbouring cells that differ: one is on its one side, one on the other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tui_vanish.map.grid import Grid, Point
from tui_vanish.map.reading import LEARNT

Edge = tuple[int, int]  # the column and the row of the cell on the left of it, or below it
Side = Callable[[Point], bool | None]  # None for a cell that is on no side


@dataclass(frozen=True, slots=True)
class Border:
    """One border.

    Attributes:
        level: pieces of the line between a cell and the one above it.
        upright: pieces between a cell and the one on its right.
    """

    level: frozenset[Edge] = frozenset()
    upright: frozenset[Edge] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.level or self.upright)


@dataclass(frozen=True, slots=True)
class Borders:
    """All borders of a map.

    Attributes:
        theory: up to 6 ξ layers deep.
        learnt: what has reached a test accuracy of 50 %.
        chi: the line χ = 1.
    """

    theory: Border = field(default_factory=Border)
    learnt: Border = field(default_factory=Border)
    chi: Border = field(default_factory=Border)

    def __bool__(self) -> bool:
        return bool(self.theory or self.learnt or self.chi)


def borders_of(grid: Grid) -> Borders:
    """The borders, if the number of layers is an axis and theory says something about the networks."""
    points = [point for column in grid.points for point in column]
    if not grid.has_depth or all(point.theory is None for point in points):
        return Borders()
    return Borders(_border(grid, _within_reach), _border(grid, _has_learnt), _border(grid, _explodes))


def _within_reach(point: Point) -> bool | None:
    if point.theory is None:
        return None
    reach = point.theory.reach
    return reach is None or point.depth <= reach


def _explodes(point: Point) -> bool | None:
    return None if point.theory is None else point.theory.chi > 1


def _has_learnt(point: Point) -> bool | None:
    if point.status == "diverged":
        return False
    if point.status != "finished" or point.accuracy is None:
        return None
    return point.accuracy >= LEARNT


def _border(grid: Grid, side: Side) -> Border:
    sides = [[side(point) for point in column] for column in grid.points]

    def differ(one: bool | None, other: bool | None) -> bool:
        return one is not None and other is not None and one is not other

    columns, rows = len(sides), len(sides[0])
    return Border(
        frozenset(
            (x, y) for x in range(columns) for y in range(rows - 1) if differ(sides[x][y], sides[x][y + 1])
        ),
        frozenset(
            (x, y) for x in range(columns - 1) for y in range(rows) if differ(sides[x][y], sides[x + 1][y])
        ),
    )
