"""Saved runs to move through."""

from collections.abc import Sequence

from textual.message import Message

from engine.storage.run_index import RunEntry
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.runs.columns import Order, heading_row, matching, run_row
from tui_vanish.widgets.item_list import ItemList


class RunList(ItemList[RunEntry]):
    """Every saved run, sorted and filtered; the highlighted one is what keys act on."""

    HELP = """
    Every run in the runs folder. enter looks at one, p lets it go on, T takes it over from another process,
    space marks it for a comparison, o sorts by the next column, / filters, x deletes it and z brings it back.
    """

    class Arranged(Message):
        """The runs, their order, their filter or their marks are other ones."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[RunEntry] | None = None
        self._marked: frozenset[str] = frozenset()
        self._problem = ""
        self.order = Order()
        self.filter = ""

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

    def key(self, item: RunEntry) -> str:
        """The name of the run's folder."""
        return item.name

    def head_rows(self, width: int) -> list[Row]:
        """The headings of the columns."""
        return [heading_row(self.order, width, ascii=self.alphabet.ascii)]

    def item_row(self, item: RunEntry, width: int, *, here: bool) -> Row:
        """The run's row."""
        return run_row(item, width, here=here, marked=item.name in self._marked)

    def empty_row(self) -> Row:
        """Why there are no runs."""
        if self._entries is None:
            return (Piece("   Reading the runs folder…", "dim"),)
        words = self._problem or ("Nothing matches." if self.filter else "No runs yet.")
        return (Piece(f"   {words}", "bad" if self._problem else "dim"),)

    def _arrange(self) -> None:
        self.show_items(self.order.sort(matching(self._entries or (), self.filter)), keep_place=True)
        self.post_message(self.Arranged())
