"""Rows of text that can be scrolled."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui_vanish.drawing.text import Row
from tui_vanish.widgets.rows import Rows


class ScrollingRows(Rows, can_focus=True):
    """A page that can be scrolled; a subclass returns its rows from `page_rows`."""

    class Scrolled(Message):
        """The number of hidden rows below the last visible one has changed."""

        def __init__(self, widget: "ScrollingRows") -> None:
            super().__init__()
            self.widget = widget

        @property
        def control(self) -> "ScrollingRows":
            """The widget."""
            return self.widget

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._top = 0
        self._length = 0
        self.hidden_below = 0

    def page_rows(self, width: int) -> Sequence[Row]:
        """The whole page, `width` cells wide."""
        raise NotImplementedError

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """The visible rows of the page."""
        lines = self.page_rows(width)
        self.scroll_within(len(lines), height)
        return lines[self._top : self._top + height]

    def scroll_within(self, length: int, height: int) -> None:
        """Limit the scroll position to a page of `length` rows, `height` of which are visible."""
        self._length = length
        self._top = max(0, min(self._top, length - height))
        hidden = max(0, length - self._top - height)
        if hidden != self.hidden_below:
            self.hidden_below = hidden
            self.post_message(self.Scrolled(self))

    def move(self, by: int) -> None:
        """Scroll `by` rows down."""
        self._top = max(0, min(self._top + by, self._length - self.size.height))
        self.redraw()

    def page(self, by: int) -> None:
        """Scroll `by` screens down."""
        self.move(by * max(1, self.size.height - 1))

    def edge(self, which: str) -> None:
        """Scroll to the `first` or the `last` row."""
        self.move(self._length if which == "last" else -self._length)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self.move(-1)
