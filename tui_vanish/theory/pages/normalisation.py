"""Normalisation: histograms of z before and after BatchNorm or CustomNorm, above the sigmoid's slope."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.theory.curves import sigmoid_slope
from tui_vanish.drawing.format import percent
from tui_vanish.theory.page import Knob, Page, Work, number
from tui_vanish.theory.pictures import columns, rebinned
from tui_vanish.theory.sheet import Sheet

if TYPE_CHECKING:
    from engine.theory.preactivations import Histogram

_REACH = 12.0  # z is drawn from −12 to 12; values outside are counted in the first and last interval
_RANGE = 4.0  # the slides' range of z is [−4, 4]
_EDGES = (-_REACH, _REACH, 240)
_SLOPE_ROWS = 3
_ROOMY = 24  # rows; above this, histograms and formulas are shown together


class _Setting(NamedTuple):
    std: float
    layer: int
    norm: Any
    gamma: float
    beta: float
    seen: int | None


class Normalisation(Page):
    """The page."""

    id = "normalisation"
    step_label = "formulas"

    def __init__(self) -> None:
        super().__init__()
        self.norm = Knob("norm", ("none", "BatchNorm", "CustomNorm"), "BatchNorm", around=True)
        self.std = Knob("σ", (0.05, 0.5, 1.0, 2.0), 1.0, number)
        self.layer = Knob("layer", range(1, 8), 2)
        self.gamma = Knob("γ", (0.25, 0.5, 1.0, 2.0, 4.0), 1.0, number)
        self.beta = Knob("β", (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0), 0.0, number)
        self.mode = Knob("mode", ("training", "evaluation"), "training", around=True)
        self.seen = Knob("batches seen", (0, 1, 5, 10, 20, 50, 100), 10)
        self._measured: dict[_Setting, Histogram] = {}
        self._formulas = False
        self._roomy = False

    def knobs(self) -> Sequence[Knob[Any]]:
        """The norm, σ and the layer, then the settings of the chosen norm."""
        knobs: list[Knob[Any]] = [self.norm, self.std, self.layer]
        if self.norm.value == "BatchNorm":
            knobs += [self.gamma, self.beta, self.mode]
            if self.mode.value == "evaluation":
                knobs.append(self.seen)
        return knobs

    def fit(self, width: int, height: int) -> None:
        """If there is room, the formulas are always shown."""
        self._roomy = height > _ROOMY
        self.step_label = "" if self._roomy or self.norm.value == "none" else "formulas"

    def step(self) -> bool:
        """Show the formulas instead of the histograms, or the histograms again."""
        self._formulas = not self._formulas
        return True

    @property
    def _before(self) -> _Setting:
        return _Setting(self.std.value, self.layer.value, "none", 1.0, 0.0, None)

    @property
    def _after(self) -> _Setting:
        if self.norm.value != "BatchNorm":
            return self._before._replace(norm=self.norm.value)
        seen = self.seen.value if self.mode.value == "evaluation" else None
        return _Setting(
            self.std.value, self.layer.value, "BatchNorm", self.gamma.value, self.beta.value, seen
        )

    def work(self) -> Work | None:
        """Measure z before and after the norm, unless both are known already."""
        wanted = [setting for setting in (self._before, self._after) if setting not in self._measured]
        if not wanted:
            return None

        def measure(given_up: Callable[[], bool]) -> None:
            from engine.theory.one_thread import load_torch

            load_torch()
            from engine.theory.preactivations import normalised

            for setting in wanted:
                if not given_up():
                    self._measured[setting] = normalised(*setting, _EDGES)

        return measure

    def draw(self, sheet: Sheet) -> None:
        """The histogram before the norm and after it, each above σ'; the formulas below or instead."""
        rules = self.text.lines.get(self.norm.value, ())
        if rules and self._formulas and not self._roomy:
            self._draw_formulas(sheet, rules)
            return
        bottom = sheet.footnotes(self._says()) - self._roomy
        if self._roomy:
            bottom -= len(rules)
            for y, rule in enumerate(rules, bottom):
                sheet.put(0, y, rule, "title")
        half = (sheet.width - 2) // 2
        before = self.words("before", layer=str(self.layer.value))
        after = self.words("after", norm=self.norm.shown)
        self._side(sheet.part(0, 0, half, bottom), before, self._before)
        self._side(sheet.part(half + 2, 0, half, bottom), after, self._after)

    def _draw_formulas(self, sheet: Sheet, rules: Sequence[str]) -> None:
        """The formulas instead of the histograms."""
        y = sheet.paragraph(1, self.words("formulas", norm=self.norm.shown)) + 1
        for place, rule in enumerate(rules):
            sheet.put(2, y + place, rule, "title")
        sheet.paragraph(
            y + len(rules) + 1, self.words("means" if self.norm.value == "BatchNorm" else "custom")
        )
        sheet.footnotes(self._says() if self.norm.value == "BatchNorm" else self.words("histograms"))

    def _side(self, sheet: Sheet, title: str, setting: _Setting) -> None:
        sheet.put(0, 0, title, "title")
        found = self._measured.get(setting)
        upper = sheet.part(0, 3, sheet.width, sheet.height - 5 - _SLOPE_ROWS)
        for edge in (-_RANGE, _RANGE):
            for y in range(upper.height + _SLOPE_ROWS):
                sheet.cell(_column(edge, sheet.width), 3 + y, sheet.signs.mark, "accent")
        if found:
            moments = self.words("moments", mean=_two(found.mean), std=_two(found.std))
            inside = self.words("inside", share=percent(found.in_range), slope=f"{found.slope:.3f}")
            sheet.put(0, 1, moments, "accent")
            sheet.put(0, 2, inside, "accent")
            columns(upper, rebinned(found.shares, sheet.width), "series-1")
        places = [_REACH * (2 * (x + 0.5) / sheet.width - 1) for x in range(sheet.width)]
        lower = sheet.part(0, sheet.height - 2 - _SLOPE_ROWS, sheet.width, _SLOPE_ROWS)
        columns(lower, [sigmoid_slope(z) for z in places], "series-3", 0.25)
        for value in (-_REACH, -_RANGE, 0.0, _RANGE, _REACH):
            text = f"{value:g}"
            left = min(_column(value, sheet.width) - len(text) // 2, sheet.width - len(text))
            sheet.put(max(0, left), sheet.height - 2, text, "dim")
        sheet.put(0, sheet.height - 1, self.words("slope"), "dim")

    def _says(self) -> str:
        if self.norm.value == "none":
            return self.words("none")
        if self.norm.value == "CustomNorm":
            return self.words("custom")
        if self.mode.value == "training":
            return self.words("training")
        seen = self.seen.value
        return self.words("evaluation", seen=str(seen), weight=percent(0.9**seen))


def _column(z: float, width: int) -> int:
    return min(width - 1, int((z + _REACH) / (2 * _REACH) * width))


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00")
