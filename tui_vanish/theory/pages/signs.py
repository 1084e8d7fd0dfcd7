"""Signs of trouble: each sign from the slides, with a short live run that shows it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.protocol.data_spec import FASHION_MNIST
from tui_vanish.drawing.format import column, layer_name, percent
from tui_vanish.theory.page import Knob, Page, Work, number
from tui_vanish.theory.pictures import log_bar
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Quantity

if TYPE_CHECKING:
    from vanish_recorder.protocol.events import LayerSample, Sample

_GUESSING = math.log(FASHION_MNIST.classes)
_TALLEST = 4  # most rows for a layer, the last of them empty
_NAMES = 18  # cells for a layer's name and number


class Signs(Page):
    """The page."""

    id = "signs"
    step_label = "run again"

    def __init__(self) -> None:
        super().__init__()
        self.sign = Knob(
            "sign", range(len(self._signs)), 0, lambda place: str(self._signs[place]["name"]), around=True
        )
        self._runs: dict[int, list[Sample]] = {}
        self._done: set[int] = set()

    @property
    def _signs(self) -> Sequence[Mapping[str, Any]]:
        return self.text.tables["signs"]

    def knobs(self) -> Sequence[Knob[Any]]:
        """The sign."""
        return (self.sign,)

    def step(self) -> bool:
        """Train again, so that the user can watch."""
        self._done.discard(self.sign.value)
        return True

    def work(self) -> Work | None:
        """Train for the chosen sign and keep each measured step, unless this was done before."""
        place = self.sign.value
        if place in self._done:
            return None

        def train(given_up: Callable[[], bool]) -> None:
            from engine.theory.one_thread import load_torch

            load_torch()
            from engine.theory.live import samples

            sign = self._signs[place]
            seen = self._runs[place] = []
            for sample in samples(sign["scenario"], sign["overrides"], sign["steps"]):
                if given_up():
                    return
                seen.append(sample)
            self._done.add(place)

        return train

    def draw(self, sheet: Sheet) -> None:
        """The slide's words at the top, the loss on the left, the layers on the right, the meaning below."""
        sign = self._signs[self.sign.value]
        seen = tuple(self._runs.get(self.sign.value, ()))
        kind = str(sign["problem"])
        top = sheet.paragraph(0, self.words(kind), "dim")
        text, role = f"{kind}: “{sign['slide']}”", "bad" if kind == "exploding" else "warn"
        y = sheet.paragraph(top, text, role)
        changes = ", ".join(sign["overrides"])
        words = "overrides" if changes else "run"
        how = self.words(words, scenario=sign["scenario"], changes=changes, steps=str(sign["steps"]))
        y = sheet.paragraph(y, how, "dim") + (sheet.height > 22)
        bottom = sheet.footnotes(sign["says"])
        half = sheet.width // 2 - 1
        self._loss(sheet.part(0, y, half, bottom - y - 1), seen, int(sign["steps"]))
        self._layers(sheet.part(half + 2, y, sheet.width - half - 2, bottom - y - 1), seen, sign)

    def _loss(self, sheet: Sheet, seen: "tuple[Sample, ...]", steps: int) -> None:
        x = sheet.put(0, 0, self.words("loss"), "title")
        finite = [(sample.step, sample.loss) for sample in seen if math.isfinite(sample.loss)]
        if finite:
            sheet.put(x + 1, 0, number(finite[-1][1], 4), "accent")
        largest = max((loss for _, loss in finite), default=3.0)
        log = largest > 1e3
        limits = (0.0, math.ceil(math.log10(largest)) + 1.0) if log else (0.0, max(3.0, 1.1 * largest))
        plot = Plot(
            sheet.part(0, 1, sheet.width, sheet.height - 1), (0, steps), limits, log_y=log, whole_x=True
        )
        places = [(step, math.log10(loss) if log else loss) for step, loss in finite]
        plot.horizontal(math.log10(_GUESSING) if log else _GUESSING, "dim")
        plot.line(places, "series-1")
        plot.finish()
        if places:
            plot.mark(*places[-1], sheet.signs.point, "series-1")
        if seen and len(finite) < len(seen):
            bad = next(sample.step for sample in seen if not math.isfinite(sample.loss))
            plot.mark(bad, limits[1], sheet.signs.not_finite, "bad")
            plot.label(bad + 1, limits[1], self.words("diverged", step=str(bad)), "bad")

    def _layers(self, sheet: Sheet, seen: "tuple[Sample, ...]", sign: Any) -> None:
        quantity = QUANTITIES[sign["shows"]]
        sheet.put(0, 0, str(sign["caption"]), "title")
        if not seen:
            return
        layers = _last_finite(seen, quantity)
        values = [value for layer in layers if (value := layer.value(quantity)) and math.isfinite(value)]
        low = math.floor(math.log10(min(values, default=0.1))) - 1.0
        high = math.ceil(math.log10(max(values, default=1.0))) + 0.0
        bars = sheet.part(_NAMES, 0, sheet.width - _NAMES, sheet.height)
        spread = max(1, min(_TALLEST, (sheet.height - 1) // len(layers)))
        share = quantity.scale == "unit"
        measured = [layer.value(quantity) for layer in layers]
        texts = [percent(value) for value in measured] if share else column(measured, 3, ascii=sheet.ascii)
        for place, (layer, value, text) in enumerate(zip(layers, measured, texts, strict=True)):
            y = 1 + place * spread
            x = sheet.put(0, y, f"{layer_name(layer.name):<9}")
            sheet.put(x, y, text, "accent")
            for row in range(y, y + max(1, spread - 1)):
                if share:
                    for x in range(round((value or 0.0) * bars.width)):
                        bars.cell(x, row, bars.signs.bar, "series-2")
                elif value is not None:
                    log_bar(bars, row, value, low, max(high, low + 1), "series-2")


def _last_finite(seen: "tuple[Sample, ...]", quantity: Quantity) -> "tuple[LayerSample, ...]":
    """The layers of the last sample in which the quantity is finite at every layer."""
    for sample in reversed(seen):
        if all(math.isfinite(layer.value(quantity) or 0.0) for layer in sample.layers):
            return sample.layers
    return seen[-1].layers
