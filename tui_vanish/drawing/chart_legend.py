"""A chart's legend: its title and the labels of its lines, as much of them as one row has room for."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.glyphs import Alphabet


class Entry(NamedTuple):
    """A line's sign, its label, and the role of its colour."""

    sign: str
    label: str
    role: str


def sign(style: str, letter: str, marker: int | None, signs: Alphabet) -> str:
    """The sign of a line: its letter, a point, or a piece of the line with its marker or in its style."""
    shape = "" if marker is None else signs.markers[marker]
    if letter or style == "points":
        return letter or shape or signs.point
    if shape and not signs.ascii:
        return f"⠤{shape}⠤"
    solid, dashed = ((shape, shape) if shape else signs.stroke) if signs.ascii else ("⠤", "⠤")
    return f"{dashed} {dashed}" if style == "dashed" else solid * 3


def draw(canvas: Canvas, title: Sequence[str], entries: Sequence[Entry]) -> None:
    """Draw the title and the labels on the first row, without cutting any of them.

    When there is not enough room, the blanks between them shrink first. Then the title loses its words from
    the last one on, and the labels are left out from the last one on.

    Args:
        canvas: the chart's.
        title: its first word is the title itself, the others are remarks.
        entries: of the lines, in order.
    """
    lengths = [len(sign) + 1 + cell_len(label) for sign, label, _ in entries]
    text, blanks = _title_with_room(title, canvas.width - sum(lengths), len(entries))
    x = 0
    if text:
        canvas.put(0, 0, text, "text")
        x = cell_len(text) + blanks
    for (sign, label, role), length in zip(entries, lengths, strict=True):
        if x + length > canvas.width:
            break
        canvas.put(x, 0, sign, role)
        canvas.put(x + len(sign) + 1, 0, label, "text")
        x += length + blanks


def _title_with_room(words: Sequence[str], room: int, entries: int) -> tuple[str, int]:
    """As much of the title as fits beside that many entries, and the number of blanks between them all."""
    for text in (" ".join(words[:count]) for count in range(len(words), 0, -1)):
        for blanks in (2, 1):
            if cell_len(text) + blanks * entries <= room or not entries:
                return text, blanks
    return "", 2 if 2 * (entries - 1) <= room else 1
