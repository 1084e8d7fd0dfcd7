"""A widget made of rows of text."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.text import Row
from tui_vanish.widgets.canvas_widget import CanvasWidget


class Rows(CanvasWidget):
    """Base of the widgets that show rows of text; a subclass returns them from `rows`."""

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
        """Draw the rows on a canvas."""
        canvas = Canvas(width, height)
        for y, row in enumerate(self.rows(width, height) if width and height else ()):
            x = 0
            for text, role in row:
                canvas.put(x, y, text, role)
                x += cell_len(text)
        return canvas
