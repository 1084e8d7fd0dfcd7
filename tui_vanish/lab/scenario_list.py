"""The list of scenarios by section, with the status of the latest run of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_vanish.drawing.text import Piece, Row, padded
from tui_vanish.instruments.status import ROLES, mark
from tui_vanish.language import tr
from tui_vanish.language.folding import folded
from tui_vanish.session import prose
from tui_vanish.session.models import shown_name
from tui_vanish.widgets.item_list import ItemList
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from scenarios import Entry

START = "depth-7"  # the slides' problem, which all the others explain or cure
_TITLE_WIDTH = 44  # cells; from this width on, the titles are shown


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a scenario's latest run.

    Attributes:
        status: of the run.
        accuracy: the latest one on the test images.
        recorded: whether it is the recorded run, because there is no other.
    """

    status: Status
    accuracy: float | None
    recorded: bool = False


class ScenarioList(ItemList["Entry"]):
    """The list; the rest of the screen shows the highlighted scenario."""

    HELP = """
    The slides' scenarios by section. enter trains the highlighted scenario, e edits its values first, space
    marks it for a comparison. On the right are the latest test accuracy in % and the status of the latest
    run. b shows the recorded run, which comes with the program.
    """

    def __init__(self, entries: Sequence["Entry"], id: str | None = None) -> None:
        super().__init__(entries, first=START, id=id)
        self._entries = tuple(entries)
        self._standings: Mapping[str, Standing] = {}
        self._marked: frozenset[str] = frozenset()
        self._filter = ""

    @property
    def filter(self) -> str:
        """The words that a scenario's id, title or section must contain."""
        return self._filter

    def show_standings(self, standings: Mapping[str, Standing], marked: frozenset[str] = frozenset()) -> None:
        """Set the states of the latest runs, by scenario id, and the ids of the marked scenarios."""
        if (standings, marked) != (self._standings, self._marked):
            self._standings, self._marked = standings, marked
            self.redraw()

    def show_entries(self, entries: Sequence["Entry"]) -> None:
        """Show these entries; the highlight stays on its scenario if possible."""
        self._entries = tuple(entries)
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only the matching scenarios; the highlight stays on its scenario if possible."""
        self._filter = text
        self._arrange()

    def key(self, item: "Entry") -> str:
        """The scenario's id."""
        return item.id

    def heading(self, item: "Entry") -> str:
        """The scenario's section."""
        return prose.section_of(item)

    def empty_row(self) -> Row:
        """The row that is shown if no scenario matches the filter."""
        return (Piece(" " + tr("Nothing matches."), "dim"),)

    def item_row(self, item: "Entry", width: int, *, here: bool) -> Row:
        """The scenario's id, its title if there is room, and the state of its latest run."""
        role = (
            "cursor" if here and self.has_focus else "strong" if here else "dim" if item.problems else "text"
        )
        right = self._standing(item, "cursor" if role == "cursor" else "")
        name = f" {'▸' if here else ' '}{'+' if item.id in self._marked else ' '}{shown_name(item)}"
        left: Row = (Piece(name, role),)
        if width >= _TITLE_WIDTH:
            left = (
                Piece(f"{name:<23}", role),
                Piece(prose.title_of(item), "cursor" if role == "cursor" else "dim"),
            )
        return padded(left, right, width, role="cursor" if role == "cursor" else "text")

    def _arrange(self) -> None:
        words = folded(self._filter).split()
        self.show_items([entry for entry in self._entries if all(word in _searched(entry) for word in words)])

    def _standing(self, entry: "Entry", role: str) -> Row:
        if entry.problems:
            return (Piece(f" {tr('bad file')} ", role or "bad"),)
        standing = self._standings.get(entry.id)
        if standing is None:
            return (Piece(" ", role or "text"),)
        figure = "" if standing.accuracy is None else f" {100 * standing.accuracy:.1f}"
        return (
            Piece(f"{figure} ", role or "dim"),
            Piece(mark(standing.status, recorded=standing.recorded), role or ROLES[standing.status]),
            Piece(" ", role or "text"),
        )


def _searched(entry: "Entry") -> str:
    """What a filter finds: the title and the section in the language in use, and the title in English."""
    return folded(f"{entry.id} {prose.title_of(entry)} {entry.title} {prose.section_of(entry)}")
