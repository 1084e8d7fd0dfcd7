"""SDAGD: the damped step with its two limits, the perceptron, and the block diagram."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.walks import damped
from tui_vanish.drawing.format import percent
from tui_vanish.language import marked_in
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

_STEP, _PERCEPTRON, _BLOCK = (
    marked_in("knob", "the step"),
    marked_in("knob", "perceptron"),
    marked_in("knob", "block diagram"),
)
_POWERS = range(-8, 3)  # |g| is plotted from 1e-8 to 1e2
_SGD_LR = 0.01


class Sdagd(Page):
    """The page."""

    id = "sdagd"

    def __init__(self) -> None:
        super().__init__()
        self.view = Knob("show", (_STEP, _PERCEPTRON, _BLOCK), _STEP, around=True)
        self.radius = Knob("R", (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0), 0.2, number)
        self.curvature = Knob("h", (1e-6, 1e-4, 1e-2, 0.1, 1.0, 10.0), 1e-2, number)
        self.gradient = Knob("|g|", [10.0**power for power in _POWERS], 1e-6, number)

    def knobs(self) -> Sequence[Knob[Any]]:
        """The view; also R, h and |g| in the view of the step."""
        own = (self.radius, self.curvature, self.gradient) if self.view.value == _STEP else ()
        return (self.view, *own)

    def draw(self, sheet: Sheet) -> None:
        """The rule, then the chosen view."""
        top = sheet.paragraph(0, self.words("rule"), "title") + (sheet.height > 22)
        below = sheet.part(0, top, sheet.width, sheet.height - top)
        if self.view.value == _STEP:
            self._step(below)
        else:
            name = "perceptron" if self.view.value == _PERCEPTRON else "block"
            for y, line in enumerate(self.text.lines[name], 1):
                below.drawing(0, y, line)
            below.footnotes(self.words(name), self.words("ours"))

    def _step(self, sheet: Sheet) -> None:
        radius, h, g = self.radius.value, self.curvature.value, self.gradient.value
        mu = g / radius
        step = damped(g, mu, h)
        which = self.words("radius", share=percent(step / radius))
        if h > mu:
            which = self.words("newton", share=percent(step * h / g))
        text = self.words("at", g=number(g), mu=number(mu), step=number(step), which=which)
        sheet.put(0, 0, text, "accent")
        sheet.put(0, 1, self.words("sgd", step=number(_SGD_LR * g)), "dim")
        bottom = sheet.footnotes(self.words("limits"), self.words("ours"), self.words("scenario"))
        low, high = _POWERS[0], _POWERS[-1]
        plot = Plot(sheet.part(0, 2, sheet.width, bottom - 2), (low, high), (-10, 2), log_x=True, log_y=True)
        plot.vertical(math.log10(g), "accent")
        plot.curve(lambda x: math.log10(_SGD_LR) + x, "dim", ".", "dotted")
        plot.curve(lambda x: math.log10(radius), "series-2", "-", "dashed")
        plot.curve(lambda x: x - math.log10(h), "series-3", "o", "dashed")
        plot.curve(lambda x: math.log10(damped(10**x, 10**x / radius, h)), "series-1", "*")
        plot.finish()
        plot.mark(math.log10(g), math.log10(step), sheet.signs.point, "accent")
        plot.label(low, math.log10(radius), "R", "series-2", dy=-1)
        newton = max(low, -9 + math.log10(h))
        plot.label(newton, newton - math.log10(h), "g/h", "series-3")
        plot.label(low + 1, math.log10(_SGD_LR) + low + 1, "SGD", "dim")
