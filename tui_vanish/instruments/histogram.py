"""A histogram with vertical bars, its range below and its statistics above."""

import math
from typing import ClassVar

from engine.measure.inspection import Histogram
from tui_vanish.drawing import format
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.language import tr
from tui_vanish.widgets.canvas_widget import CanvasWidget


class HistogramView(CanvasWidget):
    """Shows a histogram. The highest column takes the whole height.

    Every bin with a value is visible, even if it has only one. The smallest and the largest value are shown
    below, and the place of 0 if it is between them.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--text",
        "canvas--title",
        "canvas--muted",
        "canvas--bar",
        "canvas--axis",
        "canvas--not-finite",
    }
    DEFAULT_CSS = """
    HistogramView {
        & > .canvas--text { color: $foreground; }
        & > .canvas--title { color: $primary; text-style: bold; }
        & > .canvas--muted { color: $foreground-muted; }
        & > .canvas--bar { color: $primary; }
        & > .canvas--axis { color: $foreground-muted; }
        & > .canvas--not-finite { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._histogram: Histogram | None = None
        self._hint = ""

    def show(self, histogram: Histogram | None, hint: str = "") -> None:
        """Show this histogram, or a hint if there is none."""
        self._histogram, self._hint = histogram, hint
        self.redraw()

    def draw(self, width: int, height: int) -> Canvas:
        """Draw the title and the statistics, the columns and the range."""
        canvas, seen = Canvas(width, height), self._histogram
        title = tr(self._title)
        canvas.put(1, 0, title, "title")
        if seen is None:
            canvas.put(3, 1, self._hint, "muted")
            return canvas
        figures = self._figures(seen)
        beside = len(title) + len(figures) + 5 <= width
        canvas.put(
            len(title) + 3 if beside else 1,
            0 if beside else 1,
            figures,
            "not-finite" if seen.not_finite else "text",
        )
        top = 1 if beside else 2
        self._draw_columns(canvas, seen, top)
        return canvas

    def _figures(self, seen: Histogram) -> str:
        ascii = self.alphabet.ascii
        mean, deviation = (format.scientific(value, ascii=ascii) for value in (seen.mean, seen.deviation))
        words = [tr("mean {mean}", mean=mean), f"std {deviation}"] if math.isfinite(seen.low) else []
        if seen.zeros:
            words.append(tr("zero {zeros}", zeros=format.percent(seen.zeros / seen.total)))
        if seen.not_finite:
            words.append(
                tr("not finite {not_finite}", not_finite=format.percent(seen.not_finite / seen.total))
            )
        return "  ".join(words)

    def _draw_columns(self, canvas: Canvas, seen: Histogram, top: int) -> None:
        rows, room = canvas.height - top - 1, canvas.width - 3
        if rows < 1 or room < 8 or not math.isfinite(seen.low):
            return
        counts = _merged(seen.counts, room)
        most, levels = max(counts), self.alphabet.levels
        for x, count in enumerate(counts):
            filled = max(1, round(count / most * rows * len(levels))) if count else 0
            full, part = divmod(filled, len(levels))
            for row in range(rows):
                if row < full or (row == full and part):
                    sign = levels[-1] if row < full else levels[part - 1]
                    canvas.put(2 + x, top + rows - 1 - row, sign, "bar")
        self._draw_range(canvas, seen, len(counts))

    def _draw_range(self, canvas: Canvas, seen: Histogram, columns: int) -> None:
        y, ascii = canvas.height - 1, self.alphabet.ascii
        low, high = (format.scientific(value, 2, 8, ascii=ascii) for value in (seen.low, seen.high))
        canvas.put(2, y, low, "muted")
        right = 2 + columns - len(high)
        if right > 2 + len(low) + 1:
            canvas.put(right, y, high, "muted")
        if seen.low < 0 < seen.high:
            x = 2 + min(columns - 1, int(-seen.low / (seen.high - seen.low) * columns))
            if 2 + len(low) < x < right - 1:
                canvas.put(x, y, "0", "axis")


def _merged(counts: tuple[int, ...], room: int) -> tuple[int, ...]:
    """Add up pairs of neighbours until all columns have room."""
    while len(counts) > room:
        counts = tuple(sum(counts[place : place + 2]) for place in range(0, len(counts), 2))
    return counts
