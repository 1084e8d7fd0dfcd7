"""Skip connection: the gradient's two ways back, measured, and the block as identity when F is 0."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.theory.curves import sigmoid, sigmoid_slope
from tui_vanish.drawing.format import column
from tui_vanish.language import marked_in, tr
from tui_vanish.theory.page import Knob, Page, Work, number, ratio
from tui_vanish.theory.pictures import log_bar, log_mark
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

if TYPE_CHECKING:
    from engine.theory.ways_back import WaysBack

_NAMES = ("skip", "depth-7")
_WAYS, _IDENTITY = marked_in("knob", "two ways back"), marked_in("knob", "F and the identity")
_LOW, _HIGH = -8.0, 0.0  # the bars' scale goes from 1e-8 to 1
_REACH = 4.0


class SkipConnection(Page):
    """The page."""

    id = "skip-connection"

    def __init__(self) -> None:
        super().__init__()
        self.view = Knob("show", (_WAYS, _IDENTITY), _WAYS, around=True)
        self.weight = Knob("w", [step / 4 for step in range(-12, 13)], 2.0, number)
        self._measured: dict[str, WaysBack] = {}

    def knobs(self) -> Sequence[Knob[Any]]:
        """The view; also F's weight in the view of F and the identity."""
        return (self.view,) if self.view.value == _WAYS else (self.view, self.weight)

    def work(self) -> Work | None:
        """Measure both networks, unless this was done before."""
        if len(self._measured) == len(_NAMES):
            return None

        def measure(given_up: Callable[[], bool]) -> None:
            from engine.theory.one_thread import load_torch

            load_torch()
            from engine.theory.ways_back import measure

            for name in _NAMES:
                if not given_up():
                    self._measured[name] = measure(name)

        return measure

    def draw(self, sheet: Sheet) -> None:
        """The formula, then the chosen view."""
        sheet.put(0, 0, self.words("formula"), "title")
        diagram = self.text.lines["block"]
        roomy = sheet.height > 22
        for y, line in enumerate(diagram, 1 + roomy):
            sheet.drawing(0, y, line, "accent")
        top = 1 + len(diagram) + roomy
        below = sheet.part(0, top, sheet.width, sheet.height - top)
        if self.view.value == _WAYS:
            self._ways(below)
        else:
            self._identity(below)

    def _ways(self, sheet: Sheet) -> None:
        roomy = sheet.height > 20
        y = sheet.paragraph(roomy, self.words("ways"))
        skip, plain = self._measured.get("skip"), self._measured.get("depth-7")
        blocks = skip.blocks if skip else ()
        through = column([block.through_layers for block in blocks])
        past = column([block.arriving for block in blocks])
        for place, block in enumerate(blocks):
            text = self.words(
                "block",
                source=str(block.source),
                target=str(block.target),
                through=through[place],
                arriving=past[place],
                times=ratio(block.arriving, block.through_layers),
            )
            sheet.put(0, y, text, "accent")
            y += 1
        if skip is None or plain is None:
            return
        sheet.put(0, y + roomy, self.words("depths", mark=sheet.signs.theory), "dim")
        self._bars(sheet, y + 1 + roomy, skip, plain, 2 if roomy else 1)
        first, second = skip.deltas[0], plain.deltas[0]
        times = ratio(first, second)
        sheet.footnotes(self.words("compared", skip=number(first), plain=number(second), times=times))

    def _bars(self, sheet: Sheet, y: int, skip: "WaysBack", plain: "WaysBack", rows: int) -> None:
        """A bar per layer with the skips, and a mark where it would end without; the last layer on top."""
        words = {block.target: "H = F(x) + x" for block in skip.blocks}
        words |= {block.source: tr("x, goes past F") for block in skip.blocks}
        bars = sheet.part(28, 0, sheet.width - 44, sheet.height)
        texts = list(zip(column(skip.deltas), column(plain.deltas), strict=True))
        for layer in range(len(skip.deltas), 0, -1):
            with_skips, without = skip.deltas[layer - 1], plain.deltas[layer - 1]
            x = sheet.put(0, y, tr("layer {layer}", layer=layer))
            x = sheet.put(x + 1, y, f"{texts[layer - 1][0]:<8}", "series-1")
            sheet.put(x + 1, y, f"{texts[layer - 1][1]:<8}", "series-2")
            log_bar(bars, y, with_skips, _LOW, _HIGH, "series-1")
            log_mark(bars, y, without, _LOW, _HIGH, "series-2")
            sheet.put(sheet.width - 14, y, words.get(layer, tr("in F")), "dim")
            y += rows

    def _identity(self, sheet: Sheet) -> None:
        w = self.weight.value
        y = sheet.paragraph(sheet.height > 20, self.words("one_node"))
        at_one = w * sigmoid(w)
        slope = w * w * sigmoid_slope(w)
        text = self.words(
            "at_x", f=number(at_one), h=number(at_one + 1), slope=number(slope), sum=number(slope + 1)
        )
        sheet.put(0, y, text, "accent")
        bottom = sheet.footnotes(self.words("identity"))
        plot = Plot(sheet.part(0, y + 1, sheet.width, bottom - y - 1), (-_REACH, _REACH), (-_REACH, _REACH))
        plot.horizontal(0, "line")
        plot.curve(lambda x: x, "dim", ".", "dotted")
        plot.curve(lambda x: w * sigmoid(w * x), "series-2", "o", "dashed")
        plot.curve(lambda x: w * sigmoid(w * x) + x, "series-1", "*")
        plot.finish()
        left = -_REACH + 1
        plot.label(left, max(-_REACH, left + w * sigmoid(w * left)), "H(x) = F(x) + x", "series-1", dy=-1)
        plot.label(_REACH / 2, w * sigmoid(w * _REACH / 2), "F(x)", "series-2", dy=-1)
        plot.label(_REACH / 2, _REACH / 2, "x", "dim", dy=1)
