"""What a scenario asks, where to look, and what it teaches."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.widgets.scrolling import ScrollingRows

_MEASURE = 88  # cells: longer lines are hard to read


class Paragraph(NamedTuple):
    """A text under a heading; either may be empty."""

    heading: str
    text: str


class ScenarioText(ScrollingRows):
    """Paragraphs, wrapped, that can be scrolled."""

    HELP = """
    What the highlighted scenario asks, what to watch while it trains, and what it teaches.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs: tuple[Paragraph, ...] = ()

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Show these from now on, from their beginning."""
        if self._paragraphs != tuple(paragraphs):
            self._paragraphs, self._top = tuple(paragraphs), 0
        self.redraw()

    def page_rows(self, width: int) -> list[Row]:
        """The paragraphs, a blank row before each."""
        lines: list[Row] = []
        for heading, text in self._paragraphs:
            lines.append(())
            if heading:
                lines.append((Piece(" "), Piece(heading, "title")))
            lines += [(Piece(f" {line}"),) for line in wrapped(text, width - 2, ascii=self.alphabet.ascii)]
        return lines


def wrapped(text: str, width: int, *, ascii: bool) -> list[str]:
    """`text` in lines of at most `width` cells; its own line breaks stay."""
    lines = (spelt_out(text) if ascii else text).splitlines()
    return [piece for line in lines for piece in textwrap.wrap(line, max(8, min(width, _MEASURE)))]
