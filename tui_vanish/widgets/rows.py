"""A widget made of rows of text."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.widgets.canvas_widget import CanvasWidget


class Piece(NamedTuple):
    """A stretch of one row; its role decides the colour."""

    text: str
    role: str = "text"


Row = tuple[Piece, ...]


class Rows(CanvasWidget):
    """Base of the widgets that are rows of text: a subclass says in `rows` what they are."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--text",
        "canvas--dim",
        "canvas--strong",
        "canvas--title",
        "canvas--line",
        "canvas--accent",
        "canvas--good",
        "canvas--warn",
        "canvas--bad",
        "canvas--cursor",
        "canvas--focused",
    }

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """The rows to show in `width` by `height` cells."""
        raise NotImplementedError

    def draw(self, width: int, height: int) -> Canvas:
        """The rows on a canvas."""
        canvas = Canvas(width, height)
        for y, row in enumerate(self.rows(width, height) if width and height else ()):
            x = 0
            for text, role in row:
                canvas.put(x, y, text, role)
                x += cell_len(text)
        return canvas


def padded(left: Row, right: Row, width: int, fill: str = " ", role: str = "text") -> Row:
    """`left` and `right` at the two ends of a row of `width` cells; `left` is cut where they would meet."""
    room = max(0, width - row_width(right))
    left = cut_row(left, room)
    return (*left, Piece(fill * (room - row_width(left)), role), *right)


def row_width(row: Row) -> int:
    """Cells that the row takes."""
    return sum(cell_len(text) for text, _ in row)


def cut_row(row: Row, width: int) -> Row:
    """The first `width` cells of the row; an ellipsis stands where something is missing."""
    if row_width(row) <= width:
        return row
    kept: list[Piece] = []
    room = width
    for text, role in row:
        kept.append(Piece(cut(text, room), role))
        room -= cell_len(kept[-1].text)
        if kept[-1].text != text or room <= 0:
            break
    return tuple(kept)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; an ellipsis stands where something is missing."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    while cell_len(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"
