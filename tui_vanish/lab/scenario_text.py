"""A scenario's text: its question, what to watch for, its lesson and its settings."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.widgets.scrolling import ScrollingRows

_MEASURE = 88  # cells: longer lines are hard to read


class Paragraph(NamedTuple):
    """A text under a heading; both may be empty."""

    heading: str
    text: str


class ScenarioText(ScrollingRows):
    """Wrapped paragraphs that can be scrolled."""

    HELP = """
    The question of the highlighted scenario, what to watch while it trains, its lesson and its settings.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs: tuple[Paragraph, ...] = ()

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Show these paragraphs, scrolled to the top if they are new."""
        if self._paragraphs != tuple(paragraphs):
            self._paragraphs, self._top = tuple(paragraphs), 0
        self.redraw()

    def page_rows(self, width: int) -> list[Row]:
        """The paragraphs, with a blank row before each."""
        lines: list[Row] = []
        for heading, text in self._paragraphs:
            lines.append(())
            if heading:
                lines.append((Piece(" "), Piece(heading, "title")))
            lines += [(Piece(f" {line}"),) for line in wrapped(text, width - 2, ascii=self.alphabet.ascii)]
        return lines


def wrapped(text: str, width: int, *, ascii: bool) -> list[str]:
    """`text` in lines of at most `width` cells; its line breaks are kept."""
    lines = (spelt_out(text) if ascii else text).splitlines()
    return [piece for line in lines for piece in textwrap.wrap(line, max(8, min(width, _MEASURE)))]
