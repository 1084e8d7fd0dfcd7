"""Through time: the gradient of a recurrent network by step, with ρ to the power, and past a forget gate."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.through_time import MOST_STEPS, Activation, Start, gradients, past_the_gate
from tui_vanish.language import marked_in
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Dash, Plot
from tui_vanish.theory.sheet import Sheet

_NORMAL, _ORTHOGONAL = marked_in("knob", "normal"), marked_in("knob", "orthogonal")
_STARTS: dict[str, Start] = {_NORMAL: "normal", _ORTHOGONAL: "orthogonal"}
_ACTIVATIONS: tuple[Activation, ...] = ("tanh", "identity")
_RADII = (0.5, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.5, 2.0)
_STEPS = (5, 10, 20, 28, 50, MOST_STEPS)
_GATES = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
_ROWS = 28  # of an image, which the scenarios read one by one
_LEAST, _MOST = -16.0, 12.0  # powers of ten; what is beyond them is not drawn
_ROLES = ("series-1", "series-2", "series-3")
_DASHES: tuple[Dash, ...] = ("solid", "dashed", "dotted")
_LOST, _TOO_LARGE = 1e-2, 1e2  # of the gradient of the last step


class ThroughTime(Page):
    """The page."""

    id = "through-time"

    def __init__(self) -> None:
        super().__init__()
        self.start = Knob("W", tuple(_STARTS), _NORMAL, around=True)
        self.activation = Knob("g", _ACTIVATIONS, "tanh", around=True)
        self.radius = Knob("ρ", _RADII, 0.9, number)
        self.steps = Knob("T", _STEPS, _ROWS)
        self.gate = Knob("f", _GATES, 0.95, number)

    def knobs(self) -> Sequence[Knob[Any]]:
        """How W is drawn, g, ρ, the number of steps, and the forget gate."""
        return (self.start, self.activation, self.radius, self.steps, self.gate)

    def draw(self, sheet: Sheet) -> None:
        """The formula, then the gradient over the steps, ρ to the power and the path past the gate."""
        radius, steps, forget = self.radius.value, self.steps.value, self.gate.value
        found = gradients(_STARTS[self.start.value], radius, self.activation.value, steps)
        gate = past_the_gate(forget, steps)
        sheet.put(0, 0, self.words("formula"), "title")
        top = sheet.paragraph(1, self.words("intro"))
        first = found[0]
        kind = "lost" if first < _LOST else "large" if first > _TOO_LARGE else "kept"
        bottom = sheet.footnotes(
            self.words(kind, share=number(first), power=number(radius ** (steps - 1)), steps=str(steps)),
            self.words("gate", f=number(forget), share=number(gate[0])),
        )
        powers = tuple(radius ** (steps - step) for step in range(1, steps + 1))
        self._plot(sheet.part(0, top, sheet.width, bottom - top), found, powers, gate)

    def _plot(
        self, sheet: Sheet, found: Sequence[float], powers: Sequence[float], gate: Sequence[float]
    ) -> None:
        lines = [_logarithms(each) for each in (found, powers, gate)]
        inside = [y for line in lines for _, y in line]
        low, high = max(_LEAST, min(*inside, -1.0)), min(_MOST, max(*inside, 1.0))
        signs = "*o." if sheet.ascii else "━┅┈"
        names = (self.words("measured"), self.words("power"), self.words("cell"))
        words = [f"{sign} {name}   " for sign, name in zip(signs, names, strict=True)]
        sheet.row(0, 0, *zip(words, _ROLES, strict=True))
        room = sheet.part(0, 1, sheet.width, sheet.height - 1)
        plot = Plot(room, (1, len(found)), (low, high), log_y=True, whole_x=True)
        plot.horizontal(0, "line")
        for points, role, sign, dash in zip(lines[::-1], _ROLES[::-1], ".o*", _DASHES[::-1], strict=True):
            plot.line(points, role, sign, dash)
        plot.finish()


def _logarithms(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(step, math.log10(value)) for step, value in enumerate(values, 1) if value > 0]
