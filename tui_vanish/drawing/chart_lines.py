"""Prepares a chart's line for drawing: splits it at interruptions, thins it, makes dashes."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui_vanish.drawing.scales import Axis, cell, dot

_DASH, _DASH_AND_GAP = 3, 5  # cells


class Piece(NamedTuple):
    """Points between two interruptions, in fractions of the plot's width and height."""

    xs: list[float]
    ys: list[float]


class Points(NamedTuple):
    """Points of a line, in measured values."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]


class Seen(NamedTuple):
    """The visible part of a line: its pieces, and the interruptions as position on the x axis and value."""

    pieces: list[Piece]
    interruptions: list[tuple[float, float]]


def seen(xs: Sequence[float], ys: Sequence[float], x_axis: Axis, y_axis: Axis, width: int) -> Seen:
    """The part of a line that is on the x axis, thinned for `width` cells.

    A value that the y axis cannot show interrupts the line. Per column, the lowest and the highest point are
    kept.
    """
    found: list[list[tuple[int, float, float]]] = [[]]
    interruptions: list[tuple[float, float]] = []
    for x, y in zip(xs, ys, strict=False):
        across = x_axis.fraction(x)
        if across is None or not 0 <= across <= 1:
            continue
        up = y_axis.fraction(y)
        if up is None:
            interruptions.append((across, y))
            if found[-1]:
                found.append([])
        else:
            up = 0.0 if up < 0 else 1.0 if up > 1 else up
            found[-1].append((cell(across, width, 2), across, up))
    return Seen([_thinned(points) for points in found if points], interruptions)


def cut_to(xs: Sequence[float], ys: Sequence[float], low: float, high: float, *, joined: bool) -> Points:
    """The points from `low` to `high`; a `joined` line also gets a point where it crosses either limit."""
    first, last = bisect_left(xs, low), bisect_right(xs, high)
    inside = Points(tuple(xs[first:last]), tuple(ys[first:last]))
    if not joined:
        return inside
    before = _crossing(xs, ys, first, low)
    after = _crossing(xs, ys, last, high)
    return Points(
        (*before.xs, *inside.xs, *after.xs),
        (*before.ys, *inside.ys, *after.ys),
    )


def _crossing(xs: Sequence[float], ys: Sequence[float], place: int, edge: float) -> Points:
    """Where the line crosses `edge` between the points before and at `place`; empty if it does not."""
    if not 0 < place < min(len(xs), len(ys)):
        return Points((), ())
    (x0, x1), (y0, y1) = xs[place - 1 : place + 1], ys[place - 1 : place + 1]
    if not x0 < edge < x1 or not all(map(math.isfinite, (x1 - x0, edge - x0, y0, y1))):
        return Points((), ())
    part = (edge - x0) / (x1 - x0)
    return Points((edge,), (y0 * (1 - part) + y1 * part,))


def _thinned(points: list[tuple[int, float, float]]) -> Piece:
    piece = Piece([], [])
    start = 0
    for end in range(1, len(points) + 1):
        if end < len(points) and points[end][0] == points[start][0]:
            continue
        column = points[start:end]
        if len(column) > 2:
            lowest, highest = min(column, key=lambda point: point[2]), max(column, key=lambda point: point[2])
            column = sorted({lowest, highest})
        for _, x, y in column:
            piece.xs.append(x)
            piece.ys.append(y)
        start = end
    return piece


def dashes(piece: Piece, width: int) -> Iterator[Piece]:
    """Split a piece into dashes, so that a line under it is visible in the gaps."""
    xs, ys = piece
    column = 1 / max(1, width - 1)
    for start in range(math.floor(xs[0] / column) // _DASH_AND_GAP * _DASH_AND_GAP, width, _DASH_AND_GAP):
        left, right = max(xs[0], (start - 0.2) * column), min(xs[-1], (start + _DASH - 0.4) * column)
        if left < right:
            inside = slice(bisect_right(xs, left), bisect_left(xs, right))
            yield Piece(
                [left, *xs[inside], right], [_height(piece, left), *ys[inside], _height(piece, right)]
            )


def dots(piece: Piece, width: int, height: int, *, ascii: bool) -> tuple[tuple[int, int], ...]:
    """The points on the grid of a plot's dots, without repeating a dot for neighbouring points.

    Args:
        piece: in fractions of the plot.
        width: of the plot in cells; braille has two dots per cell.
        height: of the plot in cells; braille has four dots per cell.
        ascii: a cell has one dot, the one of the cell in which braille would have it.
    """
    place = cell if ascii else dot
    grid = [(place(x, width, 2), place(y, height, 4)) for x, y in zip(*piece, strict=True)]
    return tuple(at for number, at in enumerate(grid) if number == 0 or at != grid[number - 1])


def _height(piece: Piece, x: float) -> float:
    """The height of the line at `x`, which must lie within the piece."""
    after = min(max(1, bisect_left(piece.xs, x)), len(piece.xs) - 1)
    (x0, x1), (y0, y1) = piece.xs[after - 1 : after + 1], piece.ys[after - 1 : after + 1]
    return y0 if x1 <= x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
