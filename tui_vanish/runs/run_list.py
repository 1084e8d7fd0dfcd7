"""The list of saved runs."""

from collections.abc import Sequence

from textual.message import Message

from engine.storage.run_index import RunEntry
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import tr
from tui_vanish.runs.columns import Order, heading_row, matching, run_row
from tui_vanish.widgets.item_list import ItemList


class RunList(ItemList[RunEntry]):
    """All saved runs, sorted and filtered. Keys act on the highlighted run."""

    HELP = """
    All runs in the runs folder. enter shows one in the lab, p resumes it, T takes it over from another
    process, space marks it for a comparison, o sorts by the next column, / filters, x deletes it, z undoes
    that. b adds the recorded runs, which come with the program.
    """

    class Arranged(Message):
        """The runs, their order, the filter or the marks have changed."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[RunEntry] | None = None
        self._marked: frozenset[str] = frozenset()
        self._problem = ""
        self.order = Order()
        self.filter = ""

    def show(self, entries: Sequence[RunEntry], marked: frozenset[str], problem: str = "") -> None:
        """Show these runs. The highlight stays on its run, or in its row if the run is gone.

        Args:
            entries: the runs of the folder.
            marked: the names of the marked runs.
            problem: why the folder cannot be read; empty if it can.
        """
        self._entries, self._marked, self._problem = entries, marked, problem
        self._arrange()

    def sort(self, order: Order) -> None:
        """Sort the runs in this order."""
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
            return (Piece("   " + tr("Reading the runs folder…"), "dim"),)
        none = tr("Nothing matches.") if self.filter else tr("No runs yet; b shows the recorded ones.")
        words = self._problem or none
        return (Piece(f"   {words}", "bad" if self._problem else "dim"),)

    def _arrange(self) -> None:
        self.show_items(self.order.sort(matching(self._entries or (), self.filter)), keep_place=True)
        self.post_message(self.Arranged())
