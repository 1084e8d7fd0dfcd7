"""The map: at which std of the weights and at which depth a network learns, by χ and ξ of its activation."""

import math
from collections.abc import Sequence
from typing import Any

from engine.theory.depth_map import ACTIVATIONS, BETA, at, chi, critical_std, reach
from tui_vanish.language import plural, tr
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

_WIDTHS = (32, 64, 128, 256, 512, 1024)
_STDS = (
    *(0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.0884, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
    *(0.6, 0.7, 0.8, 0.897, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0),
)
_DEPTHS = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 70, 100)
_XS = (-2.0, 1.0)  # log10 of σ
_FACTORS = (-2.0, 2.0)  # log10 of √χ
_DEEPEST = 2.0  # log10 of the layers
_TABLE = 34  # cells
_COLUMNS = (0, 13, 28)  # of the table
_KEPT = 0.005  # χ is this close to 1: the page calls it 1
_SLOW = 2  # times 6ξ: trained networks learned less with every layer, and little or nothing from here on
_FAR = 1000  # layers; more are written as "> 1000"


class DepthMap(Page):
    """The page."""

    id = "map"

    def __init__(self) -> None:
        super().__init__()
        self.activation = Knob("g", ACTIVATIONS, "sigmoid", around=True)
        self.width = Knob("width", _WIDTHS, 128)
        self.std = Knob("σ", _STDS, 0.05, number)
        self.layers = Knob("layers", _DEPTHS, 7)

    def knobs(self) -> Sequence[Knob[Any]]:
        """The kind of network, then the place on the map."""
        return self.activation, self.width, self.std, self.layers

    def draw(self, sheet: Sheet) -> None:
        """All activations and the factor per layer on the left, the map on the right, what it means below."""
        top = sheet.paragraph(0, self.words("intro")) + (sheet.height > 22)
        bottom = sheet.footnotes(self._reading())
        left = sheet.part(0, top, _TABLE, bottom - top)
        self._table(left)
        rows = len(ACTIVATIONS) + 1
        rows += left.height > 12
        self._factor(left.part(0, rows, left.width, left.height - rows))
        self._map(sheet.part(_TABLE + 2, top, sheet.width - _TABLE - 2, bottom - top))

    def _table(self, sheet: Sheet) -> None:
        width, std = self.width.value, self.std.value
        for x, heading in zip(_COLUMNS, ("g", tr("critical σ"), "6|ξ|"), strict=True):
            sheet.put(x, 0, heading, "dim")
        for y, name in enumerate(ACTIVATIONS, 1):
            cells = name, number(critical_std(name, width)), _layers(at(name, width, std).reach)
            for x, text in zip(_COLUMNS, cells, strict=True):
                sheet.put(x, y, text, "accent" if name == self.activation.value else "text")

    def _factor(self, sheet: Sheet) -> None:
        name, width = self.activation.value, self.width.value
        sheet.put(0, 0, tr("√χ per layer, by σ"), "title")
        plot = Plot(sheet.part(0, 1, sheet.width, sheet.height - 1), _XS, _FACTORS, log_y=True, log_x=True)
        plot.horizontal(0, "line")
        plot.vertical(math.log10(self.std.value), "accent")
        plot.curve(lambda x: math.log10(chi(name, width, 10**x)) / 2, "series-1", "*")
        plot.finish()
        here = at(name, width, self.std.value).chi
        plot.mark(math.log10(self.std.value), math.log10(here) / 2, sheet.signs.point, "accent")

    def _map(self, sheet: Sheet) -> None:
        name, width, std = self.activation.value, self.width.value, self.std.value
        heading, inside = tr("Depth limit 6|ξ|, by σ"), tr("{sign} can learn", sign=sheet.signs.guide)
        sheet.row(0, 0, (f"{heading}  ", "title"), (inside, "dim"))
        room = sheet.part(0, 1, sheet.width, sheet.height - 1)
        plot = Plot(room, _XS, (0, _DEEPEST), log_y=True, log_x=True)

        def layers(x: float) -> float:
            return math.log10(reach(name, width, 10**x))

        plot.below(layers, 0, _DEEPEST, "dim")
        critical = math.log10(critical_std(name, width))
        plot.vertical(critical, "good")
        near = [critical + sign * 2.0**-power for power in range(1, 14) for sign in (-1, 1)]
        plot.curve(layers, "series-1", "*", also_at=near)
        plot.finish()
        plot.label(_XS[0], _DEEPEST, tr("vanishes"), "series-2")
        plot.label(_XS[1], _DEEPEST, tr("explodes"), "series-4")
        here = math.log10(std), math.log10(self.layers.value)
        plot.mark(*here, "x" if sheet.ascii else "●", "accent")
        plot.label(*here, plural("{number} layer", "{number} layers", self.layers.value), "accent")

    def _reading(self) -> str:
        name, std, layers = self.activation.value, self.std.value, self.layers.value
        found = at(name, self.width.value, std)
        count = plural("{number} layer", "{number} layers", layers)
        numbers = {"std": number(std), "sigma": number(found.sigma_w2), "layers": count}
        if found.reach is None or abs(found.chi - 1) < _KEPT:
            text = self.words("critical", **numbers)
        else:
            vanishes = found.chi < 1
            text = self.words(
                "vanishes" if vanishes else "explodes",
                root=number(found.factor),
                reach=_layers(found.reach),
                **numbers,
            )
            share = self.words("share", share=number(found.factor ** (layers - 1), 2))
            if layers == 1:
                share = self.words("one")
            verdict = _verdict(layers / found.reach, vanishes=vanishes)
            text = f"{text} {self.words(verdict, share=share, **numbers)}"
            if not vanishes and found.q is not None and found.q < math.inf:
                # The output layer has such weights, too, so the logits have the variance of z.
                text = f"{text} {self.words('logits', logits=number(math.sqrt(found.q), 2))}"
        return f"{text} {self.words('beta', beta=number(BETA))}" if name == "sigmoid_beta" else text


def _verdict(reaches: float, *, vanishes: bool) -> str:
    """The name of the sentence about a network that is `reaches` times as deep as 6 |ξ|."""
    if not vanishes:
        return "careful" if reaches <= 1 else "unstable"
    if reaches <= 1:
        return "inside"
    return "slow" if reaches <= _SLOW else "faint"


def _layers(reach: float | None) -> str:
    """6 |ξ| in words."""
    if reach is None:
        return "∞"
    return f"> {_FAR}" if reach > _FAR else number(reach, 2)
