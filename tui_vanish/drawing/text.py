"""A row of text as pieces, each with a role that decides its colour."""

from typing import NamedTuple

from rich.cells import cell_len


class Piece(NamedTuple):
    """A part of a row; the role decides its colour."""

    text: str
    role: str = "text"


Row = tuple[Piece, ...]


def padded(left: Row, right: Row, width: int, fill: str = " ", role: str = "text") -> Row:
    """`left` and `right` at the two ends of a row of `width` cells; `left` is cut if both do not fit."""
    room = max(0, width - row_width(right))
    left = cut_row(left, room)
    return (*left, Piece(fill * (room - row_width(left)), role), *right)


def row_width(row: Row) -> int:
    """The width of the row in cells."""
    return sum(cell_len(text) for text, _ in row)


def cut_row(row: Row, width: int) -> Row:
    """The row in at most `width` cells; an ellipsis shows where it was cut."""
    if row_width(row) <= width:
        return row
    kept: list[Piece] = []
    room = width
    for text, role in row:
        kept.append(Piece(cut(text, room), role))
        room -= cell_len(kept[-1].text)
        if kept[-1].text != text or room <= 0:
            break
    return tuple(kept)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; an ellipsis shows where it was cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    text = text[: 4 * width]  # of a very long text, so that the next lines take no time
    while cell_len(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"
