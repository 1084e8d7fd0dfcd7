"""Optimizers: the paths of SGD, momentum, Adam and SDAGD on a surface; Algorithm 1 with its numbers."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.surfaces import SURFACES, Point, Surface
from engine.theory.walks import OPTIMIZERS, Settings, Step, Trail, corrected
from tui_vanish.drawing.format import column
from tui_vanish.language import tr
from tui_vanish.theory.contours import Map
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.sheet import Sheet

_RACE = "race"
_LETTERS = {"SGD": "s", "momentum": "m", "Adam": "a", "SDAGD": "d"}
_ROLES = {"SGD": "series-1", "momentum": "series-2", "Adam": "series-3", "SDAGD": "series-4"}
_PLACES = [step / 2 for step in range(-8, 9)]
_MOST_STEPS = 500
_STRIDE = 5  # steps per tenth of a second while the page runs
_RULES = 24  # cells for a line of the rule; its numbers follow


class Optimizers(Page):
    """The page."""

    id = "optimizers"
    text_beside = False
    step_label = "step"
    run_label = "run"

    def __init__(self) -> None:
        super().__init__()
        self.surface = Knob("surface", SURFACES, SURFACES[0], lambda surface: surface.name, around=True)
        self.optimizer = Knob("optimizer", (*OPTIMIZERS, _RACE), "Adam", around=True)
        self.lr = Knob("lr", (0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0), 0.1, number)
        self.momentum = Knob("momentum", (0.0, 0.5, 0.8, 0.9, 0.95, 0.99), 0.9, number)
        self.beta1 = Knob("β₁", (0.0, 0.5, 0.9, 0.99), 0.9, number)
        self.beta2 = Knob("β₂", (0.5, 0.9, 0.99, 0.999), 0.999, number)
        self.radius = Knob("R", (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0), 0.2, number)
        self.x = Knob("x", _PLACES, -3.0, number)
        self.y = Knob("y", _PLACES, 3.0, number)
        self._steps = 40
        self._walks: dict[str, tuple[Surface, Point, Settings]] = {}
        self._trails: dict[str, Trail] = {}

    def knobs(self) -> Sequence[Knob[Any]]:
        """The surface, the optimizer and its settings, and the starting point."""
        own: dict[str, tuple[Knob[Any], ...]] = {
            "SGD": (self.lr,),
            "momentum": (self.lr, self.momentum),
            "Adam": (self.lr, self.beta1, self.beta2),
            "SDAGD": (self.radius,),
            _RACE: (self.lr, self.momentum, self.beta1, self.beta2, self.radius),
        }
        return self.surface, self.optimizer, *own[self.optimizer.value], self.x, self.y

    def step(self) -> bool:
        """Take one more step."""
        self._steps = min(_MOST_STEPS, self._steps + 1)
        return self._steps < _MOST_STEPS

    def advance(self) -> bool:
        """Take several steps at once."""
        self._steps += _STRIDE - 1
        return self.step()

    def restart(self) -> None:
        """Return to the starting point."""
        self._steps = 0

    def draw(self, sheet: Sheet) -> None:
        """The map on the left; the surface, the rule and its numbers on the right."""
        names = list(OPTIMIZERS) if self.optimizer.value == _RACE else [self.optimizer.value]
        walks = {name: self._walk(name) for name in names}
        wide = min(2 * sheet.height + 4, sheet.width - 42)
        self._map(sheet.part(0, 0, wide, sheet.height), walks)
        right = sheet.part(wide + 2, 0, sheet.width - wide - 2, sheet.height)
        y = self._surface(right)
        if self.optimizer.value == _RACE:
            self._standings(right, y, walks)
        else:
            self._rule(right, y, walks[names[0]])
        right.footnotes(self.words(self.optimizer.value), self.words("ours"))

    def _walk(self, name: str) -> list[Step]:
        settings = Settings(
            lr=self.lr.value,
            momentum=self.momentum.value,
            beta1=self.beta1.value,
            beta2=self.beta2.value,
            radius=self.radius.value,
        )
        walk = (self.surface.value, self._start, settings)
        if self._walks.get(name) != walk:
            self._walks[name], self._trails[name] = walk, Trail(name, *walk)
        return self._trails[name].first(self._steps)

    @property
    def _start(self) -> Point:
        return Point(self.x.value, self.y.value)

    def _map(self, sheet: Sheet, walks: dict[str, list[Step]]) -> None:
        drawn = Map(sheet, self.surface.value.name)
        for name, steps in walks.items():
            for step in steps[:-1]:
                drawn.put(step.at, _LETTERS[name], _ROLES[name])
        for place, minimum in enumerate(self.surface.value.minima):
            drawn.put(minimum, self._minimum_sign(sheet, place), "strong")
        drawn.put(self._start, "+", "accent")
        for name, steps in walks.items():
            if steps:
                drawn.put(steps[-1].at, _LETTERS[name].upper(), "cursor")

    def _surface(self, sheet: Sheet) -> int:
        surface = self.surface.value
        for y, line in enumerate(surface.formula):
            sheet.put(0, y, line, "title" if y == 0 else "text")
        y = len(surface.formula)
        for place, minimum in enumerate(surface.minima):
            sign = self._minimum_sign(sheet, place)
            kind = tr("global") if place == 0 else tr("local")
            height = number(surface.value(minimum))
            sheet.put(0, y, f"{sign} ({minimum.x:.2f}, {minimum.y:.2f})  f = {height}, {kind}", "dim")
            y += 1
        return y + (sheet.height > 22)

    @staticmethod
    def _minimum_sign(sheet: Sheet, place: int) -> str:
        return "*" if place == 0 else sheet.spelt("×")

    def _rule(self, sheet: Sheet, y: int, steps: list[Step]) -> None:
        name = self.optimizer.value
        # With Greek letters by name the longer rules would not fit, so they have a short ASCII version.
        short = self.text.lines.get(f"{name}_ascii") if sheet.ascii else None
        lines = short or self.text.lines[name]
        title = "Adam, Algorithm 1" if name == "Adam" else name
        height = self.surface.value.value(steps[-1].at if steps else self._start)
        shown = number(height, 3 if abs(height) >= 1e-3 else 2)
        sheet.put(
            0, y, tr("{rule}, step {step}: f = {height}", rule=title, step=len(steps), height=shown), "title"
        )
        numbers = self._numbers(steps[-1], len(steps)) if steps else [""] * len(lines)
        for line, value in zip(lines, numbers, strict=True):
            y += 1
            sheet.put(0, y, line)
            sheet.put(_RULES, y, value, "accent")

    def _numbers(self, step: Step, time: int) -> list[str]:
        """The numbers shown behind each line of the rule."""
        g, at = _pair(step.gradient), _pair(step.at)
        match self.optimizer.value:
            case "momentum":
                return [g, _pair(step.first), at]
            case "Adam":
                m_hat = corrected(step.first, self.beta1.value, time)
                v_hat = corrected(step.second, self.beta2.value, time)
                return [str(time), g, _pair(step.first), _pair(step.second), _pair(m_hat), _pair(v_hat), at]
            case "SDAGD":
                return [g, _pair(step.second), number(step.scale, 2), at]
            case _:
                return [g, at]

    def _standings(self, sheet: Sheet, y: int, walks: dict[str, list[Step]]) -> None:
        surface = self.surface.value
        step = tr("step {step}", step=self._steps)
        sheet.put(0, y, f"{step:<12}{'f':>9}{tr('distance'):>10}", "title")
        places = [steps[-1].at if steps else self._start for steps in walks.values()]
        heights = column([surface.value(at) for at in places], 3)
        distances = column([math.dist(at, surface.minima[0]) for at in places], 3)
        for name, height, distance in zip(walks, heights, distances, strict=True):
            y += 1
            row = f"{_LETTERS[name].upper()} {name:<10}{height:>9}  {distance:>8}"
            sheet.put(0, y, row, _ROLES[name])


def _pair(point: Point) -> str:
    return f"{_short(point.x)} {_short(point.y)}"


def _short(value: float) -> str:
    """A number in at most seven cells, because two of them must fit behind a line of the rule."""
    if 0 < abs(value) < 1e-3:
        mantissa, _, exponent = f"{value:.{1 if abs(value) >= 1e-9 else 0}e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    return number(value, 2 if abs(value) < 1 else 3)
