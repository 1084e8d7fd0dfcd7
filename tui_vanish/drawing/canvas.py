"""A grid of cells to draw on, each a character and the role that decides its colour."""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

# As many unchanged cells are sent sooner than jumped over: a jump is eight bytes, a cell one to three.
_WORTH_A_JUMP = 4


class Run(NamedTuple):
    """Neighbouring cells of one role."""

    text: str
    role: str


class Span(NamedTuple):
    """Neighbouring cells of one row."""

    x: int
    y: int
    width: int


class Canvas:
    """`width` × `height` cells, blank at first. What is put outside it is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._cells: list[list[Run]] = [[_BLANK] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, role: str) -> None:
        """Write `text` from (x, y) to the right."""
        if not 0 <= y < self.height:
            return
        row = self._cells[y]
        for character in text if text.isprintable() else map(_shown, text):
            width = 1 if character.isascii() else cell_len(character)
            if width == 0 and 0 < x <= self.width:  # it stands on the cell before, such as the hat of m̂
                row[x - 1] = Run(row[x - 1].text + character, row[x - 1].role)
            if width == 0 or x < 0 or x + width > self.width:
                x += width
                continue
            row[x] = Run(character, role)
            if width == 2:
                row[x + 1] = Run("", role)
            x += width

    def is_blank(self, x: int, y: int) -> bool:
        """Whether nothing was put there; outside the canvas nothing is blank."""
        return 0 <= y < self.height and 0 <= x < self.width and self._cells[y][x].text == " "

    def line(self, y: int) -> str:
        """A row's characters, blanks at its end included."""
        return "".join(cell.text for cell in self._cells[y])

    def text(self) -> str:
        """All rows, without the blanks at their ends."""
        return "\n".join(self.line(y).rstrip() for y in range(self.height))

    def runs(self, y: int) -> Iterator[Run]:
        """A row's cells, neighbours of one role together.

        A blank goes with what is left of it, unless one of the two fills its cells: it looks the same, and a
        change of colour costs forty bytes.
        """
        text, role = "", ""
        for cell in self._cells[y]:
            goes_along = cell.text == " " and not _FILLED & {cell.role, role}
            if role and cell.role != role and not goes_along:
                yield Run(text, role)
                text = ""
            if not goes_along or not role:
                role = cell.role
            text += cell.text
        if text:
            yield Run(text, role)

    def changes(self, before: "Canvas") -> list[Span]:
        """Where this canvas differs from one of the same size; changes close to each other are one span."""
        spans: list[Span] = []
        for y, (old, new) in enumerate(zip(before._cells, self._cells, strict=True)):
            if old == new:
                continue
            start = end = -1
            for x in range(self.width):
                if old[x] == new[x]:
                    continue
                if start >= 0 and x - end > _WORTH_A_JUMP:
                    spans.append(Span(start, y, end - start))
                    start = -1
                if start < 0:
                    start = x
                end = x + 1
            spans.append(Span(start, y, end - start))
        return spans


def _shown(character: str) -> str:
    """What commands the terminal, or can't be written (a byte of a file's name), is a question mark."""
    return "?" if unicodedata.category(character).startswith("C") else character


_BLANK = Run(" ", "text")
_FILLED = frozenset({"cursor", "focused"})  # roles with a background or an underline
