"""Rows that a screen makes, for as wide a widget as there is."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from tui_vanish.drawing.text import Row
from tui_vanish.widgets import series
from tui_vanish.widgets.scrolling import ScrollingRows

MakeRows = Callable[[int, bool], Sequence[Row]]


class TableRows(ScrollingRows):
    """A table. Its roles heat-1 to heat-5 go from the smallest to the largest; series-1 … are a chart's."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"canvas--heat-{number}" for number in range(1, 6)),
        *series.CLASSES,
    }
    DEFAULT_CSS = series.css("TableRows")

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make: MakeRows = lambda width, ascii: ()

    def show(self, make: MakeRows) -> None:
        """Show what `make` returns for a width in cells, and for whether only ASCII may be drawn."""
        self._make = make
        self.redraw()

    def page_rows(self, width: int) -> Sequence[Row]:
        """All of them."""
        return self._make(width, self.alphabet.ascii)
