"""What the cells of the map show: each quantity as a short text, and as one of five colours."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.sweeps.results import STOPPED, TRAINING, WAITING
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece
from tui_vanish.instruments.status import mark
from tui_vanish.language import marked_in
from tui_vanish.map.grid import Grid, Point
from tui_vanish.monitor.theory_marks import passed_on
from vanish_recorder.protocol.status import Status

HEAT = 5
_LETTERS = {
    "non_finite": "N",
    "exploding": "E",
    "vanishing": "V",
    "forward_collapse": "C",
    "dead": "D",
    "skipped_steps": "K",
    "underflow": "U",
    "immovable": "I",
    "below_eps": "B",
    "saturated": "A",
    "stuck": "S",
    "signal_shrinks": "W",
    "vanishing_in_time": "T",
    "frozen": "F",
    "learning": "L",
    "healthy": "H",
}
_WORST, _MILDER, _NEUTRAL, _GOOD = 1, 2, 3, 5
_SIGNS: dict[str, tuple[str, str]] = {
    TRAINING: (mark(Status.RUNNING), "accent"),
    STOPPED: (mark(Status.STOPPED), "warn"),
    "failed": (mark(Status.FAILED), "bad"),
    "diverged": (mark(Status.DIVERGED), "bad"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity of the cells.

    Attributes:
        title: what it is, in a few words.
        width: cells of its longest text.
        text: of a cell; empty if it is not known.
        level: its colour, from 1 to 5, on a scale up to that of the whole map.
        scale: the largest value of the map, which is looked for once for all cells.
        needs_logs: whether it is in the logs only.
    """

    title: str
    width: int
    text: Callable[[Point], str]
    level: Callable[[Point, float], int]
    scale: Callable[[Grid], float] = lambda grid: 1.0
    needs_logs: bool = False


def _accuracy(point: Point) -> str:
    return "" if point.accuracy is None else f"{100 * point.accuracy:.0f}"


def _learnt(point: Point) -> str:
    if point.learnt is not None:
        return f"{point.learnt:.3g}"
    return format.MISSING if point.status in ("finished", "diverged") and point.facts else ""


def _time(point: Point) -> str:
    return "" if point.seconds is None else format.duration(point.seconds)


def _factor(point: Point) -> str:
    return "" if point.factor is None or not 0 < point.factor < math.inf else passed_on(point.factor)


def _verdict(point: Point) -> str:
    return _LETTERS.get(point.verdict, "?") if point.verdict else ""


def _level_of_verdict(point: Point, most: float) -> int:
    if point.verdict in ("learning", "healthy"):
        return _GOOD
    if point.verdict == "frozen":
        return _NEUTRAL
    return _WORST if "NEVCD".find(_verdict(point)) >= 0 else _MILDER


def _share(value: float | None, most: float) -> int:
    return 1 if value is None or most <= 0 else 1 + min(HEAT - 1, int(value / most * HEAT))


def _most(grid: Grid, value: Callable[[Point], float | None]) -> float:
    return max((value(point) or 0.0 for column in grid.points for point in column), default=0.0)


MEASURES: tuple[Measure, ...] = (
    Measure(
        marked_in("measure", "test accuracy in %"),
        3,
        _accuracy,
        lambda point, most: _share(point.accuracy, most),
    ),
    Measure(
        marked_in("measure", "epochs until test accuracy ≥ 50 %"),
        3,
        _learnt,
        lambda point, most: 1 if point.learnt is None else HEAT + 1 - _share(point.learnt, most),
        lambda grid: _most(grid, lambda point: point.learnt),
        needs_logs=True,
    ),
    Measure(marked_in("measure", "most severe verdict"), 1, _verdict, _level_of_verdict),
    Measure(
        marked_in("measure", "dL/da that a layer passes on at step 1"),
        5,
        _factor,
        lambda point, most: (
            HEAT - min(HEAT - 1, int(4 * abs(math.log10(point.factor)))) if point.factor else 1
        ),
        needs_logs=True,
    ),
    Measure(
        marked_in("measure", "training time"),
        5,
        _time,
        lambda point, most: _share(point.seconds, most),
        lambda grid: _most(grid, lambda point: point.seconds),
    ),
)


def cell(point: Point, most: float, measure: Measure, width: int) -> tuple[Piece, Piece]:
    """The sign of a cell's status, and its number in the colour of its value.

    Args:
        point: the cell.
        most: the scale of the measure for the whole map.
        measure: the quantity.
        width: of both together.
    """
    if point.status == WAITING:
        return Piece(" ", "dim"), Piece("·".rjust(width - 1), "dim")
    sign, role = _SIGNS.get(point.status, (" ", "dim"))
    text = measure.text(point)
    heat = f"heat-{measure.level(point, most)}" if text else "dim"
    return Piece(sign, role), Piece(text.rjust(width - 1)[: width - 1], heat)


def legend(grid: Grid, measure: Measure) -> str:
    """What the letters mean that are shown; empty for numbers."""
    if measure.text is not _verdict:
        return ""
    kinds = {point.verdict for column in grid.points for point in column if point.verdict}
    shown = [kind for kind in _LETTERS if kind in kinds]
    return "  ".join(f"{_LETTERS[kind]} {kind.replace('_', ' ')}" for kind in shown)
