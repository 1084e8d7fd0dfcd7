"""Line charts drawn on cells.

plotext turns points into braille or characters (`tui_vanish.drawing.strokes`). The axes, the ticks and values
that are not finite are drawn here: plotext's log scale raises on 0, all of its scales raise on inf, and its
frame takes a third of a small chart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from tui_vanish.drawing import chart_axes, chart_legend
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.chart import Chart, Line, series_role
from tui_vanish.drawing.chart_lines import Piece, Seen, cut_to, dashes, dots, seen
from tui_vanish.drawing.glyphs import Alphabet, alphabet
from tui_vanish.drawing.scales import Axis, cell
from tui_vanish.drawing.strokes import Stroke, picture
from tui_vanish.drawing.text import cut

_LEAST_LABEL = 4  # least cells for the labels of the y axis
_BASE_LINE_ROWS = 9  # a plot with more rows than this has a line for the x axis
_NAME_SHARE = 6  # at most this part of a chart's width is for the names at the ends of the lines
_LETTER_EVERY, _MARKER_EVERY = 24, 12  # cells between two letters or markers on a line


def render(chart: Chart, width: int, height: int, *, ascii: bool = False, label_width: int = 0) -> Canvas:
    """Draw `chart` on a canvas of this size; no value of its numbers makes it fail.

    Roles: `text`, `muted`, `axis`, `mark`, `cursor`, `not-finite`, and `series-1` to `series-7` in turn.

    Args:
        chart: what to draw.
        width: in cells.
        height: in rows.
        ascii: use ASCII instead of braille and box characters.
        label_width: least cells for the labels of the y axis; see the function label_width.
    """
    canvas, signs = Canvas(width, height), alphabet(ascii)
    chart = _cut(chart)
    plot = _Plot.of(chart, canvas, label_width)
    if plot.y > 0:
        _draw_legend(canvas, chart, signs)
    if plot.width < 1 or plot.height < 1:
        return canvas
    _draw_axes(plot, chart.x_label, signs)
    drawn = _draw_lines(plot, chart, signs)
    _draw_marks(plot, chart, signs)
    if not drawn:
        left = plot.x + max(0, (plot.width - cell_len(chart.hint)) // 2)
        canvas.put(left, plot.y + plot.height // 2, chart.hint, "muted")
    return canvas


def label_width(chart: Chart, width: int, height: int) -> int:
    """Cells for the labels of the y axis. A caller that keeps the maximum has a plot that does not move."""
    return _Plot.of(_cut(chart), Canvas(width, height), 0).x - 1


def name_margin(lines: Sequence[Line], width: int) -> int:
    """Cells on the right of a plot for the names of its lines, in a chart of `width` cells."""
    longest = max((cell_len(line.name) for line in lines), default=0)
    return min(longest, width // _NAME_SHARE) + 1 if longest else 0


def _cut(chart: Chart) -> Chart:
    """The chart with its lines cut to the x axis; joined lines continue to the ends of the axis."""
    if chart.x_limits is None:
        return chart
    low, high = chart.x_limits
    lines = []
    for line in chart.lines:
        points = cut_to(line.xs, line.ys, low, high, joined=line.style != "points")
        lines.append(replace(line, xs=points.xs, ys=points.ys))
    return replace(chart, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class _Plot:
    """The inner part of a chart: its place on the canvas, and its axes."""

    canvas: Canvas
    x: int
    y: int
    width: int
    height: int
    has_base: bool
    x_axis: Axis
    y_axis: Axis

    @classmethod
    def of(cls, chart: Chart, canvas: Canvas, label_width: int) -> "_Plot":
        has_text = bool(chart.title or any(line.label for line in chart.lines))
        has_legend = chart.has_legend and canvas.height >= 3 and has_text
        height = canvas.height - has_legend - 1
        has_base = height > _BASE_LINE_ROWS
        height -= has_base
        values = (y for line in chart.lines for y in line.ys)
        y_axis = chart_axes.y_axis(values, chart.y_limits, height, percent=chart.y_percent, log=chart.y_log)
        x = 1 + max(label_width, _LEAST_LABEL, *(len(label) for _, label in y_axis.ticks))
        width = canvas.width - x - name_margin(chart.lines, canvas.width)
        ends = [x for line in chart.lines for x in line.xs[:1] + line.xs[-1:]]
        x_axis = chart_axes.x_axis(ends, chart.x_limits, width)
        return cls(canvas, x, int(has_legend), width, height, has_base, x_axis, y_axis)

    def put(self, x: float, y: float, text: str, role: str) -> None:
        """Write at a place given in fractions of the plot."""
        self.canvas.put(self.column(x), self.row(y), text, role)

    def column(self, fraction: float) -> int:
        return self.x + cell(fraction, self.width, 2)

    def row(self, fraction: float) -> int:
        return self.y + self.height - 1 - cell(fraction, self.height, 4)


def _draw_axes(plot: _Plot, x_label: str, signs: Alphabet) -> None:
    canvas, axis, below = plot.canvas, plot.x - 1, plot.y + plot.height
    for y in range(plot.y, below):
        canvas.put(axis, y, signs.axis, "axis")
    taken: set[int] = set()
    for place, label in plot.y_axis.ticks:
        y = plot.row(plot.y_axis.fraction_of_place(place))
        if y not in taken:
            taken.add(y)
            canvas.put(axis - len(label), y, label, "muted")
            canvas.put(axis, y, signs.axis_tick, "axis")
    if plot.has_base:
        canvas.put(axis, below, signs.corner + signs.base * plot.width, "axis")
        below += 1
    end = canvas.width
    if plot.width > len(x_label) + 2:
        end -= len(x_label) + 1 if x_label else 0
        canvas.put(canvas.width - len(x_label), below, x_label, "muted")
    last = 0
    for place, label in plot.x_axis.ticks:
        column = plot.column(plot.x_axis.fraction_of_place(place))
        x = min(column - (len(label) - 1) // 2, canvas.width - len(label))
        if x > last and x + len(label) <= end:
            canvas.put(x, below, label, "muted")
            last = x + len(label)
            if plot.has_base:
                canvas.put(column, below - 1, signs.base_tick, "axis")


def _draw_legend(canvas: Canvas, chart: Chart, signs: Alphabet) -> None:
    """Draw the title and the labels of the lines; the labels of single points come last."""
    labelled = [(number, line) for number, line in enumerate(chart.lines) if line.label]
    entries = [
        chart_legend.Entry(
            chart_legend.sign(line.style, line.letter, line.marker, signs),
            line.label,
            series_role(_series(chart, number)),
        )
        for number, line in sorted(labelled, key=lambda item: item[1].style == "points")
    ]
    chart_legend.draw(canvas, (chart.title, *chart.remarks) if chart.title else (), entries)


def _series(chart: Chart, number: int) -> int:
    series = chart.lines[number].series
    return number if series is None else series


def _draw_lines(plot: _Plot, chart: Chart, signs: Alphabet) -> bool:
    """Draw the lines; returns whether there was anything to draw."""
    lines = [seen(line.xs, line.ys, plot.x_axis, plot.y_axis, plot.width) for line in chart.lines]
    _draw_strokes(plot, chart, signs, lines)
    letters = _Letters(plot)
    for number, (line, (pieces, interruptions)) in enumerate(zip(chart.lines, lines, strict=True)):
        for piece in pieces:
            if len(piece.xs) == 1 or line.style == "points":
                sign = line.letter or (signs.point if line.marker is None else signs.markers[line.marker])
                for x, y in zip(*piece, strict=True):
                    if line.letter:
                        letters.put(x, y, sign, _series(chart, number))
                    else:
                        plot.put(x, y, sign, series_role(_series(chart, number)))
            elif line.letter:
                first = 4 * (_series(chart, number) + 1)
                letters.along(piece, line.letter, _series(chart, number), first, _LETTER_EVERY)
            elif line.marker is not None and not signs.ascii:
                first = _MARKER_EVERY // 4 * (2 * line.marker + 1)
                sign = signs.markers[line.marker]
                letters.along(piece, sign, _series(chart, number), first, _MARKER_EVERY)
        for x, value in interruptions:
            # -inf, and values of 0 and below on a log axis, are drawn at the bottom; inf and nan at the top.
            sign = "0" if math.isfinite(value) else signs.not_finite
            plot.put(x, 0.0 if value <= 0 else 1.0, sign, "not-finite")
    _draw_names(plot, chart, lines)
    return any(pieces or interruptions for pieces, interruptions in lines)


def _draw_strokes(plot: _Plot, chart: Chart, signs: Alphabet, lines: list[Seen]) -> None:
    strokes: list[Stroke] = []
    for number, line in enumerate(chart.lines):
        if line.style == "points":
            continue
        dashed = line.style == "dashed"
        marker = signs.stroke[dashed]
        if signs.ascii:
            marker = line.letter or (marker if line.marker is None else signs.markers[line.marker])
        for piece in lines[number].pieces:
            if len(piece.xs) > 1:
                for part in dashes(piece, plot.width) if dashed else (piece,):
                    places = dots(part, plot.width, plot.height, ascii=signs.ascii)
                    strokes.append(Stroke(_series(chart, number), marker, places))
    if not strokes:
        return
    for x, y, character, number in picture(plot.width, plot.height, tuple(strokes), braille=not signs.ascii):
        plot.canvas.put(plot.x + x, plot.y + y, character, series_role(number))


class _Letters:
    """The letters on a plot. Those of different lines never share a cell, even where the lines coincide."""

    def __init__(self, plot: _Plot) -> None:
        self._plot = plot
        self._taken: dict[tuple[int, int], int] = {}  # the number of the line, by column and row

    def put(self, x: float, y: float, letter: str, number: int) -> None:
        """Write a letter at a place in fractions of the plot, or left of it if another line's is there."""
        column, row = self._plot.column(x), self._plot.row(y)
        while self._taken.get((column, row), number) != number and column > self._plot.x:
            column -= 1
        self._taken[column, row] = number
        self._plot.canvas.put(column, row, letter, series_role(number))

    def along(self, piece: Piece, letter: str, number: int, first: int, every: int) -> None:
        """Write the letter at the end of a piece and at intervals before it.

        Args:
            piece: of the line.
            letter: of the line.
            number: of the line.
            first: cells before the first letter; another number for each line, so that all are visible.
            every: cells between two letters.
        """
        self.put(piece.xs[-1], piece.ys[-1], letter, number)
        width = self._plot.width
        due = piece.xs[0] * width + first
        for x, y in zip(*piece, strict=True):
            if x * width >= due:
                self.put(x, y, letter, number)
                due += every


def _draw_names(plot: _Plot, chart: Chart, lines: list[Seen]) -> None:
    """Write the names of the lines beside their ends, one per row, the highest end first."""
    ends = sorted(
        (plot.row(line.pieces[-1].ys[-1]), -line.pieces[-1].ys[-1], number)
        for number, line in enumerate(lines)
        if line.pieces and chart.lines[number].name
    )
    rows: list[int] = []
    for row, _, _ in ends:
        rows.append(max(row, rows[-1] + 1) if rows else row)
    below = plot.y + plot.height
    for place in reversed(range(len(rows))):
        rows[place] = below = min(rows[place], below - 1)
    for row, (_, _, number) in zip(rows, ends, strict=True):
        start = plot.column(lines[number].pieces[-1].xs[-1]) + 2
        name = cut(chart.lines[number].name, plot.canvas.width - start)
        if row >= plot.y and all(plot.canvas.is_blank(start + cell, row) for cell in range(cell_len(name))):
            plot.canvas.put(start, row, name, series_role(_series(chart, number)))


def _draw_marks(plot: _Plot, chart: Chart, signs: Alphabet) -> None:
    for mark in chart.marks:
        place = plot.x_axis.fraction(mark.x)
        if place is None or not 0 <= place <= 1:
            continue
        column = plot.column(place)
        role = "cursor" if mark.kind == "cursor" else "mark"
        for y in range(plot.y, plot.y + plot.height):
            if plot.canvas.is_blank(column, y):
                plot.canvas.put(column, y, signs.mark, role)
        left = min(column, plot.canvas.width - cell_len(mark.letter))
        plot.canvas.put(max(plot.x, left), plot.y, mark.letter, role)
