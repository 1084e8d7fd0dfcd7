"""The rows under the bars: the verdict, what to watch for, or how the run ended."""

from collections.abc import Sequence

from tui_vanish.drawing.text import Piece, Row, cut_row, row_width
from tui_vanish.drawing.wrap import flow, shorten
from tui_vanish.monitor.verdicts import Note
from tui_vanish.widgets.rows import Rows

_MEASURE = 110  # cells: longer lines are hard to read


class RunNote(Rows):
    """Paragraphs, and a last row that is always shown."""

    HELP = """
    The most severe verdict is shown below the bars. x opens the scenarios that it suggests, w shows all
    verdicts with their numbers.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._note = Note("", ())

    def show(self, note: Note) -> None:
        """Show this note."""
        self._note = note
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """As much of the paragraphs as there is room for, and the ending."""
        inner, ascii = max(1, min(width - 2, _MEASURE)), self.alphabet.ascii
        ending = [_ending(self._note.ending, width - 2)] if self._note.ending else []
        room = height - len(ending)
        lines = [line for paragraph in self._note.paragraphs for line in flow(paragraph, inner, ascii=ascii)]
        if len(lines) > room > 0:
            lines = [*lines[: room - 1], shorten(lines[room - 1], inner)]
        return [(Piece(" "), *line) for line in (*lines[: max(0, room)], *ending)]


def _ending(parts: Sequence[Sequence[Row]], width: int) -> Row:
    """The parts in one row: the first one always, the others in their longest form that has room."""
    row = cut_row(parts[0][0], width)
    for forms in parts[1:]:
        longer = ((*row, Piece("   "), *form) for form in forms)
        row = next((each for each in longer if row_width(each) <= width), row)
    return row
