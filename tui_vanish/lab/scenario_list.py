"""The scenarios by section, each with how its latest run stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from engine.protocol.status import Status
from tui_vanish.drawing.text import Piece, Row, cut, padded
from tui_vanish.instruments.status import ROLES, mark
from tui_vanish.widgets.scrolling import ScrollingRows

if TYPE_CHECKING:
    from scenarios import Entry

_TITLE_WIDTH = 44  # cells from which there is room for the titles


@dataclass(frozen=True, slots=True)
class Standing:
    """How a scenario's latest run stands; `accuracy` is its latest on the test images."""

    status: Status
    accuracy: float | None


class ScenarioList(ScrollingRows):
    """A list to move through; the highlighted scenario is what the rest of the screen is about."""

    HELP = """
    The slides' scenarios by section. enter trains the highlighted one, e edits its values first, space
    marks it for a comparison. At the right stands the latest test accuracy in per cent, and how the latest
    run stands.
    """

    class Highlighted(Message):
        """Another scenario is highlighted now."""

    class Chosen(Message):
        """The highlighted scenario was clicked."""

    def __init__(self, entries: Sequence["Entry"], id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries = tuple(entries)
        self._standings: Mapping[str, Standing] = {}
        self._marked: frozenset[str] = frozenset()
        self._filter = ""
        self._current = 0

    @property
    def current(self) -> "Entry | None":
        """The highlighted scenario; None if nothing matches."""
        matches = self.matches
        if not matches:
            return None
        return next((entry for entry in matches if entry is self._entries[self._current]), matches[0])

    @property
    def matches(self) -> list["Entry"]:
        """The scenarios that the filter lets through, in order."""
        words = self._filter.casefold().split()
        return [
            entry
            for entry in self._entries
            if all(word in f"{entry.id} {entry.title} {entry.section}".casefold() for word in words)
        ]

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
        current = self.current
        self._entries = tuple(entries)
        self._current = 0
        self._highlight(current if current in self._entries else self.current, current)

    def set_filter(self, text: str) -> None:
        """Show only what matches `text`; the highlight stays where it is if it can."""
        before = self.current
        self._filter = text
        self._highlight(self.current, before)

    def select(self, scenario_id: str) -> None:
        """Highlight the scenario with that id, if it is in the list."""
        before = self.current
        self._highlight(next((entry for entry in self.matches if entry.id == scenario_id), before), before)

    def move(self, by: int) -> None:
        """Go `by` scenarios down, as far as there are any."""
        matches, current = self.matches, self.current
        if current is not None:
            place = matches.index(current) + by
            self._highlight(matches[min(max(0, place), len(matches) - 1)], current)

    def move_around(self, by: int) -> None:
        """Go `by` scenarios down, and from the last one on to the first."""
        matches, current = self.matches, self.current
        if current is not None:
            self._highlight(matches[(matches.index(current) + by) % len(matches)], current)

    def edge(self, which: str) -> None:
        """Go to the `first` or the `last` scenario."""
        self.move(len(self._entries) * (1 if which == "last" else -1))

    def rows(self, width: int, height: int) -> list[Row]:
        """Section headings and scenarios, as many as fit around the highlighted one."""
        lines, current = self._lines(), self.current
        if current is None:
            return [(Piece(" Nothing matches.", "dim"),)]
        place = lines.index(current)
        first = place - 1 if place and isinstance(lines[place - 1], str) else place
        self._top = max(min(self._top, first), place - height + 1)
        self.scroll_within(len(lines), height)
        return [self._row(line, current, width) for line in lines[self._top : self._top + height]]

    def on_focus(self, event: events.Focus) -> None:
        """Show that the keyboard is here."""
        self.redraw()

    def on_blur(self, event: events.Blur) -> None:
        """Show that the keyboard is elsewhere."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Highlight the clicked scenario; a second click opens it."""
        lines, y = self._lines(), self._top + event.y
        if y >= len(lines) or isinstance(line := lines[y], str):
            return
        if line is self.current:
            self.post_message(self.Chosen())
        else:
            self._highlight(line, self.current)

    def _highlight(self, entry: "Entry | None", before: "Entry | None") -> None:
        if entry is not None:
            self._current = next(place for place, known in enumerate(self._entries) if known is entry)
        self.redraw()
        if entry is not before:
            self.post_message(self.Highlighted())

    def _lines(self) -> list["Entry | str"]:
        """Every row there is: a text is a section's heading."""
        lines: list[Entry | str] = []
        section = None
        for entry in self.matches:
            if entry.section != section:
                section = entry.section
                lines.append(section)
            lines.append(entry)
        return lines

    def _row(self, line: "Entry | str", current: "Entry", width: int) -> Row:
        if isinstance(line, str):
            return (Piece(" "), Piece(cut(line, width - 1), "title"))
        here = line is current
        role = (
            "cursor" if here and self.has_focus else "strong" if here else "dim" if line.problems else "text"
        )
        right = self._standing(line, "cursor" if role == "cursor" else "")
        name = f" {'▸' if here else ' '}{'+' if line.id in self._marked else ' '}{line.id}"
        left: Row = (Piece(name, role),)
        if width >= _TITLE_WIDTH:
            left = (Piece(f"{name:<23}", role), Piece(line.title, "cursor" if role == "cursor" else "dim"))
        return padded(left, right, width, role="cursor" if role == "cursor" else "text")

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
