"""Turns strokes into characters with plotext. Only this module imports it, when the first line is drawn."""

import re
from functools import lru_cache
from typing import NamedTuple

_COLOUR_OR_TEXT = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")


class Stroke(NamedTuple):
    """A joined line in braille dots, two by four per cell, or in cells; `number` is its series."""

    number: int
    marker: str
    dots: tuple[tuple[int, int], ...]


@lru_cache(maxsize=16)
def picture(
    width: int, height: int, strokes: tuple[Stroke, ...], *, braille: bool
) -> tuple[tuple[int, int, str, int], ...]:
    """The cells that plotext draws: column, row, character, number of the series.

    Args:
        width: in cells.
        height: in cells.
        strokes: later ones are drawn over earlier ones.
        braille: whether the strokes are in braille dots; otherwise they are in cells.

    The result is cached, because plotext takes 10 to 30 ms and most samples of a long run change no dot.
    """
    import plotext  # takes 70 ms, and the first frame has no lines

    plotext.clear_figure()
    plotext.limit_size(False, False)  # the terminal's size must not limit the chart
    plotext.plot_size(width, height)
    plotext.frame(False)
    plotext.xticks([])
    plotext.yticks([])
    across, down = (2, 4) if braille else (1, 1)
    plotext.xlim(0, max(1, across * width - 1))
    plotext.ylim(0, max(1, down * height - 1))
    for number, marker, points in strokes:
        # The colour encodes the number of the series, so that it can be read from the output.
        plotext.plot([x for x, _ in points], [y for _, y in points], marker=marker, color=number + 1)
    cells: list[tuple[int, int, str, int]] = []
    for y, row in enumerate(plotext.build().split("\n")[:height]):
        x, number = 0, 0
        for codes, text in _COLOUR_OR_TEXT.findall(row):
            if codes.startswith("38;5;"):
                number = int(codes.removeprefix("38;5;")) - 1
            cells.extend(
                (x + i, y, character, number) for i, character in enumerate(text) if character != " "
            )
            x += len(text)
    return tuple(cells)
