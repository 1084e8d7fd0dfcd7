"""The widget that draws the map: a number in each cell, the borders between them, and the two axes."""

from dataclasses import dataclass, field
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message

from scenarios.grid import Axis
from tui_vanish.drawing import format
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.text import Row, cut
from tui_vanish.language import tr
from tui_vanish.map.borders import Border, Borders
from tui_vanish.map.grid import Grid
from tui_vanish.map.measures import HEAT, MEASURES, Measure, cell
from tui_vanish.widgets.rows import Rows

Place = tuple[int, int]

_WIDEST = 9  # cells of a column
_BELOW = 2  # rows: the values of the horizontal axis, and the names of both
# By which of the four sides a line continues to: up 8, down 4, left 2, right 1.
_LIGHT = " ╶╴─╷┌┐┬╵└┘┴│├┤┼"
_HEAVY = " ╺╸━╻┏┓┳╹┗┛┻┃┣┫╋"
_DOUBLE = " ═══║╔╗╦║╚╝╩║╠╣╬"
_DOTTED = " ┈┈┈┊┊┊┊┊┊┊┊┊┊┊┊"
_PLAIN = {_LIGHT: " ---|+++|+++|+++", _HEAVY: " ===" + "#" * 12, _DOUBLE: " " + "%" * 15}


@dataclass(frozen=True, slots=True)
class Picture:
    """What the map shows.

    Attributes:
        grid: its cells.
        measure: the quantity of the cells.
        borders: between them; without any, the rows have no space for them.
        cursor: the column and the row of the selected cell.
        marked: the cells that are marked for a comparison.
    """

    grid: Grid
    measure: Measure = MEASURES[0]
    borders: Borders = field(default_factory=Borders)
    cursor: Place = (0, 0)
    marked: frozenset[Place] = frozenset()


class MapView(Rows, can_focus=True):
    """The map. Its values grow to the right and upwards."""

    class Clicked(Message):
        """A cell was clicked."""

        def __init__(self, place: Place) -> None:
            super().__init__()
            self.place = place

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"canvas--heat-{number}" for number in range(1, HEAT + 1)}
    DEFAULT_CSS = """
    MapView {
        & > .canvas--heat-1 { color: $heat-1; }
        & > .canvas--heat-2 { color: $heat-2; }
        & > .canvas--heat-3 { color: $heat-3; }
        & > .canvas--heat-4 { color: $heat-4; }
        & > .canvas--heat-5 { color: $heat-5; }
    }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._picture: Picture | None = None
        self._message: Row = ()
        self._left = self._bottom = 0
        self.hidden = (0, 0)  # columns and rows that have no room

    def show(self, picture: Picture) -> None:
        """Show the map; what is visible contains the cursor."""
        self._picture = picture
        self.redraw()

    def show_message(self, message: Row) -> None:
        """Show a text instead of the map."""
        self._picture, self._message = None, message
        self.redraw()

    def rows(self, width: int, height: int) -> list[Row]:
        """The text that is shown instead of the map."""
        return [self._message]

    def draw(self, width: int, height: int) -> Canvas:
        """Draw the map."""
        if self._picture is None or not width or not height:
            return super().draw(width, height)
        frame = self._framed(width, height)
        canvas = Canvas(width, height)
        self._draw_axes(canvas, frame)
        self._draw_borders(canvas, frame)
        self._draw_cells(canvas, frame)
        return canvas

    def on_click(self, event: events.Click) -> None:
        """Select the clicked cell."""
        if self._picture is None or not self.size.area:
            return
        frame = self._framed(*self.size)
        x, y = (event.x - frame.labels) // frame.step_x, (frame.base - event.y) // frame.step_y
        if event.x >= frame.labels and 0 <= x < frame.columns and 0 <= y < frame.rows:
            self.post_message(self.Clicked((frame.left + x, frame.bottom + y)))

    def _framed(self, width: int, height: int) -> "_Frame":
        picture = self._picture
        assert picture is not None
        grid = picture.grid
        names = _labels(grid.y) if grid.y else [""]
        labels = min(max(map(cell_len, names)), width // 4) + 2
        across = min(max(picture.measure.width + 1, *map(cell_len, _labels(grid.x))), _WIDEST)
        gap = 1 if picture.borders else 0
        columns = min(len(grid.points), max(1, (width - labels + 1) // (across + 1)))
        rows = min(len(names), max(1, (height - _BELOW + gap) // (1 + gap)))
        # A small grid fills the map: its cells grow.
        step_x = max(across + 1, (width - labels + 1) // columns)
        step_y = max(1 + gap, (height - _BELOW + gap) // rows)
        x, y = picture.cursor
        self._left = _scrolled(self._left, x, columns, len(grid.points))
        self._bottom = _scrolled(self._bottom, y, rows, len(names))
        self.hidden = len(grid.points) - columns, len(names) - rows
        base = max(0, min(height - _BELOW, rows * step_y - gap) - 1)
        return _Frame(labels, across, step_x, step_y, gap, columns, rows, self._left, self._bottom, base)

    def _draw_axes(self, canvas: Canvas, frame: "_Frame") -> None:
        assert self._picture is not None
        grid, (at_x, at_y) = self._picture.grid, self._picture.cursor
        names = _labels(grid.y) if grid.y else [""]
        for row in range(frame.rows):
            name = cut(names[frame.bottom + row], frame.labels - 2)
            role = "strong" if frame.bottom + row == at_y else "dim"
            canvas.put(1, frame.inner_y(row), name.rjust(frame.labels - 2), role)
        for column, name in enumerate(_labels(grid.x)[frame.left : frame.left + frame.columns]):
            role = "strong" if frame.left + column == at_x else "dim"
            text = cut(name, frame.across).rjust(frame.across)
            canvas.put(frame.inner_x(column), frame.base + 1, text, role)
        upwards = f"{axis_name(grid.y)} {'^' if self.alphabet.ascii else '↑'}  " if grid.y else ""
        canvas.put(1, frame.base + 2, upwards, "dim")
        across = f"{axis_name(grid.x)} {'>' if self.alphabet.ascii else '→'}"
        right = frame.labels + frame.columns * frame.step_x - 1 - cell_len(across)
        canvas.put(max(1 + cell_len(upwards), right), frame.base + 2, across, "dim")

    def _draw_cells(self, canvas: Canvas, frame: "_Frame") -> None:
        picture = self._picture
        assert picture is not None
        most = picture.measure.scale(picture.grid)
        for column in range(frame.columns):
            for row in range(frame.rows):
                place = frame.left + column, frame.bottom + row
                point = picture.grid.points[place[0]][place[1]]
                sign, number = cell(point, most, picture.measure, frame.across)
                if place in picture.marked:
                    sign = sign._replace(text="+", role="accent")
                here = place == picture.cursor
                x, y = frame.inner_x(column), frame.inner_y(row)
                canvas.put(x, y, sign.text, "cursor" if here else sign.role)
                canvas.put(x + 1, y, number.text, "cursor" if here else number.role)

    def _draw_borders(self, canvas: Canvas, frame: "_Frame") -> None:
        picture = self._picture
        assert picture is not None
        borders = picture.borders
        if not borders:
            return
        for y in range(2 * frame.rows - 1):
            for x in range(2 * frame.columns - 1):
                if x % 2 == 0 and y % 2 == 0:
                    continue  # a cell
                theory, learnt, chi = (
                    _sides(each, 2 * frame.left + x, 2 * frame.bottom + y)
                    for each in (borders.theory, borders.learnt, borders.chi)
                )
                if theory and learnt:
                    signs, sides, role = _DOUBLE, theory | learnt, "strong"
                elif theory or learnt:
                    signs, role = (_LIGHT, "accent") if theory else (_HEAVY, "good")
                    sides = theory | learnt
                elif chi:
                    signs, sides, role = _DOTTED, chi, "dim"
                else:
                    continue
                if self.alphabet.ascii:
                    signs = _PLAIN.get(signs, " ...::::::::::::")
                wide = frame.step_x - 1 if x % 2 == 0 else 1
                left = frame.x(x // 2) + (0 if x % 2 == 0 else frame.step_x - 1)
                for line in frame.lines(y):
                    canvas.put(left, line, signs[sides] * wide, role)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the visible cells lie: `labels` cells are left of them, and the lowest line is `base`.

    A cell is `step_x` by `step_y`, with the gap to the next one. Its text is `across` wide, in its middle.
    """

    labels: int
    across: int
    step_x: int
    step_y: int
    gap: int
    columns: int
    rows: int
    left: int
    bottom: int
    base: int

    def x(self, column: int) -> int:
        return self.labels + column * self.step_x

    def inner_x(self, column: int) -> int:
        return self.x(column) + (self.step_x - 1 - self.across) // 2

    def inner_y(self, row: int) -> int:
        return self.base - row * self.step_y - (self.step_y - self.gap - 1) // 2

    def lines(self, y: int) -> range:
        """The lines of a row of the doubled grid, whose odd rows are between cells."""
        lowest = self.base - y // 2 * self.step_y
        if y % 2:
            return range(lowest - self.step_y + 1, lowest - self.step_y + 2)
        return range(lowest - self.step_y + self.gap + 1, lowest + 1)


def _sides(border: Border, x: int, y: int) -> int:
    """Where a line continues to from a place of the doubled grid, whose odd places are between cells."""
    column, row = x // 2, y // 2
    if x % 2 == 0:
        return 3 if (column, row) in border.level else 0
    if y % 2 == 0:
        return 12 if (column, row) in border.upright else 0
    return (
        8 * ((column, row + 1) in border.upright)
        + 4 * ((column, row) in border.upright)
        + 2 * ((column, row) in border.level)
        + ((column + 1, row) in border.level)
    )


def _scrolled(first: int, cursor: int, room: int, count: int) -> int:
    return max(0, min(max(min(first, cursor), cursor - room + 1), count - room))


def _labels(axis: Axis) -> list[str]:
    return [format.setting(axis.key, value) for value in axis.values]


def short_name(key: str) -> str:
    """A key without its table: `hidden layers` for `model.hidden_layers`."""
    return key.rpartition(".")[2].replace("_", " ")


def axis_name(axis: Axis) -> str:
    """What an axis shows; says whether its steps are equal ratios."""
    name = short_name(axis.key)
    return tr("{setting}, logarithmic", setting=name) if axis.scale == "log" else name
