"""Activations: a function, its slope, and the slope's maximum multiplied over many layers."""

from collections.abc import Sequence
from typing import Any

from engine.theory.curves import CURVES, Curve
from tui_vanish.drawing.format import column, fixed
from tui_vanish.language import tr
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

_REACH = 6.0  # z is drawn from −6 to 6
_LOWEST, _HIGHEST = -1.2, 2.2  # limits of the y axis; ReLU leaves the plot, but its slope stays visible
_TABLE = 33  # cells


class Activations(Page):
    """The page."""

    id = "activations"

    def __init__(self) -> None:
        super().__init__()
        self.curve = Knob("g", CURVES, CURVES[0], lambda curve: curve.name, around=True)
        self.z = Knob("z", [step / 4 for step in range(-24, 25)], 1.0, number)
        self.layers = Knob("layers", range(1, 51), 7)

    def knobs(self) -> Sequence[Knob[Any]]:
        """g, z and the number of layers."""
        return self.curve, self.z, self.layers

    def draw(self, sheet: Sheet) -> None:
        """The curves on the left, a table of the maxima of all activations on the right."""
        curve, z = self.curve.value, self.z.value
        top = sheet.paragraph(0, self.words("intro")) + (sheet.height > 22)
        sheet.row(
            0, top, ("━ " if not sheet.ascii else "* ", "series-1"), (f"g(z) = {curve.formula}", "text")
        )
        sheet.row(
            0,
            top + 1,
            ("┅ " if not sheet.ascii else "o ", "series-2"),
            (f"g'(z) = {curve.slope_formula}", "text"),
        )
        x = sheet.put(0, top + 2, tr("at z = {z}:", z=f"{z:g}") + " ", "dim")
        sheet.put(x, top + 2, f"g = {fixed(curve.value(z))}, g' = {fixed(curve.slope(z))}", "accent")
        product = number(curve.peak[1] ** self.layers.value)
        text = self.words(curve.name, layers=str(self.layers.value), product=product)
        bottom = sheet.footnotes(text)
        self._table(sheet.part(sheet.width - _TABLE, top, _TABLE, bottom - top))
        self._plot(sheet.part(0, top + 3, sheet.width - _TABLE - 2, bottom - top - 3), curve, z)

    def _plot(self, sheet: Sheet, curve: Curve, z: float) -> None:
        places = [step * _REACH / 50 for step in range(-50, 51)]
        values = [value for place in places for value in (curve.value(place), curve.slope(place))]
        low, high = max(_LOWEST, min(values)), min(_HIGHEST, max(values))
        margin = 0.04 * (high - low)
        plot = Plot(sheet, (-_REACH, _REACH), (low - margin, high + margin))
        plot.horizontal(0, "line")
        plot.vertical(z, "accent")
        plot.curve(curve.value, "series-1", "*")
        plot.curve(curve.slope, "series-2", "o", "dashed")
        plot.finish()
        plot.mark(*curve.peak, "x" if sheet.ascii else "×", "bad")
        plot.label(*curve.peak, f"max {curve.peak[1]:.3g}", "bad", dy=-1)
        plot.mark(z, curve.value(z), sheet.signs.point, "accent")
        plot.mark(z, curve.slope(z), sheet.signs.point, "accent")

    def _table(self, sheet: Sheet) -> None:
        layers = self.layers.value
        sheet.put(0, 0, f"{'':14}max g'  (max g')^{layers}", "dim")
        peaks = column([curve.peak[1] for curve in CURVES])
        products = column([curve.peak[1] ** layers for curve in CURVES])
        for y, (curve, peak, product) in enumerate(zip(CURVES, peaks, products, strict=True), 1):
            here = curve is self.curve.value
            line = f"{curve.name:<14}{peak:<8}{product}"
            sheet.put(0, y, f"{line:<{_TABLE}}", "accent" if here else "text")
