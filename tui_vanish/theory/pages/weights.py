"""Weights: the density of N(μ, σ²), and how σ changes χ and the pre-activations of a layer."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.theory.curves import sigmoid_slope
from engine.theory.weights import density, share, signals
from tui_vanish.drawing.format import column
from tui_vanish.language import marked_in, tr
from tui_vanish.theory.page import Knob, Page, Work, number
from tui_vanish.theory.pictures import column_marks, columns, rebinned
from tui_vanish.theory.plot import Dash, Plot
from tui_vanish.theory.sheet import Sheet

if TYPE_CHECKING:
    from engine.theory.preactivations import Histogram

_SLIDES: tuple[tuple[float, str, Dash], ...] = (
    (0.05, "series-1", "solid"),
    (1.0, "series-2", "dashed"),
    (10.0, "series-3", "dotted"),
)
_SIGNS: dict[Dash, str] = {"solid": "━", "dashed": "┅", "dotted": "┈", "long": "╍"}
_STDS = (0.01, 0.05, 0.125, 0.25, 0.5, 0.897, 1.0, 2.0, 5.0, 10.0)
_LAYERS = 7
_INTERVALS = 240
_NAMES = 7  # cells for the names before the numbers
_CRITICAL = 0.03  # if χ is this close to 1, the page says at which σ it tends to 1
_LINEAR, _LOG = marked_in("knob", "linear"), marked_in("knob", "log")
_LOG_LIMITS = (-4.0, 1.7)  # log10 of the density


class Weights(Page):
    """The page."""

    id = "weights"

    def __init__(self) -> None:
        super().__init__()
        self.std = Knob("σ", _STDS, 0.05, number)
        self.layer = Knob("layer", range(1, _LAYERS + 1), 2)
        self.mean = Knob("μ", (-10.0, -5.0, -1.0, 0.0, 1.0, 5.0, 10.0), 0.0, number)
        self.reach = Knob("x up to", (0.2, 1.0, 4.0, 10.0, 30.0), 4.0, number)
        self.axis = Knob("f axis", (_LINEAR, _LOG), _LINEAR, around=True)
        self._measured: dict[tuple[float, int], tuple[Histogram, float]] = {}

    def knobs(self) -> Sequence[Knob[Any]]:
        """σ and the layer for the right side, μ and the axes for the left side."""
        return self.std, self.layer, self.mean, self.reach, self.axis

    def work(self) -> Work | None:
        """Measure z and χ of all layers at this σ, unless this was done before."""
        std = self.std.value
        if (std, _LAYERS) in self._measured:
            return None

        def measure(given_up: Callable[[], bool]) -> None:
            from engine.theory.one_thread import load_torch

            load_torch()
            from engine.theory.preactivations import chi, of_layer

            for layer, signal in enumerate(signals(std, _LAYERS), 1):
                if given_up():
                    return
                reach = _reach(signal.q)
                found = of_layer(std, layer, -reach, reach, _INTERVALS), chi(std, layer)
                self._measured[std, layer] = found

        return measure

    def draw(self, sheet: Sheet) -> None:
        """Densities on the left, z of one layer on the right, what χ means below."""
        top = sheet.paragraph(0, self.words("intro")) + (sheet.height > 22)
        sheet.put(0, top, "f(x) = e^(−½((x − μ)/σ)²)/(σ√(2π))", "title")
        top += 1
        bottom = sheet.footnotes(self._verdict())
        half = (sheet.width - 2) // 2
        self._densities(sheet.part(0, top, half, bottom - top))
        self._preactivations(sheet.part(half + 2, top, sheet.width - half - 2, bottom - top))

    def _densities(self, sheet: Sheet) -> None:
        mean, reach, chosen = self.mean.value, self.reach.value, self.std.value
        x = sheet.put(0, 0, "σ: ", "dim")
        shown = list(_SLIDES)
        if chosen not in [std for std, _, _ in shown]:
            shown.append((chosen, "series-4", "long"))
        for place, (std, role, dash) in enumerate(shown):
            x = sheet.put(x, 0, f"{'abcd'[place] if sheet.ascii else _SIGNS[dash]} {std:g}", role) + 2
        log = self.axis.value == _LOG
        sheet.put(0, 1, self.words("log_axis" if log else "linear_axis", std=f"{chosen:g}"), "dim")
        limits = _LOG_LIMITS if log else (0.0, 1.1 * density(mean, mean, chosen))
        plot = Plot(sheet.part(0, 2, sheet.width, sheet.height - 2), (-reach, reach), limits, log_y=log)
        for place, (std, role, dash) in enumerate(shown):
            bell = [mean + std * step / 4 for step in range(-16, 17)]
            plot.curve(_density(mean, std, log=log), role, "abcd"[place], dash, also_at=bell)
        plot.finish()

    def _preactivations(self, sheet: Sheet) -> None:
        std, layer = self.std.value, self.layer.value
        signal = signals(std, _LAYERS)[layer - 1]
        reach = _reach(signal.q)
        measured = self._measured.get((std, layer))
        sheet.put(0, 0, tr("z of layer {layer}, σ = {std}", layer=layer, std=f"{std:g}"), "title")
        found_std, found_chi = (measured[0].std, measured[1]) if measured else (None, None)
        rows = (("std(z)", math.sqrt(signal.q), found_std), ("χ", signal.chi, found_chi))
        for y, (name, theory, seen) in enumerate(rows, 1):
            texts = column((theory, seen), 3)
            sheet.put(0, y, name, "dim")
            x = sheet.put(_NAMES, y, tr("{value} theory", value=texts[0]), "text")
            if seen is not None:
                sheet.put(x + 2, y, tr("{value} measured", value=texts[1]), "accent")
        width = sheet.width
        edges = [-reach + 2 * reach * place / width for place in range(width + 1)] if width else []
        bells = [share(low, high, 0, math.sqrt(signal.q)) for low, high in pairwise(edges)]
        highest = 1.25 * max(bells, default=1.0)
        slope_rows = max(2, sheet.height // 5)
        upper = sheet.part(0, 3, width, sheet.height - 6 - slope_rows)  # an empty row above the slope
        found = rebinned(measured[0].shares, width) if measured else [0.0] * width
        columns(upper, found, "series-1", highest)
        column_marks(upper, bells, found, "series-2", highest)
        slopes = [sigmoid_slope((low + high) / 2) for low, high in pairwise(edges)]
        columns(sheet.part(0, sheet.height - 2 - slope_rows, width, slope_rows), slopes, "series-3", 0.25)
        left, right = f"{-reach:.3g}", f"{reach:.3g}"
        sheet.put(0, sheet.height - 2, left, "dim")
        sheet.put(width // 2, sheet.height - 2, "0", "dim")
        sheet.put(width - len(right), sheet.height - 2, right, "dim")
        y = sheet.height - 1
        x = sheet.row(0, y, (sheet.signs.bar, "series-1"), (f" {tr('measured')}  ", "dim"))
        x = sheet.row(x, y, ("o" if sheet.ascii else "⠤", "series-2"), (f" {tr('theory')}  ", "dim"))
        sheet.row(x, y, (sheet.signs.bar, "series-3"), (" " + tr("below: σ'"), "dim"))

    def _verdict(self) -> str:
        layer = self.layer.value
        if layer == 1:
            return self.words("first")
        chi = signals(self.std.value, _LAYERS)[layer - 1].chi
        root = math.sqrt(chi)
        # A χ that is shown as 1 is neither said to be smaller than 1 nor larger.
        name = "keeps" if number(chi) == "1" else "vanishes" if chi < 1 else "grows"
        text = self.words(name, chi=number(chi), layer=str(layer), root=number(root), six=number(root**6))
        return f"{text} {self.words('critical')}" if abs(chi - 1) < _CRITICAL else text


def _reach(q: float) -> float:
    """How far z is drawn: at least to ±6, where the sigmoid becomes flat, and to ±3 deviations."""
    return max(6.0, 3 * math.sqrt(q))


def _density(mean: float, std: float, *, log: bool) -> Callable[[float], float]:
    """The density as the plot takes it: on a log axis its log10."""

    def height(x: float) -> float:
        value = density(x, mean, std)
        if not log:
            return value
        return math.log10(value) if value > 0 else -math.inf

    return height
