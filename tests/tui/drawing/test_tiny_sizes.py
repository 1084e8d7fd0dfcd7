"""Whatever draws on cells, at widths of 0 to 5 and heights of 0 to 3: no error, nothing outside its place."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from unittest.mock import PropertyMock, patch

import pytest
from rich.cells import cell_len

from engine.measure.inspection import Histogram
from engine.theory.surfaces import SURFACES, Point
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.chart import Chart, Line, Mark
from tui_vanish.drawing.chart_drawing import label_width, render
from tui_vanish.drawing.glyphs import alphabet
from tui_vanish.drawing.text import Piece, cut, cut_row, padded, row_width
from tui_vanish.drawing.wrap import flow, shorten
from tui_vanish.instruments.heatmap import Heat, HeatMap, Moment
from tui_vanish.instruments.histogram import HistogramView
from tui_vanish.instruments.layer_bars import LayerBars
from tui_vanish.instruments.layer_profile import BarProfile, BarRow
from tui_vanish.instruments.line_chart import LineChart
from tui_vanish.instruments.timeline import Block, Timeline
from tui_vanish.theory import pictures
from tui_vanish.theory.contours import Map
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet
from tui_vanish.widgets.canvas_widget import CanvasWidget
from vanish_recorder.protocol.events import LayerSample

SIZES = [*product(range(6), range(4))]

LAYERS = tuple(
    LayerSample(name=name, grad_norm=norm, delta_norm=norm, saturated=0.5)
    for name, norm in (("layer1", 1e-7), ("layer2", 0.0), ("layer3", math.nan), ("output", 3.0))
)
LINES = (
    Line("train 1.0", (0, 1, 2, 3), (2.0, math.nan, 1.0, 0.5)),
    Line("test", (1, 2, 3), (0.1, 0.2, math.inf), "dashed", "A"),
    Line("batch", (2,), (0.3,), "points"),
)
CHART = Chart("loss", LINES, "epoch", marks=(Mark(1, "2"), Mark(2, "f", "cursor")), hint="nothing yet")
CHARTS = [
    CHART,
    replace(CHART, y_log=True),
    replace(CHART, y_percent=True, y_limits=(0, 100)),
    replace(CHART, x_limits=(1, 2)),
    replace(CHART, lines=()),
]


def _widgets() -> list[CanvasWidget]:
    bars, heat, histogram, timeline, chart = (
        LayerBars(),
        HeatMap(),
        HistogramView("Weights"),
        Timeline(),
        LineChart(),
    )
    bars.show(
        BarProfile(tuple(BarRow(layer.name, layer) for layer in LAYERS), marks={"layer1": 1e-6}, note="last")
    )
    heat.show(Heat(tuple(layer.name for layer in LAYERS), (Moment(0, LAYERS), Moment(3, LAYERS))))
    histogram.show(
        Histogram(low=-1.0, high=2.0, counts=(1, 0, 7), mean=0.5, deviation=1.0, zeros=1, not_finite=0)
    )
    timeline.show(tuple(Block(number, ("trains", "frozen"), "now", "81 %", "81") for number in range(1, 4)))
    chart.show(CHART)
    return [bars, heat, histogram, timeline, chart, LayerBars(), HeatMap(), HistogramView("a"), Timeline()]


def _sheet_drawings() -> Mapping[str, Callable[[Sheet], object]]:
    heights = [0.0, 0.5, 1.0, 0.2, 1e-9]
    pixels = bytes(range(256)) * 4

    def plot(sheet: Sheet) -> None:
        for xs, ys, log in (((-6, 6), (-1, 2), False), ((0, 7), (-46, 40), True), ((0, 0), (1, 1), False)):
            drawn = Plot(sheet, xs, ys, log_y=log)
            drawn.vertical(1, "text")
            drawn.horizontal(1, "text")
            drawn.curve(lambda x: x, "text")
            drawn.line([(0, 0), (1, math.inf), (2, 1)], "text", dash="dashed")
            drawn.finish()
            drawn.mark(1, 1, "x", "text")
            drawn.label(1, 1, "a few words", "text", dy=3)

    def surface(sheet: Sheet) -> None:
        for each in SURFACES:
            Map(sheet, each.name).put(Point(0, 0), "x", "text")

    def texts(sheet: Sheet) -> None:
        sheet.footnotes("some words that need room", "and more")
        sheet.paragraph(1, "some words that need room", x=3)
        sheet.row(0, 0, ("a", "text"), ("βcd", "dim"))
        sheet.drawing(0, 0, "─▶ Σ")
        sheet.part(3, 2, 9, 9).put(0, 0, "far outside")

    def bars(sheet: Sheet) -> None:
        pictures.columns(sheet, heights, "text")
        pictures.columns(sheet, [], "text")
        pictures.columns(sheet, [0.0, 0.0], "text", 0.0)
        pictures.column_marks(sheet, heights, heights[::-1], "text", 1.0)
        for value in (0.0, 1e-9, 1.0, math.inf, math.nan):
            pictures.log_bar(sheet, 0, value, -8, 0, "text")
            pictures.log_mark(sheet, 0, value, -8, 0, "text")
        for intervals in range(sheet.width + 1):
            assert len(pictures.rebinned(heights, intervals)) == intervals

    def image(sheet: Sheet) -> None:
        for columns in (28, 14):
            pictures.image(sheet, pixels, columns)

    return {"plot": plot, "surface": surface, "texts": texts, "bars": bars, "image": image}


def _check(canvas: Canvas, width: int, height: int) -> None:
    assert [cell_len(canvas.line(y)) for y in range(canvas.height)] == [width] * height


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_chart_of_any_kind(width: int, height: int, ascii: bool) -> None:
    for chart in CHARTS:
        for labels in (0, 4, 9):
            _check(render(chart, width, height, ascii=ascii, label_width=labels), width, height)
        label_width(chart, width, height)


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_instrument(width: int, height: int, ascii: bool) -> None:
    with patch.object(CanvasWidget, "alphabet", PropertyMock(return_value=alphabet(ascii))):
        for widget in _widgets():
            canvas = widget.draw(width, height)
            _check(canvas, width, height)


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", _sheet_drawings())
def test_every_picture_of_the_theory_stays_on_its_sheet(
    name: str, width: int, height: int, ascii: bool
) -> None:
    around = Canvas(20, 9)
    _sheet_drawings()[name](Sheet(around, ascii, 4, 3, width, height))
    _check(around, 20, 9)
    cells = ((x, y) for y, x in product(range(9), range(20)))
    assert [(x, y) for x, y in cells if not around.is_blank(x, y) and not _inside(x, y, width, height)] == []


def _inside(x: int, y: int, width: int, height: int) -> bool:
    return 4 <= x < 4 + width and 3 <= y < 3 + height


@pytest.mark.parametrize("width", range(6))
def test_rows_of_text_fit(width: int) -> None:
    row = (Piece("σ ab"), Piece("", "dim"), Piece(" 層cdef", "dim"))
    assert cell_len(cut("層層ab", width)) <= width
    assert row_width(cut_row(row, width)) <= width
    assert row_width(padded(row, (Piece("z"),), width)) == max(1, width)
    assert all(row_width(each) <= max(2, width) for each in flow(row, width))
    assert row_width(shorten(row, width)) <= max(1, width)
