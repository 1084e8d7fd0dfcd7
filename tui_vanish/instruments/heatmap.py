"""The layers over the training time: one row per layer, and in each cell how large the quantity was then."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, NamedTuple

from tui_vanish.drawing import chart_axes, format, ticks
from tui_vanish.drawing.canvas import Canvas, Run
from tui_vanish.drawing.scales import Axis
from tui_vanish.instruments.layer_profile import visible
from tui_vanish.instruments.quantities import USUAL
from tui_vanish.language import tr
from tui_vanish.widgets.canvas_widget import CanvasWidget
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.quantity import Quantity

COLOURS = 5  # heat-1 to heat-5
_NAME = 9  # cells: "▸layer 12"
_END = 6  # cells on the right that the charts use for the names of their lines; both end at the same column
_LEAST_DECADES = 2
_BLANK = Run(" ", "text")


class Moment(NamedTuple):
    """Every layer as measured at `x` on the time axis."""

    x: float
    layers: tuple[LayerSample, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """What the heatmap shows.

    Attributes:
        names: the layers from the input to the output.
        moments: from the oldest to the newest.
        quantity: what a cell says.
        x_label: the unit of the time axis.
        selected: the layer that the next key is about.
        run: the run's name.
        cursor: the place on the time axis that the rest of the screen shows; None for the newest.
    """

    names: tuple[str, ...] = ()
    moments: tuple[Moment, ...] = ()
    quantity: Quantity = USUAL
    x_label: str = "epoch"
    selected: str | None = None
    run: str = ""
    cursor: float | None = None


class HeatMap(CanvasWidget):
    """Layers by training time.

    The cell's character says how large the quantity was, from low to high as the scale in the first row
    shows, and its colour says the same once more. The logarithmic scale spans whole decades and contains
    every value.
    A frozen layer's cell has the frozen texture where it had no gradient; `0` is exactly nothing, `×` not
    finite.
    """

    HELP = """
    The layers over the training time: the higher and brighter a cell, the larger the quantity was then. The
    scale is in the first row. 0 is exactly nothing, × not finite. A vertical line is the cursor of the
    charts. v changes the quantity, h leads back to the bars.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--text",
        "canvas--muted",
        "canvas--axis",
        "canvas--selected",
        "canvas--frozen",
        "canvas--cursor",
        "canvas--not-finite",
        *(f"canvas--heat-{number}" for number in range(1, COLOURS + 1)),
    }
    DEFAULT_CSS = """
    HeatMap {
        & > .canvas--text { color: $foreground; }
        & > .canvas--muted { color: $foreground-muted; }
        & > .canvas--axis { color: $foreground-muted; }
        & > .canvas--selected { color: $text-accent; text-style: bold; }
        & > .canvas--frozen { color: $text-secondary; }
        & > .canvas--cursor { color: $text-accent; text-style: bold; }
        & > .canvas--not-finite { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._heat = Heat()

    def show(self, heat: Heat) -> None:
        """Show this from now on."""
        if heat != self._heat:
            self._heat = heat
            self.redraw()

    def draw(self, width: int, height: int) -> Canvas:
        """The scale, the layers, the time axis."""
        canvas, heat = Canvas(width, height), self._heat
        plot_width = width - _NAME - _END
        if plot_width < 8 or height < 3:
            return canvas
        axis = chart_axes.x_axis([moment.x for moment in heat.moments], None, plot_width)
        columns = _columns(heat.moments, axis, plot_width)
        scale = _Scale.over(_values(columns, heat.quantity), linear=heat.quantity.scale == "unit")
        self._draw_head(canvas, scale)
        selected = heat.names.index(heat.selected) if heat.selected in heat.names else None
        pinned = tuple(place for place in (selected, len(heat.names) - 1, 0) if place is not None)
        for y, place in enumerate(visible(len(heat.names), height - 2, pinned, selected or 0), 1):
            if place is None:
                canvas.put(1, y, self.alphabet.gap, "muted")
                continue
            self._draw_name(canvas, y, heat.names[place])
            cells = (self._cell(column.get(heat.names[place]), scale) for column in columns)
            x = _NAME
            for cell, alike in groupby(cells):
                count = len(list(alike))
                canvas.put(x, y, cell.text * count, cell.role)
                x += count
        self._draw_axis(canvas, axis, height - 1, plot_width)
        if heat.cursor is not None and heat.moments:
            x = _NAME + round(min(1.0, max(0.0, axis.fraction_of_place(heat.cursor))) * (plot_width - 1))
            for y in range(1, height - 1):
                canvas.put(x, y, self.alphabet.mark, "cursor")
        return canvas

    def _draw_head(self, canvas: Canvas, scale: "_Scale") -> None:
        quantity, signs = self._heat.quantity, self.alphabet
        symbol = quantity.symbol_ascii if signs.ascii else quantity.symbol
        canvas.put(1, 0, symbol, "muted")
        x = max(_NAME, len(symbol) + 3)
        canvas.put(x, 0, scale.low_label, "muted")
        x += len(scale.low_label) + 1
        for level, character in enumerate(signs.levels):
            canvas.put(x + level, 0, character, _colour(level, len(signs.levels)))
        x += len(signs.levels) + 1
        canvas.put(x, 0, scale.high_label, "muted")
        if not self._heat.moments:
            canvas.put(_NAME, 2, tr("first measurement…"), "muted")

    def _draw_name(self, canvas: Canvas, y: int, name: str) -> None:
        selected = name == self._heat.selected
        if selected:
            canvas.put(0, y, self.alphabet.selected, "selected")
        canvas.put(1, y, format.layer_name(name)[: _NAME - 2], "selected" if selected else "text")

    def _cell(self, sample: LayerSample | None, scale: "_Scale") -> Run:
        signs = self.alphabet
        value = sample.value(self._heat.quantity) if sample is not None else None
        if sample is None or value is None:
            return Run(signs.frozen_bar, "frozen") if sample is not None and sample.frozen else _BLANK
        if not math.isfinite(value):
            return Run(signs.not_finite, "not-finite")
        if value <= 0 and not scale.linear:
            return Run("0", "muted")
        level = min(len(signs.levels) - 1, int(scale.fraction(value) * len(signs.levels)))
        return Run(signs.levels[level], _colour(level, len(signs.levels)))

    def _draw_axis(self, canvas: Canvas, axis: Axis, y: int, width: int) -> None:
        label = self._heat.x_label
        canvas.put(canvas.width - len(label), y, label, "muted")
        end = canvas.width - len(label) - 1
        last = 0
        for place, text in axis.ticks:
            x = _NAME + min(round(axis.fraction_of_place(place) * (width - 1)), width - len(text))
            if x > last and x + len(text) <= end:
                canvas.put(x, y, text, "muted")
                last = x + len(text)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From what to what the characters reach; in log10 unless `linear`."""

    low: float
    high: float
    linear: bool

    @classmethod
    def over(cls, values: Iterable[float], *, linear: bool) -> "_Scale":
        if linear:
            return cls(0.0, 1.0, True)
        powers = [math.log10(value) for value in values if 0 < value < math.inf]
        low, high = math.floor(min(powers, default=-2.0)), math.ceil(max(powers, default=0.0))
        return cls(min(low, high - _LEAST_DECADES), high, False)

    @property
    def low_label(self) -> str:
        return "0 %" if self.linear else ticks.power_label(int(self.low))

    @property
    def high_label(self) -> str:
        return "100 %" if self.linear else ticks.power_label(int(self.high))

    def fraction(self, value: float) -> float:
        place = value if self.linear else math.log10(value)
        return min(1.0, max(0.0, (place - self.low) / (self.high - self.low)))


def _columns(moments: Sequence[Moment], axis: Axis, width: int) -> list[dict[str, LayerSample]]:
    """What each column shows, by layer: the latest measurement up to it, and nothing after the newest."""
    latest: dict[int, tuple[LayerSample, ...]] = {}
    for x, layers in moments:
        latest[min(width - 1, max(0, int(axis.fraction_of_place(x) * (width - 1))))] = layers
    columns: list[dict[str, LayerSample]] = []
    present: dict[str, LayerSample] = {}
    for column in range(max(latest, default=-1) + 1):
        if column in latest:
            present = {layer.name: layer for layer in latest[column]}
        columns.append(present)
    return columns


def _values(columns: Sequence[dict[str, LayerSample]], quantity: Quantity) -> Iterator[float]:
    """Every visible value; one that fills several columns is listed once."""
    for column in {id(column): column for column in columns}.values():
        for layer in column.values():
            if (value := layer.value(quantity)) is not None:
                yield value


def _colour(level: int, levels: int) -> str:
    return f"heat-{1 + level * COLOURS // levels}"
