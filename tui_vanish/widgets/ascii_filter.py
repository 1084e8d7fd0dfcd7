"""With --ascii nothing else leaves the app, whatever a widget draws."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui_vanish.drawing.ascii import ascii_cells


class AsciiOnly(LineFilter):
    """Whatever a widget draws, only ASCII reaches the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with every other character replaced, cell for cell."""
        return [
            segment
            if segment.text.isascii()
            else Segment(ascii_cells(segment.text), segment.style, segment.control)
            for segment in segments
        ]
