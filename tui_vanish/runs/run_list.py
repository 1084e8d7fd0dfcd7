"""Saved runs to move through."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from engine.storage.run_index import RunEntry
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.runs.columns import Order, heading_row, matching, run_row
from tui_vanish.widgets.scrolling import ScrollingRows


class RunList(ScrollingRows):
    """Every saved run, sorted and filtered; the highlighted one is what keys act on."""

    HELP = """
    Every run in the runs folder. enter looks at one, p lets it go on, T takes it over from another process,
    space marks it for a comparison, o sorts by the next column, / filters, x deletes it and z brings it back.
    """

    class Highlighted(Message):
        """Another run is highlighted now."""

    class Chosen(Message):
        """The highlighted run was clicked."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[RunEntry] | None = None
        self._shown: list[RunEntry] = []
        self._marked: frozenset[str] = frozenset()
        self._problem = ""
        self._current = ""
        self.order = Order()
        self.filter = ""

    @property
    def current(self) -> RunEntry | None:
        """The highlighted run; None if there is none."""
        shown = self._shown
        return next((entry for entry in shown if entry.name == self._current), shown[0] if shown else None)

    @property
    def shown(self) -> Sequence[RunEntry]:
        """The runs that the filter lets through, in their order."""
        return self._shown

    def show(self, entries: Sequence[RunEntry], marked: frozenset[str], problem: str = "") -> None:
        """Have these runs in the list; the highlight stays on its run, or in its place if that is gone.

        Args:
            entries: of the folder.
            marked: the names of those that are marked.
            problem: why the folder can't be read.
        """
        self._entries, self._marked, self._problem = entries, marked, problem
        self._arrange()

    def sort(self, order: Order) -> None:
        """Have the runs in this order."""
        self.order = order
        self._arrange()

    def set_filter(self, words: str) -> None:
        """Show only what matches."""
        self.filter = words
        self._arrange()

    def move(self, by: int) -> None:
        """Go `by` runs down, as far as there are any."""
        if self._shown:
            place = self._place() + by
            self._highlight(self._shown[min(max(0, place), len(self._shown) - 1)])

    def edge(self, which: str) -> None:
        """Go to the `first` or the `last` run."""
        self.move(len(self._shown) * (1 if which == "last" else -1))

    def rows(self, width: int, height: int) -> list[Row]:
        """The headings, and as many runs as fit around the highlighted one."""
        ascii = self.alphabet.ascii
        head = heading_row(self.order, width, ascii=ascii)
        if self._entries is None:
            return [head, (Piece("   Reading the runs folder…", "dim"),)]
        if not self._shown:
            return [head, (Piece(f"   {self._nothing()}", "bad" if self._problem else "dim"),)]
        place, room = self._place(), height - 1
        self._top = max(min(self._top, place), place - room + 1)
        self.scroll_within(len(self._shown), room)
        current = self._shown[place]
        return [
            head,
            *(
                run_row(entry, width, here=entry is current, marked=entry.name in self._marked)
                for entry in self._shown[self._top : self._top + room]
            ),
        ]

    def _nothing(self) -> str:
        return self._problem or ("Nothing matches." if self.filter else "No runs yet.")

    def on_click(self, event: events.Click) -> None:
        """Highlight the clicked run; a second click opens it."""
        place = self._top + event.y - 1
        if not 0 <= place < len(self._shown) or event.y == 0:
            return
        if self._shown[place] is self.current:
            self.post_message(self.Chosen())
        else:
            self._highlight(self._shown[place])

    def _arrange(self) -> None:
        place = self._place()
        self._shown = self.order.sort(matching(self._entries or (), self.filter))
        if self._shown and all(entry.name != self._current for entry in self._shown):
            self._current = self._shown[min(place, len(self._shown) - 1)].name
        self.redraw()
        self.post_message(self.Highlighted())

    def _place(self) -> int:
        return next((place for place, entry in enumerate(self._shown) if entry.name == self._current), 0)

    def _highlight(self, entry: RunEntry) -> None:
        self._current = entry.name
        self.redraw()
        self.post_message(self.Highlighted())
