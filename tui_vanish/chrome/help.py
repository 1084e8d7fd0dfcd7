"""The help page: all keys, from the table of actions."""

import itertools

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.getters import query_one
from textual.screen import Screen

from engine.protocol.status import Status
from tui_vanish.actions import Target, groups
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.drawing.ascii import key_name
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.drawing.wrap import flow
from tui_vanish.instruments.status import mark
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.scrolling import ScrollingRows

_APART = 3  # cells between two columns
_MEASURE = 100  # cells: longer lines are hard to read


class HelpText(ScrollingRows):
    """A text about one pane, then the keys by heading, in two columns if both have room."""

    def __init__(self, about: str, here: Target | None) -> None:
        super().__init__()
        self._about, self._here = " ".join(about.split()), here

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        ascii = self.alphabet.ascii
        about = flow((Piece(self._about),), max(1, min(width - 2, _MEASURE)), ascii=ascii)
        blank: list[Row] = [()] if about else []
        return [*blank, *((Piece(" "), *row) for row in about), *self._keys(width)]

    def _keys(self, width: int) -> list[Row]:
        lines = _page(self._here, ascii=self.alphabet.ascii)
        half = next(place for place in range(len(lines) // 2, len(lines)) if not lines[place])
        left, right = lines[:half], lines[half:]
        start = max(row_width(row) for row in left) + _APART
        if start + max(row_width(row) for row in right) > width:
            return lines
        beside = itertools.zip_longest(left, right, fillvalue=())
        return [(*first, Piece(" " * (start - row_width(first))), *second) for first, second in beside]


class HelpScreen(Screen[None]):
    """The help page.

    Args:
        about: a text about the pane that has the focus; it is shown first.
        here: the screen below the help page; its keys are shown first.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("escape,question_mark,f1,q,enter", "dismiss", "Back"),
        Binding("down,j", "scroll('move', 1)", "Down"),
        Binding("up,k", "scroll('move', -1)", "Up"),
        Binding("pagedown,space,ctrl+d", "scroll('page', 1)", "A page down"),
        Binding("pageup,ctrl+u", "scroll('page', -1)", "A page up"),
        Binding("g,home", "scroll('edge', 'first')", "First line"),
        Binding("G,end", "scroll('edge', 'last')", "Last line"),
    ]

    _text = query_one(HelpText)
    _end_line = query_one("#help-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, about: str = "", here: Target | None = None) -> None:
        super().__init__()
        self._about, self._here = about, here

    def compose(self) -> ComposeResult:
        """The page in a frame."""
        yield FrameLine("top", title="Help")
        yield HelpText(self._about, self._here)
        yield FrameLine("bottom", id="help-end")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show how to get back."""
        self._key_footer.show({}, hint="esc back   j k scroll")

    def action_scroll(self, how: str, where: int | str) -> None:
        """Scroll the page."""
        getattr(self._text, how)(where)

    @on(ScrollingRows.Scrolled)
    def _show_more(self, message: ScrollingRows.Scrolled) -> None:
        hidden = message.widget.hidden_below
        more = (Piece(f"{hidden} more ↓", "dim"),) if hidden else ()
        self._end_line.show((), more)


def _page(here: Target | None, *, ascii: bool) -> list[Row]:
    keys = {
        action: "  ".join(key_name(key, ascii=ascii) for key in action.shown_keys)
        for _, actions in groups()
        for action in actions
    }
    column = max(map(len, keys.values())) + 2
    lines: list[Row] = []
    for group, actions in groups(here):
        lines += [(), (Piece(f" {group}", "title"),)]
        lines += [(Piece(f"   {keys[action]:<{column}}", "accent"), Piece(action.help)) for action in actions]
    lines += [(), (Piece(" Marks", "title"),)]
    lines += [(Piece(f"   {mark(status):<{column}}", "accent"), Piece(str(status))) for status in Status]
    return lines
