"""What a page draws on: a part of a canvas that writes its texts in Unicode or in ASCII."""

import textwrap
from dataclasses import dataclass, field

from rich.cells import cell_len

from tui_vanish.drawing.ascii import ascii_cells
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.glyphs import Alphabet, alphabet
from tui_vanish.theory.formulas import in_ascii

_ARROWS = str.maketrans({"▶": ">", "◀": "<", "▲": "^", "▼": "v", "Σ": "S", "σ": "s", "μ": "m", "Δ": "d"})
MEASURE = 88  # cells: longer lines are hard to read
_COLUMN_GAP = 3  # cells between the pictures and the column of text


@dataclass
class Overflow:
    """The texts that did not fit. The tests read it, because a page must not lose any words."""

    texts: list[str] = field(default_factory=list)


class Sheet:
    """A rectangle of a canvas; x and y are counted from its upper left corner.

    Args:
        canvas: the canvas that the sheet is a part of.
        ascii: whether everything must be drawn in ASCII.
        x: column of the sheet's corner on the canvas.
        y: row of the sheet's corner on the canvas.
        width: in cells; None for up to the right edge.
        height: in rows; None for up to the bottom.
        overflow: records the texts that do not fit.
        greys: whether cells may be grey pixels.
        column: a sheet beside this one for its paragraphs; None if they are written on this one.
    """

    def __init__(
        self,
        canvas: Canvas,
        ascii: bool,
        x: int = 0,
        y: int = 0,
        width: int | None = None,
        height: int | None = None,
        overflow: Overflow | None = None,
        *,
        greys: bool = False,
        column: "Column | None" = None,
    ) -> None:
        self.canvas, self.ascii, self.greys = canvas, ascii, greys
        self._column = column
        self._x, self._y = x, y
        self.width = max(0, canvas.width - x if width is None else width)
        self.height = max(0, canvas.height - y if height is None else height)
        self.overflow = Overflow() if overflow is None else overflow

    @property
    def signs(self) -> Alphabet:
        """The characters to draw with."""
        return alphabet(self.ascii)

    def part(self, x: int, y: int, width: int, height: int) -> "Sheet":
        """A rectangle of this one."""
        width, height = max(0, min(width, self.width - x)), max(0, min(height, self.height - y))
        column = self._column if x == 0 and width == self.width else None
        return Sheet(
            self.canvas,
            self.ascii,
            self._x + x,
            self._y + y,
            width,
            height,
            self.overflow,
            greys=self.greys,
            column=column,
        )

    def beside(self, width: int) -> "Sheet":
        """This sheet without `width` cells at its right, into which its paragraphs are written."""
        left = self.part(0, 0, self.width - width - _COLUMN_GAP, self.height)
        left._column = Column(self.part(self.width - width, 0, width, self.height))
        return left

    def put(self, x: int, y: int, text: str, role: str = "text") -> int:
        """Write a formula or a few words; returns the column after them."""
        text = self.spelt(text)
        end = x + cell_len(text)
        if not 0 <= y < self.height or end > self.width:
            self.overflow.texts.append(text)
        if 0 <= y < self.height and x < self.width:
            self.canvas.put(self._x + x, self._y + y, text[: self.width - x], role)
        return end

    def row(self, x: int, y: int, *pieces: tuple[str, str]) -> int:
        """Write pieces of (text, role) one after another; returns the column after the last one."""
        for text, role in pieces:
            x = self.put(x, y, text, role)
        return x

    def drawing(self, x: int, y: int, line: str, role: str = "text") -> None:
        """Write a line of a drawing, in ASCII character by character, so that it keeps its shape."""
        if self.ascii:
            line = ascii_cells(line.translate(_ARROWS))
        self.put(x, y, line, role)

    def cell(self, x: int, y: int, sign: str, role: str) -> None:
        """Draw one sign unchanged; nothing is drawn outside the sheet."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.canvas.put(self._x + x, self._y + y, sign, role)

    def paragraph(self, y: int, text: str, role: str = "text", *, x: int = 0) -> int:
        """Write wrapped text from row `y` on; returns the row after it, which is `y` if there is a column."""
        if self._column is not None:
            self._column.add(text, role)
            return y
        for line in self._wrapped(text, self.width - x):
            places = range(self._x + x, self._x + x + len(line))
            if 0 <= y < self.height and not all(self.canvas.is_blank(at, self._y + y) for at in places):
                self.overflow.texts.append(f"{line} (over something else)")
            self.put(x, y, line, role)
            y += 1
        return y

    def footnotes(self, *texts: str) -> int:
        """Write paragraphs at the bottom, in order; returns how many rows are left above them."""
        if self._column is not None:
            for text in texts:
                self._column.add(text, "text")
            return self.height
        y = top = self.height - sum(len(self._wrapped(text, self.width)) for text in texts)
        for text in texts:
            y = self.paragraph(y, text)
        return top

    def spelt(self, text: str) -> str:
        """`text` in the form that this sheet writes: unchanged, or in ASCII."""
        return in_ascii(text) if self.ascii else text

    def _wrapped(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(self.spelt(text), max(8, min(width, MEASURE)))


class Column:
    """Paragraphs one below the other, with an empty row between two."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._y = 0

    def add(self, text: str, role: str) -> None:
        """Write a paragraph below those before it."""
        self._y = 1 + self._sheet.paragraph(self._y, text, role)
