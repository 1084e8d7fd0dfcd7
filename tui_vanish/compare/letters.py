"""The letters of compared runs."""

from tui_vanish.drawing.chart import series_role
from tui_vanish.drawing.text import Piece

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letter_of(number: int, width: int) -> Piece:
    """An entrant's letter, in the colour of its line."""
    return Piece(f"{LETTERS[number]:>{width}}", series_role(number))
