"""A table whose rows are made by its screen, for the current width."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from tui_vanish.drawing.text import Row
from tui_vanish.widgets import series
from tui_vanish.widgets.scrolling import ScrollingRows

MakeRows = Callable[[int, bool], Sequence[Row]]


class TableRows(ScrollingRows):
    """A table. Its roles heat-1 to heat-5 go from small to large; series-1 to series-7 are line colours."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"canvas--heat-{number}" for number in range(1, 6)),
        *series.CLASSES,
    }

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make: MakeRows = lambda width, ascii: ()

    def show(self, make: MakeRows) -> None:
        """Show the rows that `make` returns; it gets the width in cells and whether to draw ASCII only."""
        self._make = make
        self.redraw()

    def page_rows(self, width: int) -> Sequence[Row]:
        """All rows of the table."""
        return self._make(width, self.alphabet.ascii)
