"""A scenario's text: its question, what to watch for, its lesson and its settings."""

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row, cut_row, row_width
from tui_vanish.widgets.scrolling import ScrollingRows

_MEASURE = 88  # cells: longer lines are hard to read
_LEAST_BESIDE = 34  # cells; from this width on, the settings are beside the prose
_SEPARATOR = " · "


class Paragraph(NamedTuple):
    """A text under a heading; both may be empty.

    Attributes:
        heading: in the row above the text.
        text: is wrapped.
        short: its lines are settings. They have a column of their own, if there is room beside the prose;
            otherwise they follow each other.
    """

    heading: str
    text: str
    short: bool = False


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
        """The paragraphs, with a blank row before each; in two columns where one would leave half empty."""
        first = _MEASURE + 2
        beside = [paragraph for paragraph in self._paragraphs if paragraph.short]
        if not beside or width - first < _LEAST_BESIDE:
            following = [
                each._replace(text=each.text.replace("\n", _SEPARATOR)) if each.short else each
                for each in self._paragraphs
            ]
            return self._column(following, width)
        long = [paragraph for paragraph in self._paragraphs if not paragraph.short]
        left = self._column(long, first)
        # They begin below the title, which has no heading.
        above = max((place + 1 for place, each in enumerate(long) if not each.heading), default=0)
        right: list[Row] = [()] * len(self._column(long[:above], first))
        right += self._column(beside, width - first)
        return [
            (*cut_row(one, first), Piece(" " * (first - row_width(one))), *other)
            for one, other in zip_longest(left, right, fillvalue=())
        ]

    def _column(self, paragraphs: Sequence[Paragraph], width: int) -> list[Row]:
        lines: list[Row] = []
        for heading, text, _ in paragraphs:
            lines.append(())
            if heading:
                lines.append((Piece(" "), Piece(heading, "title")))
            lines += [(Piece(f" {line}"),) for line in wrapped(text, width - 2, ascii=self.alphabet.ascii)]
        return lines


def wrapped(text: str, width: int, *, ascii: bool) -> list[str]:
    """`text` in lines of at most `width` cells; its line breaks are kept."""
    lines = (spelt_out(text) if ascii else text).splitlines()
    return [piece for line in lines for piece in textwrap.wrap(line, max(8, min(width, _MEASURE)))]
