"""β-sigmoid: g(z) = σ(z) + βz, its slope, the slide's four properties and its misprint, and Algorithm 1."""

from collections.abc import Sequence
from typing import Any

from engine.theory.curves import (
    SIGMOID,
    Curve,
    beta_sigmoid,
    misprinted_slope,
    sigmoid,
    slope_by_difference,
)
from engine.theory.weights import lift
from tui_vanish.language import marked_in
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

_PLOTS, _MISPRINT, _ALGORITHM = (
    marked_in("knob", "curves"),
    marked_in("knob", "misprint"),
    marked_in("knob", "Algorithm 1"),
)
_REACH = 8.0  # z is drawn from −8 to 8
_HUGE = 1000.0  # a z where g is far outside σ's range
_STD, _LAYERS = 0.05, 7  # of the net in the scenario sigmoid-beta
_FAR = 20.0  # a z where σ' is below 1e-8


class BetaSigmoid(Page):
    """The page."""

    id = "beta-sigmoid"

    def __init__(self) -> None:
        super().__init__()
        self.view = Knob("show", (_PLOTS, _MISPRINT, _ALGORITHM), _PLOTS, around=True)
        self.beta = Knob("β", (0.0, 0.01, 0.05, 0.1, 0.2, 0.5), 0.05, number)
        self.z = Knob("z", [step / 2 for step in range(-16, 17)], 1.0, number)
        lines = self.text.tables["algorithm"]
        self.line = Knob("line", range(len(lines)), 0, lambda place: lines[place]["code"].split(":")[0])

    def knobs(self) -> Sequence[Knob[Any]]:
        """The view, then β and z or the line of the algorithm."""
        return (self.view, self.line) if self.view.value == _ALGORITHM else (self.view, self.beta, self.z)

    def draw(self, sheet: Sheet) -> None:
        """The intro, then the chosen view."""
        top = sheet.paragraph(0, self.words("intro")) + (sheet.height > 22)
        draw = {_PLOTS: self._curves, _MISPRINT: self._misprint, _ALGORITHM: self._algorithm}
        draw[self.view.value](sheet.part(0, top, sheet.width, sheet.height - top))

    def _curves(self, sheet: Sheet) -> None:
        beta, z = self.beta.value, self.z.value
        curve = beta_sigmoid(beta)
        checks = self._properties(curve)
        bottom = sheet.height - len(checks) - 1
        if sheet.height > 22:
            bottom = sheet.footnotes(self._helps()) - len(checks) - 2
        sheet.put(0, bottom, self.words("properties"), "title")
        for y, (says, found, holds) in enumerate(checks, bottom + 1):
            good, bad = "vx" if sheet.ascii else "✓✗"
            x = sheet.put(0, y, f"{good if holds else bad} ", "good" if holds else "bad")
            x = sheet.put(x, y, f"{says}: ")
            sheet.put(x, y, found, "accent")
        half = (sheet.width - 2) // 2
        left = Plot(sheet.part(0, 1, half, bottom - 1), (-_REACH, _REACH), (-0.6, 1.6))
        right = Plot(sheet.part(half + 2, 1, half, bottom - 1), (-_REACH, _REACH), (0, 0.25 + beta + 0.05))
        for plot, plain, lifted in (
            (left, SIGMOID.value, curve.value),
            (right, SIGMOID.slope, curve.slope),
        ):
            plot.vertical(z, "accent")
            plot.curve(plain, "series-2", "o", "dashed")
            plot.curve(lifted, "series-1", "*")
            plot.finish()
        _legend(sheet, 0, "g", "σ")
        _legend(sheet, half + 2, "g'", "σ'")

    def _misprint(self, sheet: Sheet) -> None:
        beta, z = self.beta.value, self.z.value
        curve = beta_sigmoid(beta)
        text = self.words(
            "misprint",
            z=number(z),
            printed=number(misprinted_slope(z, beta), 4),
            quotient=number(slope_by_difference(curve.value, z), 4),
            right=number(curve.slope(z), 4),
        )
        bottom = sheet.footnotes(text)
        plot = Plot(sheet.part(0, 1, sheet.width, bottom - 1), (-_REACH, _REACH), (0, 2.1 + beta))
        plot.vertical(z, "accent")
        plot.curve(lambda z: misprinted_slope(z, beta), "series-2", "o", "dashed")
        plot.curve(curve.slope, "series-1", "*")
        plot.finish()
        plot.mark(z, slope_by_difference(curve.value, z), sheet.signs.point, "accent")
        _legend(sheet, 0, "σ(1 − σ) + β", "σ(1 + σ) + β")

    def _properties(self, curve: Curve) -> list[tuple[str, str, bool]]:
        """Each of the slide's properties in words, a number that shows it, and whether it holds."""
        beta = self.beta.value
        places = [step / 10 for step in range(-80, 81)]
        apart = max(abs(curve.value(z) - sigmoid(z)) for z in places if abs(z) <= 1)
        more = [curve.slope(z) - SIGMOID.slope(z) for z in places]
        end = curve.slope(_FAR)
        return [
            (self.words("close"), self.words("close_number", value=number(apart)), apart <= beta + 1e-12),
            (
                self.words("unbounded"),
                self.words(
                    "unbounded_number", low=number(curve.value(-_HUGE)), high=number(curve.value(_HUGE))
                ),
                curve.value(-_HUGE) < -1,
            ),
            (
                self.words("larger"),
                self.words("larger_number", value=number(max(more))),
                beta > 0 and max(more) - min(more) < 1e-12,
            ),
            (
                self.words("tends"),
                self.words("tends_number", z=number(_FAR), value=number(end)),
                abs(end - beta) < 1e-6,
            ),
        ]

    def _algorithm(self, sheet: Sheet) -> None:
        lines, place = self.text.tables["algorithm"], self.line.value
        label, _, _ = str(lines[place]["code"]).partition(":")
        says = self.words("algorithm", number=label, says=str(lines[place]["says"]))
        bottom = sheet.footnotes(says, self._helps())
        first = max(0, min(place - bottom // 2, len(lines) - bottom))
        for y, line in enumerate(lines[first : first + bottom]):
            sheet.put(0, y, f" {line['code']} ", "cursor" if first + y == place else "text")

    def _helps(self) -> str:
        beta = self.beta.value
        return self.words("helps", beta=number(beta), times=number(lift(beta, _STD, _LAYERS)))


def _legend(sheet: Sheet, x: int, solid: str, dashed: str) -> None:
    x = sheet.put(x, 0, ("* " if sheet.ascii else "━ ") + f"{solid}   ", "series-1")
    sheet.put(x, 0, ("o " if sheet.ascii else "┅ ") + dashed, "series-2")
