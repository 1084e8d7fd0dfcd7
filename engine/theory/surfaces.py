"""Error surfaces over two weights, on which the theory pages show optimizers.

Tan and Lim (2020) show a hilly surface and a deep Gaussian trench, but print no formulas. These are ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A point on a surface, or a vector."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Well:
    """A term −depth · e^(−u²/2), u² = ((x − cx)/sx)² + ((y − cy)/sy)². A width of inf removes its term."""

    depth: float
    centre: Point
    widths: Point


@dataclass(frozen=True, slots=True)
class Surface:
    """f(x, y) = offset + ½ bowl (x² + y²) plus wells, for −4 ≤ x, y ≤ 4.

    Attributes:
        name: for the page.
        formula: its lines.
        offset: a constant.
        bowl: the curvature of the bowl.
        wells: terms that are added to the bowl.
        minima: all minima, the global one first.
    """

    name: str
    formula: tuple[str, ...]
    offset: float
    bowl: float
    wells: tuple[Well, ...]
    minima: tuple[Point, ...]

    def value(self, at: Point) -> float:
        """f at a point."""
        bowl = self.offset + 0.5 * self.bowl * (at.x * at.x + at.y * at.y)
        return bowl - sum(_height(well, at) for well in self.wells)

    def heights(self, xs: Sequence[float], ys: Sequence[float]) -> list[list[float]]:
        """Compute f on a grid.

        This is fast, because a well is a product of one factor for x and one for y.

        Returns:
            One row for each of `ys`, with one value for each of `xs`.
        """
        rows = [[self.offset + 0.5 * self.bowl * (x * x + y * y) for x in xs] for y in ys]
        for well in self.wells:
            across = [_height(well, Point(x, well.centre.y)) for x in xs]
            down = [_height(well, Point(well.centre.x, y)) / well.depth for y in ys]
            for row, factor in zip(rows, down, strict=True):
                row[:] = [height - factor * depth for height, depth in zip(row, across, strict=True)]
        return rows

    def gradient(self, at: Point) -> Point:
        """The gradient (∂f/∂x, ∂f/∂y) at a point."""
        x, y = self.bowl * at.x, self.bowl * at.y
        for well in self.wells:
            height = _height(well, at)
            x += height * (at.x - well.centre.x) / well.widths.x**2
            y += height * (at.y - well.centre.y) / well.widths.y**2
        return Point(x, y)

    def curvature(self, at: Point) -> Point:
        """The diagonal of the Hessian, (∂²f/∂x², ∂²f/∂y²), at a point."""
        x = y = self.bowl
        for well in self.wells:
            height = _height(well, at)
            (cx, cy), (sx, sy) = well.centre, well.widths
            x += height * (1 - ((at.x - cx) / sx) ** 2) / sx**2
            y += height * (1 - ((at.y - cy) / sy) ** 2) / sy**2
        return Point(x, y)


REACH = 4.0  # the surfaces are drawn from −REACH to REACH in x and y


def _height(well: Well, at: Point) -> float:
    u = (at.x - well.centre.x) / well.widths.x
    v = (at.y - well.centre.y) / well.widths.y
    return well.depth * math.exp(-0.5 * (u * u + v * v))


HILLY = Surface(
    "hilly",
    (
        "f = 0.05(x² + y²)",
        "  − 1.0e^(−½((x + 2)² + (y − 1)²))",
        "  − 1.2e^(−½((x − 2)² + (y − 2)²))",
        "  − 2.0e^(−½((x − 1)² + (y + 2)²))",
    ),
    0.0,
    0.1,
    (
        Well(1.0, Point(-2, 1), Point(1, 1)),
        Well(1.2, Point(2, 2), Point(1, 1)),
        Well(2.0, Point(1, -2), Point(1, 1)),
    ),
    (Point(0.952019, -1.903332), Point(1.840563, 1.839516), Point(-1.811377, 0.906191)),
)
TRENCH = Surface(
    "trench",
    ("f = 0.05(x² + y²)", "  − 2e^(−½(y/0.25)²)"),
    0.0,
    0.1,
    (Well(2.0, Point(0, 0), Point(math.inf, 0.25)),),
    (Point(0.0, 0.0),),
)
PLATEAU = Surface(
    "plateau",
    ("f = 1 − e^(−½(x² + y²))",),
    1.0,
    0.0,
    (Well(1.0, Point(0, 0), Point(1, 1)),),
    (Point(0.0, 0.0),),
)
SURFACES = (HILLY, TRENCH, PLATEAU)
