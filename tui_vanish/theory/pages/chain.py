"""Chain of products: y = w^L x and ∂y/∂w, in float32."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.chain import LARGEST, MOST_LAYERS, SMALLEST, chain, end
from tui_vanish.drawing.format import count
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

_WEIGHTS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0, 1.01, 1.05, 1.1, 1.2, 1.5, 2.0, 5.0, 10.0)
_SLIDES = (10.0, 0.1)
_REACH = 48  # the y axis is 10^−48 to 10^48: float32 ends at 10^−45 and 10^38


class Chain(Page):
    """The page."""

    id = "chain"

    def __init__(self) -> None:
        super().__init__()
        self.weight = Knob("w", _WEIGHTS, 10.0, number)
        self.layers = Knob("L", range(1, 51), 7)

    def knobs(self) -> Sequence[Knob[Any]]:
        """w and L."""
        return self.weight, self.layers

    def draw(self, sheet: Sheet) -> None:
        """The numbers, a plot of ŷ over the layers on a log scale, and the layer where float32 ends."""
        w, layers = self.weight.value, self.layers.value
        numbers = chain(w, layers)
        top = sheet.paragraph(0, self.words("intro"))
        top += sheet.height - top > 16
        x = sheet.put(0, top, "ŷ = w^L", "title")
        x = sheet.put(x, top, f" = {w:g}^{layers} = ")
        x = sheet.put(x, top, number(numbers.outputs[-1]), "accent")
        x = sheet.put(x + 4, top, "∂ŷ/∂w¹ = w^(L−1)", "title")
        x = sheet.put(x, top, f" = {w:g}^{layers - 1} = ")
        sheet.put(x, top, number(numbers.gradients[0]), "accent")
        bottom = sheet.footnotes(self._ending(w), self.words("slide"))
        self._plot(sheet.part(0, top + 1, sheet.width, bottom - top - 1), w, layers)

    def _plot(self, sheet: Sheet, w: float, layers: int) -> None:
        plot = Plot(sheet, (0, max(10, layers)), (-_REACH, _REACH), log_y=True)
        for limit, words in ((LARGEST, "float32: inf above"), (SMALLEST, "float32: 0 below")):
            plot.horizontal(math.log10(limit), "bad")
            plot.label(0, math.log10(limit), words, "bad", dy=0)
        plot.horizontal(0, "line")
        for slide in _SLIDES:
            plot.line([(layer, layer * math.log10(slide)) for layer in range(8)], "dim", ".", "dotted")
        outputs = chain(w, layers).outputs
        points = [(0.0, 0.0)]
        points += [(layer, math.log10(y)) for layer, y in enumerate(outputs, 1) if 0 < y < math.inf]
        plot.line(points, "series-1")
        plot.finish()
        for slide in _SLIDES:
            plot.mark(7, 7 * math.log10(slide), sheet.signs.point, "dim")
            plot.label(7, 7 * math.log10(slide), f"{slide:g}⁷", "dim")
        plot.mark(*points[-1], sheet.signs.point, "accent")
        plot.label(*points[-1], "ŷ", "accent", dy=-1 if w >= 1 else 1)

    def _ending(self, w: float) -> str:
        found = end(w)
        if found is None:
            return self.words("never", layers=count(MOST_LAYERS))
        name = {"inf": "inf", "0": "zero", "denormal": "denormal", "1": "one"}[found.kind]
        return self.words(name, layer=count(found.layer))
