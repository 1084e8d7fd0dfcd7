"""The help page: all keys, from the table of actions."""

import itertools
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.widgets import Input

from tui_vanish.actions import APP, OTHER_SCREENS, Target, groups
from tui_vanish.chrome.page_screen import MEASURE, PageScreen
from tui_vanish.drawing.ascii import key_name
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.drawing.wrap import flow
from tui_vanish.instruments.status import RECORDED, mark
from tui_vanish.language import marked, marked_in, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.language.folding import folded
from tui_vanish.widgets.line_input import LineInput
from tui_vanish.widgets.scrolling import ScrollingRows
from vanish_recorder.protocol.status import Status

_COLUMN = 56  # cells of a column, at least, where there are several
_APART = 2  # cells between two columns
_LEAST_KEYS = 8  # cells of the keys before what they do

MARKS = marked_in("heading", "Marks")  # the heading of the signs of a run's state

_Entry = tuple[str, str]  # keys, and what they do


class HelpText(ScrollingRows):
    """A text about one pane, then the keys by heading, in as many columns as have room."""

    def __init__(self, about: Callable[[], str], here: Target | None) -> None:
        super().__init__()
        self._about, self._here = about, here  # asked again in another language
        self.filter = ""

    def set_filter(self, text: str) -> None:
        """Show only the keys that match all these words; all of them if it is empty."""
        self.filter, self._top = text, 0
        self.redraw()

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        ascii = self.alphabet.ascii
        sections = _sections(self._here, self.filter, ascii=ascii)
        if self.filter:
            if not sections:
                return [(), (Piece(" " + tr("Nothing matches; esc clears the filter."), "dim"),)]
            return _in_columns(sections, width)
        about = flow((Piece(self._about()),), max(1, min(width - 2, MEASURE)), ascii=ascii)
        blank: list[Row] = [()] if about else []
        return [*blank, *((Piece(" "), *row) for row in about), *_in_columns(sections, width)]


class HelpScreen(PageScreen):
    """The help page. The keys that open it also close it; `/` filters it.

    Args:
        about: returns a text about the pane that has the focus; it is shown first.
        here: the screen below the help page; its keys are shown first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "dismiss", "Back"),
        # Before the next key is handled, because several keys may arrive at once over a slow connection.
        Binding("slash", "find", "Find", priority=True),
        Binding("escape", "back", "Clear the filter, or go back", priority=True),
    ]
    DEFAULT_CSS = """
    HelpScreen Input {
        height: 1;
        padding: 0 1;
        display: none;
        background: $surface;
        background-tint: $foreground 0%;
    }
    """

    _line = query_one(Input)

    def __init__(self, about: Callable[[], str] = str, here: Target | None = None) -> None:
        self._text = HelpText(about, here)
        super().__init__(
            self._text,
            lambda: (Piece(tr("Help"), "title"),),
            hint=marked("esc back   j k scroll   / find a key"),
        )

    def compose(self) -> ComposeResult:
        """The page, and the line for a filter, hidden at first."""
        yield self._top_line
        yield self._page
        yield LineInput(placeholder=tr("a key, or part of what it does"))
        yield self._end_line
        yield self._key_footer

    def on_mount(self) -> None:
        """The keys scroll the page until a filter is typed."""
        self.set_focus(self._page)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the user types, the key that opens the filter is an ordinary character."""
        return not (action == "find" and self._line.has_focus)

    def action_find(self) -> None:
        """Type a filter."""
        self._line.display = True
        self.set_focus(self._line)

    def action_back(self) -> None:
        """Clear the filter if there is one, else go back."""
        if not self._line.display:
            self.dismiss(None)
            return
        self._line.value = ""
        self._close_line()
        self._line.display = False

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        self._text.set_filter(message.value)

    @on(Input.Submitted)
    def _close_line(self) -> None:
        self.set_focus(self._page)


def _sections(here: Target | None, filter: str, *, ascii: bool) -> list[tuple[str, list[_Entry]]]:
    """The keys by heading, those of the screen `here` first; only those that match `filter`."""
    found = [
        (
            group,
            [
                ("  ".join(key_name(key, ascii=ascii) for key in each.shown_keys), tr(each.help))
                for each in some
            ],
        )
        for group, some in groups(here)
    ]
    marks = [(mark(status), spoken(str(status))) for status in Status]
    marks.append((RECORDED, tr_in("key", "recorded")))
    found.append((MARKS, marks))
    words = folded(filter).split()
    matches = [(group, [each for each in some if _matches(words, group, each)]) for group, some in found]
    return [(group, some) for group, some in matches if some]


def _matches(words: Sequence[str], group: str, entry: _Entry) -> bool:
    """Whether each word is one of the keys, or part of what they do or of the heading."""
    keys, does = entry
    text = folded(f"{keys} {does} {tr_in('heading', group)}")
    return all(word in text if len(word) > 1 else word in folded(keys).split() for word in words)


def _in_columns(sections: Sequence[tuple[str, list[_Entry]]], width: int) -> list[Row]:
    """The sections one below the other, in columns of about the same height.

    The app's own keys are on the first page: at the top of the second column, or before all others in one.
    """
    number = max(1, min(width // _COLUMN, len(sections)))
    room = width // number
    first = (APP,) if number == 1 else (APP, OTHER_SCREENS)
    drawn = [(group, _section_rows(group, entries, room - _APART)) for group, entries in sections]
    app = [row for name in first for group, rows in drawn if group == name for row in rows]
    blocks = [rows for group, rows in drawn if group not in first]
    columns: list[list[Row]] = [[] for _ in range(number)]
    columns[min(1, number - 1)] += app
    goal = (len(app) + sum(map(len, blocks))) / number
    place, above = 0, 0.0
    for block in blocks:
        if columns[place] and place < number - 1 and above + len(block) / 2 > goal * (place + 1):
            place += 1
            above += len(app) if place == 1 else 0
        columns[place] += block
        above += len(block)
    rows = itertools.zip_longest(*columns, fillvalue=())
    return [_beside(row, room) for row in rows]


def _section_rows(group: str, entries: Sequence[_Entry], width: int) -> list[Row]:
    rows: list[Row] = [(), (Piece(f" {tr_in('heading', group)}", "title"),)]
    column = max(_LEAST_KEYS, *(len(keys) + 2 for keys, _ in entries))
    for keys, does in entries:
        first, *rest = flow((Piece(does),), max(1, width - column - 3))
        rows.append((Piece(f"   {keys:<{column}}", "accent"), *first))
        rows += [(Piece(" " * (column + 3)), *row) for row in rest]
    return rows


def _beside(row: Sequence[Row], room: int) -> Row:
    pieces: list[Piece] = []
    for place, part in enumerate(row):
        pieces += part
        if any(row[place + 1 :]):
            pieces.append(Piece(" " * (room - row_width(part))))
    return tuple(pieces)
