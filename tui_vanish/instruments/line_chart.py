"""A line chart that is drawn again only after a change."""

from typing import ClassVar

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.chart import Chart
from tui_vanish.drawing.chart_drawing import label_width, render
from tui_vanish.widgets import series
from tui_vanish.widgets.canvas_widget import CanvasWidget


class LineChart(CanvasWidget):
    """Shows a Chart. The room for labels of the y axis never shrinks, so that the plot does not move."""

    HELP = """
    Left and right move a cursor, and everything shows the run as it was at that step; home is the first
    step, end returns to now. Comma plays the run, > and < change the speed. z and Z zoom. y makes
    the axis of the loss logarithmic, o smooths, u counts epochs, steps or seconds. A vertical line with a
    number is the start of a stage; + - F U E mark a change of the learning rate, a layer or the epochs.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--text",
        "canvas--muted",
        "canvas--axis",
        "canvas--mark",
        "canvas--cursor",
        "canvas--not-finite",
        *series.CLASSES,
    }
    DEFAULT_CSS = """
    LineChart {
        & > .canvas--text { color: $foreground; }
        & > .canvas--muted { color: $foreground-muted; }
        & > .canvas--axis { color: $foreground-muted; }
        & > .canvas--mark { color: $text-secondary; }
        & > .canvas--cursor { color: $text-accent; text-style: bold; }
        & > .canvas--not-finite { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._chart = Chart()
        self._label_width = 0

    def show(self, chart: Chart) -> None:
        """Show `chart`."""
        if chart == self._chart:
            return
        if (chart.title, chart.y_log) != (self._chart.title, self._chart.y_log):
            self._label_width = 0
        self._chart = chart
        self.redraw()

    def draw(self, width: int, height: int) -> Canvas:
        """Draw the chart on a canvas of that size."""
        self._label_width = max(self._label_width, label_width(self._chart, width, height))
        return render(self._chart, width, height, ascii=self.alphabet.ascii, label_width=self._label_width)
