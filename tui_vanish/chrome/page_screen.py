"""A screen that shows one long page that can be scrolled."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.own_screen import OwnScreen
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import marked, plural, tr
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.scrolling import ScrollingRows

MEASURE = 100  # cells: longer lines are hard to read


class PageScreen(OwnScreen[None]):
    """A page in a frame.

    A subclass may add bindings, such as the key that opened it, which then also closes it.

    Args:
        page: the page to show.
        title: on the left of the frame's top line, in the language in use.
        remark: on the right of that line.
        hint: the keys of the page, for the footer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Back"),
        Binding("down,j", "scroll('move', 1)", "Down"),
        Binding("up,k", "scroll('move', -1)", "Up"),
        Binding("pagedown,space,ctrl+d", "scroll('page', 1)", "A page down"),
        Binding("pageup,ctrl+u", "scroll('page', -1)", "A page up"),
        Binding("g,home", "scroll('edge', 'first')", "First line"),
        Binding("G,end", "scroll('edge', 'last')", "Last line"),
    ]

    def __init__(
        self,
        page: ScrollingRows,
        title: Callable[[], Row],
        remark: Callable[[], Row] = lambda: (),
        *,
        hint: str = marked("esc back   j k scroll"),
    ) -> None:
        super().__init__()
        self._page, self._title, self._remark, self._hint = page, title, remark, hint
        self._top_line, self._end_line = FrameLine("top"), FrameLine("bottom")
        self._key_footer = KeyFooter()

    def compose(self) -> ComposeResult:
        """The page in a frame, and a footer."""
        yield self._top_line
        yield self._page
        yield self._end_line
        yield self._key_footer

    def on_mount(self) -> None:
        """Show the title, and how to get back."""
        self.change_language()

    def change_language(self) -> None:
        """Show everything in the language that is now in use."""
        self._top_line.show(self._title(), self._remark())
        self._key_footer.show({}, hint=tr(self._hint))
        super().change_language()

    def action_scroll(self, how: str, where: int | str) -> None:
        """Scroll the page."""
        getattr(self._page, how)(where)

    @on(ScrollingRows.Scrolled)
    def _show_more(self, message: ScrollingRows.Scrolled) -> None:
        hidden = message.widget.hidden_below
        more = (Piece(plural("{number} more ↓", "{number} more ↓", hidden), "dim"),) if hidden else ()
        self._end_line.show((), more)
