"""Wraps text that has several roles."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row

_WORD_OR_BLANK = re.compile(r" +|[^ ]+")


def flow(text: Row, width: int, *, ascii: bool = False) -> list[Row]:
    """`text` in rows of at most `width` cells; a word that is longer than a row is split.

    Args:
        text: the pieces in order; rows are broken at blanks only, not between two pieces.
        width: cells of a row, at least 1.
        ascii: whether to replace Greek letters by their names first.
    """
    rows: list[list[Piece]] = [[]]
    used = 0
    for word in _words(text, ascii):
        length = sum(cell_len(piece.text) for piece in word)
        if word[0].text.isspace():
            if used and used + length <= width:
                rows[-1] += word
                used += length
            elif used:
                rows.append([])
                used = 0
            continue
        if used and used + length > width:
            rows.append([])
            used = 0
        for piece in word:
            for part in _parts(piece, width):
                if used and used + cell_len(part.text) > width:
                    rows.append([])
                    used = 0
                rows[-1].append(part)
                used += cell_len(part.text)
    return [_tidy(row) for row in rows if any(not piece.text.isspace() for piece in row)]


def shorten(row: Row, width: int) -> Row:
    """`row` with an ellipsis at its end, in at most `width` cells, for text that was cut after it."""
    kept = list(row)
    while kept and sum(cell_len(piece.text) for piece in kept) > width - 1:
        last = kept.pop()
        if len(last.text) > 1:
            kept.append(Piece(last.text[:-1], last.role))
    if not kept:
        return (Piece("…"),)
    last = kept.pop()
    return (*kept, Piece(last.text.rstrip(" .,;:") + "…", last.role))


def _words(text: Row, ascii: bool) -> Iterator[list[Piece]]:
    """The words and the blanks between them; a word may consist of pieces of several roles."""
    word: list[Piece] = []
    for piece, role in text:
        for match in _WORD_OR_BLANK.findall(spelt_out(piece) if ascii else piece):
            if word and match.isspace() != word[-1].text.isspace():
                yield word
                word = []
            word.append(Piece(match, role))
    if word:
        yield word


def _parts(piece: Piece, width: int) -> Iterator[Piece]:
    if cell_len(piece.text) <= width:
        yield piece
        return
    part = ""
    for character in piece.text:
        if part and cell_len(part + character) > width:
            yield Piece(part, piece.role)
            part = ""
        part += character
    yield Piece(part, piece.role)


def _tidy(row: list[Piece]) -> Row:
    """The row without blanks at its end, with neighbours of the same role joined."""
    joined: list[Piece] = []
    for text, role in row:
        if joined and joined[-1].role == role:
            joined[-1] = Piece(joined[-1].text + text, role)
        else:
            joined.append(Piece(text, role))
    while joined and not joined[-1].text.strip():
        joined.pop()
    if joined:
        joined[-1] = Piece(joined[-1].text.rstrip(), joined[-1].role)
    return tuple(joined)
