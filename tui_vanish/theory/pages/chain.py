"""Chain of products: ŷ = W[L]ᵀ…W[1]ᵀx and ∂L/∂w[1], factor by factor, in float32."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.chain import LARGEST, MOST_LAYERS, SMALLEST, chain, end
from engine.theory.chain import Chain as Numbers
from tui_vanish.drawing.format import column, count
from tui_vanish.language import marked_in, tr
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

_WEIGHTS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0, 1.01, 1.05, 1.1, 1.2, 1.5, 2.0, 5.0, 10.0)
_SLIDES = (10.0, 0.1)
_SLIDES_LAYERS = 7
_PLOT, _FACTORS = marked_in("knob", "plot"), marked_in("knob", "factors")
_WIDE = 104  # cells; from this width on, plot and factors are shown side by side
_TABLE = 58  # cells for the factors
_BACK = 27  # cells for the forward pass in the table of factors
_SHOWN = 2  # factors of a long product at its beginning and at its end


class Chain(Page):
    """The page."""

    id = "chain"

    def __init__(self) -> None:
        super().__init__()
        self.weight = Knob("w", _WEIGHTS, 10.0, number)
        self.layers = Knob("L", range(1, 51), _SLIDES_LAYERS)
        self.view = Knob("show", (_PLOT, _FACTORS), _PLOT, around=True)
        self._wide = False

    def knobs(self) -> Sequence[Knob[Any]]:
        """w and L; also the view, unless there is room for both."""
        return (self.weight, self.layers) if self._wide else (self.weight, self.layers, self.view)

    def fit(self, width: int, height: int) -> None:
        """Show plot and factors side by side if there is room."""
        self._wide = width >= _WIDE

    def draw(self, sheet: Sheet) -> None:
        """Both products with their numbers, then a plot of ŷ over the layers or the table of all factors."""
        w, layers = self.weight.value, self.layers.value
        numbers = chain(w, layers)
        top = sheet.paragraph(0, self.words("intro"))
        top += sheet.height - top > 16
        top = self._products(sheet, top, w, layers, numbers)
        bottom = sheet.footnotes(self._ending(w), self.words("slide"))
        body = sheet.part(0, top, sheet.width, bottom - top)
        if self._wide:
            self._plot(body.part(0, 0, body.width - _TABLE - 2, body.height), w, layers, numbers)
            self._factors(body.part(body.width - _TABLE, 1, _TABLE, body.height - 1), w, layers, numbers)
        elif self.view.value == _PLOT:
            self._plot(body, w, layers, numbers)
        else:
            self._factors(body, w, layers, numbers)

    def _products(self, sheet: Sheet, y: int, w: float, layers: int, numbers: Numbers) -> int:
        """The slides' two products; returns the row after them."""
        weights = [f"W[{layer}]ᵀ" for layer in range(layers, 0, -1)]
        x = sheet.put(0, y, f"ŷ = {_product(weights)}·x", "title")
        x = sheet.put(x, y, f" = {w:g}^{layers} = ")
        sheet.put(x, y, number(numbers.outputs[-1]), "accent")
        sheet.put(0, y + 1, f"∂L/∂w[1] = {_product(_chain_rule(layers))}", "title")
        values = _product(["1", *[f"{w:g}"] * (layers - 1), "1"])
        x = sheet.put(9, y + 2, f"= {values} = {w:g}^{layers - 1} = ")
        x = sheet.put(x, y + 2, number(numbers.gradients[0]), "accent")
        sheet.put(x + 3, y + 2, self.words("loss"), "dim")
        return y + 3

    def _plot(self, sheet: Sheet, w: float, layers: int, numbers: Numbers) -> None:
        points = [(0.0, 0.0)]
        points += [(layer, math.log10(y)) for layer, y in enumerate(numbers.outputs, 1) if 0 < y < math.inf]
        heights = [height for _, height in points]
        low, high = min(heights), max(heights)
        if len(points) <= layers:  # some are inf or 0: show where float32 ends
            low, high = (low, 1 + math.log10(LARGEST)) if w > 1 else (math.log10(SMALLEST) - 1, high)
        if high - low < 1:
            low, high = (low, low + 1) if w >= 1 else (high - 1, high)
        plot = Plot(sheet, (0, max(10, layers)), (low, high), log_y=True, whole_x=True)
        for limit, words in ((LARGEST, tr("float32: inf above")), (SMALLEST, tr("float32: 0 below"))):
            plot.horizontal(math.log10(limit), "bad")
            plot.label(0, math.log10(limit), words, "bad", dy=0)
        plot.horizontal(0, "line")
        slides = [(slide, _SLIDES_LAYERS * math.log10(slide)) for slide in _SLIDES]
        for _, height in slides:
            plot.line([(0, 0), (_SLIDES_LAYERS, height)], "dim", ".", "dotted")
        plot.line(points, "series-1")
        plot.finish()
        for slide, height in slides:
            plot.mark(_SLIDES_LAYERS, height, sheet.signs.point, "dim")
            plot.label(_SLIDES_LAYERS, height, f"{slide:g}⁷", "dim")
        plot.mark(*points[-1], sheet.signs.point, "accent")
        plot.label(*points[-1], "ŷ", "accent", dy=1 if w >= 1 else -1)

    def _factors(self, sheet: Sheet, w: float, layers: int, numbers: Numbers) -> None:
        """The forward pass from x to ŷ, and beside it the factors of ∂L/∂w[1] with their product so far."""
        sheet.put(0, 0, self.words("forward"), "title")
        sheet.put(_BACK, 0, self.words("back"), "title")
        outputs = (1.0, *numbers.outputs)
        forward = ["a[0] = x", *(f"a[{layer}] = w·a[{layer - 1}]" for layer in range(1, layers + 1))]
        factors = [1.0, *[w] * (layers - 1), 1.0]
        so_far = [*outputs[:layers], numbers.gradients[0]]
        numbered = (column(values, 3) for values in (outputs, factors, so_far))
        rows = list(zip(forward, _chain_rule(layers), *numbered, strict=True))
        for y, place in enumerate(_places(len(rows), sheet.height - 1), 1):
            if place is None:
                sheet.put(0, y, sheet.signs.gap, "dim")
                sheet.put(_BACK, y, sheet.signs.gap, "dim")
                continue
            name, factor, output, value, product = rows[place]
            sheet.put(0, y, f"{name:<15}")
            sheet.put(16, y, output, "accent")
            sheet.put(_BACK, y, factor)
            sheet.put(_BACK + 14, y, f"{value:<7}", "accent")
            sheet.put(_BACK + 22, y, product, "accent")

    def _ending(self, w: float) -> str:
        found = end(w)
        if found is None:
            return self.words("never", layers=count(MOST_LAYERS))
        name = {"inf": "inf", "0": "zero", "denormal": "denormal", "1": "one"}[found.kind]
        return self.words(name, layer=count(found.layer))


def _chain_rule(layers: int) -> list[str]:
    """The factors of ∂L/∂w[1], from the loss to the first layer."""
    between = [f"∂a[{layer}]/∂a[{layer - 1}]" for layer in range(layers, 1, -1)]
    return [f"∂L/∂a[{layers}]", *between, "∂a[1]/∂w[1]"]


def _product(factors: Sequence[str]) -> str:
    """The factors with a dot between them; the middle of a long product is left out."""
    if len(factors) > 2 * _SHOWN + 1:
        factors = [*factors[:_SHOWN], "…", *factors[-_SHOWN:]]
    return "·".join(factors)


def _places(rows: int, room: int) -> list[int | None]:
    """Which rows to show: all, or the first and the last with a None between them."""
    if rows <= room:
        return list(range(rows))
    first = max(0, room - 1) // 2
    last = max(0, room - 1 - first)
    return [*range(first), None, *range(rows - last, rows)]
