"""The command palette: all actions, scenarios and theory pages by name.

Textual's own palette searches in the background. Keys that are typed ahead would act on what it has found by
then, and some of them end the app while its list is empty.
"""

from collections.abc import Iterator
from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Input

from scenarios.theory import BEYOND, page_ids, page_text
from tui_vanish.actions import ACTIONS, READ_ONLY_CLASS, bindings_everywhere
from tui_vanish.chrome.own_screen import Dialog
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.drawing.text import Piece, Row, cut, padded
from tui_vanish.language import current, tr
from tui_vanish.language.folding import folded
from tui_vanish.session import prose
from tui_vanish.session.models import shown_name
from tui_vanish.widgets.item_list import ItemList
from tui_vanish.widgets.line_input import LineInput

_LONGEST = 60  # characters of what is typed that are searched for


class Command(NamedTuple):
    """An entry of the palette.

    Attributes:
        name: what is searched.
        help: the key, or what it leads to.
        call: the action.
    """

    name: str
    help: str
    call: str


class CommandList(ItemList[Command]):
    """The entries that match what is typed, the best first."""

    can_focus = False

    def key(self, item: Command) -> str:
        """The entry's action."""
        return item.call

    def item_row(self, item: Command, width: int, *, here: bool) -> Row:
        """The entry's name, and its help on the right."""
        role = "cursor" if here else "text"
        name = cut(f" {self.alphabet.selected if here else ' '} {item.name}", width)
        help = cut(item.help, width - len(name) - 4)
        return padded(
            (Piece(name, role),), (Piece(f"{help} ", "cursor" if here else "dim"),), width, role=role
        )

    def empty_row(self) -> Row:
        """What is shown if nothing matches."""
        return (Piece("   " + tr("Nothing matches."), "dim"),)


class Palette(Dialog[str | None]):
    """Finds an action by a part of its name; its result is the chosen action.

    Args:
        below: the screen whose actions are offered.
    """

    AUTO_FOCUS = "LineInput"
    BINDINGS = [  # noqa: RUF012
        Binding("escape", "cancel", "Close"),
        Binding("down,ctrl+n", "move(1)", "Next"),
        Binding("up", "move(-1)", "Previous"),
        Binding("pagedown", "page(1)", "A page down"),
        Binding("pageup", "page(-1)", "A page up"),
        Binding("ctrl+home", "edge('first')", "First"),
        Binding("ctrl+end", "edge('last')", "Last"),
        *bindings_everywhere(),
    ]

    _list = query_one(CommandList)

    def __init__(self, below: Screen[object]) -> None:
        super().__init__()
        self._commands = tuple(_commands(below))

    def compose(self) -> ComposeResult:
        """The input, and the list."""
        with Vertical(id="palette"):
            yield LineInput(placeholder=tr("an action, a scenario or a theory page"))
            yield CommandList(self._commands)

    @on(Input.Changed)
    def _search(self, message: Input.Changed) -> None:
        found = list(self._commands)
        if words := folded(message.value).strip()[:_LONGEST]:  # of a mark alone nothing is left
            matcher = Matcher(words)
            scores = {command: matcher.match(folded(command.name)) for command in self._commands}
            found = sorted((each for each in found if scores[each] > 0), key=lambda each: -scores[each])
        self._list.show_items(found)
        self._list.edge("first")

    @on(Input.Submitted)
    @on(CommandList.Chosen)
    def _choose(self) -> None:
        if (command := self._list.current) is not None:
            self.dismiss(command.call)

    def on_click(self, event: events.Click) -> None:
        """Close the palette after a click beside it."""
        if event.widget is self:
            self.dismiss(None)

    def action_move(self, by: int) -> None:
        """Highlight another entry."""
        self._list.move(by)

    def action_page(self, by: int) -> None:
        """Highlight the entry a page further."""
        self._list.move(by * max(1, self._list.size.height - 1))

    def action_edge(self, which: str) -> None:
        """Highlight the first or the last entry."""
        self._list.edge(which)

    def action_cancel(self) -> None:
        """Close the palette."""
        self.dismiss(None)


def _commands(below: "Screen[object]") -> Iterator[Command]:
    live = below if isinstance(below, LiveScreen) else None
    here = live.TARGET if live else None
    for action in ACTIONS:
        refused = action.changes and below.app.has_class(READ_ONLY_CLASS)
        if action.palette and action.target in ("app", here) and not refused:
            target = "app" if action.target == "app" else "screen"
            yield Command(
                tr(action.help), tr("key {key}", key=action.shown_keys[0]), f"{target}.{action.call}"
            )
    if live and here == "lab":
        for entry in live.session.runs.entries:
            name = tr("Go to {scenario}", scenario=shown_name(entry))
            yield Command(name, prose.title_of(entry), f"screen.select({entry.id!r})")
    for page_id in page_ids():
        page = page_text(page_id, current())
        slide = page.slides[0] if page.slides else tr(BEYOND)
        yield Command(tr("Theory: {title}", title=page.title), slide, f"app.theory({page_id!r})")
