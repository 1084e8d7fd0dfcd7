"""The scenarios by section, each with how its latest run stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.protocol.status import Status
from tui_vanish.drawing.text import Piece, Row, padded
from tui_vanish.instruments.status import ROLES, mark
from tui_vanish.widgets.item_list import ItemList

if TYPE_CHECKING:
    from scenarios import Entry

_TITLE_WIDTH = 44  # cells from which there is room for the titles


@dataclass(frozen=True, slots=True)
class Standing:
    """How a scenario's latest run stands; `accuracy` is its latest on the test images."""

    status: Status
    accuracy: float | None


class ScenarioList(ItemList["Entry"]):
    """A list to move through; the highlighted scenario is what the rest of the screen is about."""

    HELP = """
    The slides' scenarios by section. enter trains the highlighted one, e edits its values first, space
    marks it for a comparison. At the right stands the latest test accuracy in per cent, and how the latest
    run stands.
    """

    def __init__(self, entries: Sequence["Entry"], id: str | None = None) -> None:
        super().__init__(entries, id=id)
        self._entries = tuple(entries)
        self._standings: Mapping[str, Standing] = {}
        self._marked: frozenset[str] = frozenset()
        self._filter = ""

    @property
    def filter(self) -> str:
        """Words that a scenario's id, title or section has to contain."""
        return self._filter

    def show_standings(self, standings: Mapping[str, Standing], marked: frozenset[str] = frozenset()) -> None:
        """Set how the latest runs stand, by scenario id, and the ids of what is marked for a comparison."""
        self._standings, self._marked = standings, marked
        self.redraw()

    def show_entries(self, entries: Sequence["Entry"]) -> None:
        """Have these in the list; the highlight stays where it is if it can."""
        self._entries = tuple(entries)
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only what matches `text`; the highlight stays where it is if it can."""
        self._filter = text
        self._arrange()

    def key(self, item: "Entry") -> str:
        """The scenario's id."""
        return item.id

    def heading(self, item: "Entry") -> str:
        """The scenario's section."""
        return item.section

    def empty_row(self) -> Row:
        """What is shown if the filter lets nothing through."""
        return (Piece(" Nothing matches.", "dim"),)

    def item_row(self, item: "Entry", width: int, *, here: bool) -> Row:
        """The scenario's id, its title where there is room, and how its latest run stands."""
        role = (
            "cursor" if here and self.has_focus else "strong" if here else "dim" if item.problems else "text"
        )
        right = self._standing(item, "cursor" if role == "cursor" else "")
        name = f" {'▸' if here else ' '}{'+' if item.id in self._marked else ' '}{item.id}"
        left: Row = (Piece(name, role),)
        if width >= _TITLE_WIDTH:
            left = (Piece(f"{name:<23}", role), Piece(item.title, "cursor" if role == "cursor" else "dim"))
        return padded(left, right, width, role="cursor" if role == "cursor" else "text")

    def _arrange(self) -> None:
        words = self._filter.casefold().split()
        self.show_items(
            [
                entry
                for entry in self._entries
                if all(word in f"{entry.id} {entry.title} {entry.section}".casefold() for word in words)
            ]
        )

    def _standing(self, entry: "Entry", role: str) -> Row:
        if entry.problems:
            return (Piece(" bad file ", role or "bad"),)
        standing = self._standings.get(entry.id)
        if standing is None:
            return (Piece(" ", role or "text"),)
        figure = "" if standing.accuracy is None else f" {100 * standing.accuracy:.1f}"
        return (
            Piece(f"{figure} ", role or "dim"),
            Piece(mark(standing.status), role or ROLES[standing.status]),
            Piece(" ", role or "text"),
        )
