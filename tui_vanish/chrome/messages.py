"""Short messages to the user, and the rows that show them."""

from collections.abc import Sequence
from typing import NamedTuple

from tui_vanish.drawing.text import Piece, Row
from tui_vanish.drawing.wrap import flow

MOST_ROWS = 5  # more would leave too little of a small screen
_ROLES = {"information": "strong", "warning": "warn", "error": "bad"}


class Message(NamedTuple):
    """A message; `severity` is one of Textual's."""

    text: str
    severity: str = "information"


def message_rows(messages: Sequence[Message], width: int, *, ascii: bool) -> list[Row]:
    """The rows of the messages, the latest last; the oldest are left out if there are too many."""
    shown: list[Row] = []
    for message in reversed(messages):
        rows = _rows(message, width, ascii=ascii)
        if shown and len(rows) + len(shown) > MOST_ROWS:
            break
        shown = rows + shown
    if len(shown) > MOST_ROWS:
        *_, last = shown[MOST_ROWS - 1]
        shown = [*shown[: MOST_ROWS - 1], (Piece("   "), Piece(last.text[: width - 4] + "…", last.role))]
    return shown


def _rows(message: Message, width: int, *, ascii: bool) -> list[Row]:
    role = _ROLES.get(message.severity, "strong")
    lines = [
        line
        for paragraph in message.text.splitlines() or [""]
        for line in flow((Piece(paragraph, role),), max(1, width - 4), ascii=ascii) or [()]
    ]
    signs = [" ▸ ", *["   "] * len(lines)]
    return [(Piece(sign, role), *line) for sign, line in zip(signs, lines, strict=False)]
