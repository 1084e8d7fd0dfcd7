"""A grid of cells to draw on. A cell is a character and a role, which decides its colour."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

# Up to this many unchanged cells are sent again: moving the cursor takes eight bytes, a cell one to three.
_WORTH_A_JUMP = 4


class Run(NamedTuple):
    """Neighbouring cells of one role."""

    text: str
    role: str


_cell = lru_cache(maxsize=4096)(Run)  # a screen has few different cells, and is drawn again at each key


class Span(NamedTuple):
    """Neighbouring cells of one row."""

    x: int
    y: int
    width: int


class Canvas:
    """`width` × `height` cells, blank at first. Text outside the canvas is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._cells: list[list[Run]] = [[_BLANK] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, role: str) -> None:
        """Write `text`, starting at (x, y)."""
        if not 0 <= y < self.height:
            return
        row = self._cells[y]
        if x >= 0 and text.isascii() and text.isprintable():
            shown = text[: max(0, self.width - x)]
            row[x : x + len(shown)] = [_cell(character, role) for character in shown]
            return
        for character in text if text.isprintable() else map(_shown, text):
            if x > self.width:  # of a very long text, the rest takes time
                break
            width = 1 if character.isascii() else cell_len(character)
            if width == 0 and 0 < x <= self.width:  # it belongs to the cell before, such as the hat of m̂
                row[x - 1] = Run(row[x - 1].text + character, row[x - 1].role)
            if width == 0 or x < 0 or x + width > self.width:
                x += width
                continue
            row[x] = _cell(character, role)
            if width == 2:
                row[x + 1] = Run("", role)
            x += width

    def is_blank(self, x: int, y: int) -> bool:
        """Whether the cell is blank; False outside the canvas."""
        return 0 <= y < self.height and 0 <= x < self.width and self._cells[y][x].text == " "

    def line(self, y: int) -> str:
        """The characters of a row, including the blanks at its end."""
        return "".join(cell.text for cell in self._cells[y])

    def text(self) -> str:
        """All rows, without the blanks at their ends."""
        return "\n".join(self.line(y).rstrip() for y in range(self.height))

    def runs(self, y: int) -> Iterator[Run]:
        """The cells of a row, with neighbours of the same role joined.

        A blank is joined to the cell on its left, because a blank looks the same in every colour and a change
        of colour costs forty bytes. Roles that fill their cells, such as the cursor, are the exception.
        """
        text, role = "", ""
        for cell in self._cells[y]:
            joined = cell.text == " " and not (_fills(cell.role) or _fills(role))
            if role and cell.role != role and not joined:
                yield Run(text, role)
                text = ""
            if not joined or not role:
                role = cell.role
            text += cell.text
        if text:
            yield Run(text, role)

    def changes(self, before: "Canvas") -> list[Span]:
        """The spans that differ from `before`, a canvas of the same size; nearby changes share a span."""
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


def grey_role(upper: float, lower: float) -> str:
    """The role of a cell "▀" with a grey upper and a grey lower half, from 0 (background) to 255 (text)."""
    return f"{_GREY}{_grey(upper)}-{_grey(lower)}"


def greys(role: str) -> tuple[float, float] | None:
    """How bright the two halves of a cell are, from 0 to 1, if its role is a grey_role."""
    if not role.startswith(_GREY):
        return None
    upper, lower = role.removeprefix(_GREY).split("-")
    return int(upper) / (_GREYS - 1), int(lower) / (_GREYS - 1)


def _grey(brightness: float) -> int:
    return round(brightness / 255 * (_GREYS - 1))


def _fills(role: str) -> bool:
    return role in _FILLED or role.startswith(_GREY)


def _shown(character: str) -> str:
    """`character`, or "?" if it is a control character or cannot be written (a stray byte of a file name)."""
    return "?" if unicodedata.category(character).startswith("C") else character


_BLANK = Run(" ", "text")
_GREY = "grey-"
_GREYS = 24  # as many as a terminal with 256 colours has; neighbours of one grey are sent together
_FILLED = frozenset({"cursor", "focused", "series-2-on-bar"})  # roles with a background or an underline
