"""The glossary: what the columns, verdicts, marks and words on the screen mean."""

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType

from scenarios.glossary import glossary
from tui_vanish.chrome.page_screen import MEASURE, PageScreen
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.drawing.wrap import flow
from tui_vanish.language import current, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.widgets.scrolling import ScrollingRows
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.verdicts import SEVERITY

_TERM = 20  # cells of the column of terms
_LEAST_MEANING = 30  # cells; if there is less room, a meaning is written below its term


class GlossaryText(ScrollingRows):
    """The terms by section, each with its meaning beside it."""

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        return glossary_rows(width, ascii=self.alphabet.ascii)


class GlossaryScreen(PageScreen):
    """The glossary."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("W", "dismiss", "Back")]

    def __init__(self) -> None:
        super().__init__(GlossaryText(), lambda: (Piece(tr("Glossary"), "title"),))


def glossary_rows(width: int, *, ascii: bool) -> list[Row]:
    """The whole glossary, at most `width` cells wide."""
    rows: list[Row] = []
    for heading, terms in _sections().items():
        rows += [(), (Piece(f" {heading}", "title"),)]
        for term, meaning in terms.items():
            rows += _entry(term, meaning, min(width, MEASURE), ascii=ascii)
    return rows[1:]


def _entry(term: str, meaning: str, width: int, *, ascii: bool) -> list[Row]:
    room = width - _TERM - 1
    if room < _LEAST_MEANING:
        lines = flow((Piece(meaning),), max(1, width - 3), ascii=ascii)
        return [(Piece(f"  {term}", "accent"),), *((Piece("   "), *line) for line in lines)]
    first, *rest = flow((Piece(meaning),), room, ascii=ascii)
    head = (Piece(f"  {term:<{_TERM - 2}}", "accent"), *first)
    return [head, *((Piece(" " * _TERM), *line) for line in rest)]


def _sections() -> dict[str, Mapping[str, str]]:
    words = glossary(current())
    verdicts = {kind.replace("_", " ").upper(): words.verdicts[kind] for kind in SEVERITY}
    columns = {
        quantity.column: spoken(quantity.meaning)
        for quantity in QUANTITIES.values()
        if quantity.in_bars or quantity.column_rank is not None
    }
    return {
        tr("Columns"): columns,
        tr("Verdicts"): verdicts,
        tr_in("heading", "Marks"): words.marks,
        tr("Words"): words.words,
    }
