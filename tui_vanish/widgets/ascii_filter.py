"""The filter behind --ascii: everything the app sends to the terminal is ASCII."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui_vanish.drawing.ascii import ascii_cells


class AsciiOnly(LineFilter):
    """Replaces all other characters, whatever widget draws them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in ASCII, with the same width in cells."""
        return [
            segment
            if segment.text.isascii()
            else Segment(ascii_cells(segment.text), segment.style, segment.control)
            for segment in segments
        ]
