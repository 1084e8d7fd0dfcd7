"""Low precision: the numbers of fp32, bf16 and fp16, and where a gradient and an update fall among them."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.low_precision import FORMATS, Format, Step, step
from tui_vanish.language import marked_in
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.sheet import Sheet

_GRADIENTS = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
_SCALES = (1, 2**8, 2**12, 2**16, 2**20, 2**24)
_WEIGHTS = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0)
_RATES = (1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0)
_LOW, _HIGH = -46, 40  # powers of ten: all numbers of fp32
_LABELS = (-40, -30, -20, -10, 0, 10, 20, 30)
_NAME = 6  # cells before the axis
_NEIGHBOURS = 2  # on each side of the weight


class LowPrecision(Page):
    """The page."""

    id = "low-precision"
    text_beside = False

    def __init__(self) -> None:
        super().__init__()
        self.kind = Knob(marked_in("knob", "type"), tuple(FORMATS), "fp16", around=True)
        self.gradient = Knob("g", _GRADIENTS, 1e-9, number)
        self.scale = Knob("S", _SCALES, 1)
        self.weight = Knob("w", _WEIGHTS, 0.05, number)
        self.rate = Knob("η", _RATES, 0.01, number)

    def knobs(self) -> Sequence[Knob[Any]]:
        """The type, the gradient, the loss scale, the weight and, if there is a step, the learning rate."""
        update = self._step().update
        steps = (self.rate,) if update and math.isfinite(update) else ()
        return (self.kind, self.gradient, self.scale, self.weight, *steps)

    def draw(self, sheet: Sheet) -> None:
        """The ranges with the gradient in them, then the neighbours of the weight with the update."""
        kind, found = FORMATS[self.kind.value], self._step()
        sheet.put(0, 0, self.words("formula"), "title")
        top = sheet.paragraph(1, self.words("intro"))
        top = self._ranges(sheet, top, kind)
        top = sheet.paragraph(top, self._of_gradient(kind, found))
        shown = {"type": kind.name, "w": number(self.weight.value), "mark": _mark(sheet)}
        neighbours = self.words("neighbours", **shown)
        sheet.put(0, top + 1, neighbours, "muted")
        self._neighbours(sheet, top + 2, kind, found)
        sheet.paragraph(top + 4, self._of_update(kind, found))

    def _step(self) -> Step:
        kind, scale = FORMATS[self.kind.value], self.scale.value
        return step(kind, self.weight.value, self.gradient.value, self.rate.value, scale)

    def _ranges(self, sheet: Sheet, top: int, chosen: Format) -> int:
        """A row for each type: its subnormal and its normal numbers; and the gradient with its scale."""
        thin, thick = (".", "=") if sheet.ascii else ("░", "█")
        width = sheet.width - _NAME
        for power in _LABELS:
            text = f"1e{power}" if power else "1"
            x = _NAME + _cell(10.0**power, width)
            if x + len(text) <= sheet.width:
                sheet.put(x, top, text, "muted")
        for row, kind in enumerate(FORMATS.values(), top + 1):
            role = "series-1" if kind is chosen else "muted"
            sheet.put(0, row, kind.name, role)
            first, normal, last = (
                _cell(value, width) for value in (kind.smallest, kind.smallest_normal, kind.largest)
            )
            sheet.drawing(_NAME + first, row, thin * (normal - first) + thick * (last - normal + 1), role)
        row = top + 1 + len(FORMATS)
        gradient, scale = self.gradient.value, self.scale.value
        sheet.put(_NAME + _cell(gradient, width), row, f"{_mark(sheet)} g", "series-2")
        if scale > 1:
            mark = f"{_mark(sheet)} S·g"
            sheet.put(_NAME + _cell(gradient * scale, width), row + 1, mark, "series-3")
        return row + 2

    def _of_gradient(self, kind: Format, found: Step) -> str:
        exact, scale = self.gradient.value, self.scale.value
        values = {"type": kind.name, "g": number(exact), "smallest": number(kind.smallest)}
        values |= {"scale": str(scale), "scaled": number(exact * scale), "largest": number(kind.largest)}
        if math.isinf(found.scaled):
            return self.words("overflow", **values)
        if found.scaled == 0:
            return self.words("lost" if scale == 1 else "still_lost", **values)
        error = abs(found.gradient / exact - 1)
        return self.words("kept" if scale == 1 else "scaled", error=number(100 * error, 2), **values)

    def _neighbours(self, sheet: Sheet, row: int, kind: Format, found: Step) -> None:
        """The weight in the middle of its neighbours, and where the exact result of the step lies."""
        width, middle = sheet.width - 1, (sheet.width - 1) // 2
        gap = max(1, width // (2 * _NEIGHBOURS + 1))
        line, tick = ("-", "+") if sheet.ascii else ("─", "┼")
        sheet.drawing(0, row, line * sheet.width, "muted")
        for place in range(-_NEIGHBOURS, _NEIGHBOURS + 1):
            sheet.cell(middle + place * gap, row, tick, "series-1" if place == 0 else "text")
        sheet.put(middle + 2, row + 1, "w", "series-1")
        if math.isfinite(found.update):
            steps = found.update / found.spacing
            x = middle - round(min(max(steps, -_NEIGHBOURS - 0.4), _NEIGHBOURS + 0.4) * gap)
            sheet.put(min(max(x, 0), width), row + 1, _mark(sheet), "series-2")

    def _of_update(self, kind: Format, found: Step) -> str:
        if not math.isfinite(found.update):
            return self.words("skipped")
        if found.update == 0:
            return self.words("none")
        values = {
            "type": kind.name,
            "update": number(found.update),
            "part": number(found.update / found.spacing, 2),
            "spacing": number(found.spacing),
        }
        moved = found.weight != kind.rounded(self.weight.value)
        if moved:
            return self.words("moves", **values)
        also = found.master != FORMATS["fp32"].rounded(self.weight.value)
        return self.words("stays" if also else "stays_everywhere", **values)


def _cell(value: float, width: int) -> int:
    """The cell of a number above 0 on the axis of powers of ten."""
    place = (math.log10(value) - _LOW) / (_HIGH - _LOW)
    return min(width - 1, max(0, int(place * width)))


def _mark(sheet: Sheet) -> str:
    return "^" if sheet.ascii else "▲"
