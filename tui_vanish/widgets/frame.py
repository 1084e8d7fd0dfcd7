"""One horizontal line of a frame, with a title at its left end and a remark at its right end."""

from typing import Literal

from textual.events import Click

from tui_vanish.drawing.text import Piece, Row, padded
from tui_vanish.language import tr_in
from tui_vanish.widgets.rows import Rows

Place = Literal["top", "middle", "bottom"]

_ENDS: dict[Place, tuple[str, str]] = {"top": ("╭", "╮"), "middle": ("├", "┤"), "bottom": ("╰", "╯")}


class FrameLine(Rows):
    """The top, a divider or the bottom of a frame; only its texts where frames are switched off.

    Args:
        place: which of the three.
        title: the text at the left end, in English, until `show` changes it.
        pane: the pane that gets the focus when the line is clicked.
        id: Textual's.
        classes: Textual's.
    """

    DEFAULT_CSS = "FrameLine { height: 1; }"

    def __init__(
        self,
        place: Place,
        *,
        title: str = "",
        pane: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._place: Place = place
        self._pane = pane
        self._title = title
        self._left: Row = ()
        self._right: Row = ()
        self._framed = True
        self._focused = False

    def show(self, left: Row, right: Row = ()) -> None:
        """Set both texts."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.redraw()

    def show_frame(self, framed: bool, focused: bool) -> None:
        """Set whether the line is drawn, and whether its pane has the focus."""
        if (framed, focused) != (self._framed, self._focused):
            self._framed, self._focused = framed, focused
            self.redraw()

    def rows(self, width: int, height: int) -> list[Row]:
        """The line."""
        left, right = self._left, self._right
        if not left and self._title:
            left = (Piece(tr_in("heading", self._title), "title"),)
        if left and self._focused:
            first, *rest = left
            left = (Piece(first.text, "focused"), *rest)
        if not self._framed:
            return [padded((Piece(" "), *left), _spaced(right), width)]
        role = "accent" if self._focused else "line"
        start, end = _ENDS[self._place]
        left = (Piece(f"{start}─", role), *_spaced(left))
        right = (*_spaced(right), Piece(f"─{end}", role))
        return [padded(left, right, width, "─", role)]

    async def on_click(self, event: Click) -> None:
        """Move the focus to the pane."""
        if self._pane:
            await self.run_action(f"screen.pane({self._pane!r})")


def _spaced(row: Row) -> Row:
    return (Piece(" "), *row, Piece(" ")) if row else ()
