"""Text of several roles, broken into rows between words."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row

_WORD_OR_BLANK = re.compile(r" +|[^ ]+")


def flow(text: Row, width: int, *, ascii: bool = False) -> list[Row]:
    """`text` in rows of at most `width` cells; a word that is longer than a row is broken.

    Args:
        text: the pieces one after the other; where one begins is no place to break.
        width: cells of a row, at least 1.
        ascii: Greek letters are spelt out before the rows are broken.
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
    """`row` with an ellipsis at its end, in at most `width` cells: more stood below it."""
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
    """Words and the blanks between them; a word may be made of pieces of several roles."""
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
    """Without blanks at its end, neighbours of one role as one piece."""
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
