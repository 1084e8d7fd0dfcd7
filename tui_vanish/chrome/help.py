"""The help page: all keys, from the table of actions."""

import itertools
from typing import ClassVar

from textual.binding import Binding, BindingType

from engine.protocol.status import Status
from tui_vanish.actions import Target, groups
from tui_vanish.chrome.page_screen import MEASURE, PageScreen
from tui_vanish.drawing.ascii import key_name
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.drawing.wrap import flow
from tui_vanish.instruments.status import mark
from tui_vanish.widgets.scrolling import ScrollingRows

_APART = 3  # cells between two columns


class HelpText(ScrollingRows):
    """A text about one pane, then the keys by heading, in two columns if both have room."""

    def __init__(self, about: str, here: Target | None) -> None:
        super().__init__()
        self._about, self._here = " ".join(about.split()), here

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        ascii = self.alphabet.ascii
        about = flow((Piece(self._about),), max(1, min(width - 2, MEASURE)), ascii=ascii)
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


class HelpScreen(PageScreen):
    """The help page. The keys that open it also close it.

    Args:
        about: a text about the pane that has the focus; it is shown first.
        here: the screen below the help page; its keys are shown first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "dismiss", "Back")]

    def __init__(self, about: str = "", here: Target | None = None) -> None:
        super().__init__(HelpText(about, here), (Piece("Help", "title"),))


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
