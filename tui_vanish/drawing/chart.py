"""What a line chart shows: lines, marks and axes. `tui_vanish.drawing.chart_drawing` draws it."""

from dataclasses import dataclass
from typing import Literal

Style = Literal["solid", "dashed", "points"]
SERIES_ROLES = 7  # distinct line colours, series-1 to series-7: enough for the race of all cures


@dataclass(frozen=True, slots=True)
class Line:
    """One series.

    Attributes:
        label: the text in the legend; it may contain the current value.
        xs: not decreasing.
        ys: as many as `xs`; values that are not finite interrupt the line.
        style: distinguishes lines where there is no colour.
        letter: drawn on the line at intervals and in the legend, for charts of many lines.
        marker: the number of a shape that is drawn in the same way, for charts of few lines; None for none.
        name: written at the end of the line if there is room.
        series: the number of its colour, from 0; None means its position among the lines.
    """

    label: str
    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()
    style: Style = "solid"
    letter: str = ""
    marker: int | None = None
    name: str = ""
    series: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at `x` with a letter or word on top: a stage's start, a change by hand, the cursor."""

    x: float
    letter: str = ""
    kind: Literal["stage", "intervention", "cursor"] = "stage"


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows, independent of its place and size.

    Attributes:
        title: shown before the legend.
        lines: later ones are drawn over earlier ones.
        x_label: shown at the end of the x axis.
        x_limits: the exact ends of the x axis; None lets it grow with the data, from 0, in round numbers.
        y_limits: values that the y axis includes at least (None: only the data); in % if `y_percent`.
        y_percent: whether ys are fractions, drawn as 0 to 100.
        y_log: whether the y axis is logarithmic; values of 0 and below are drawn as "0" at the bottom.
        marks: vertical lines.
        hint: shown in the middle while there is nothing to draw.
        has_legend: whether the title and the labels have a row of their own above the plot.
        remarks: shown after the title, such as "log"; if there is no room, the last ones are dropped first.
    """

    title: str = ""
    lines: tuple[Line, ...] = ()
    x_label: str = ""
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float | None, float | None] = (None, None)
    y_percent: bool = False
    y_log: bool = False
    marks: tuple[Mark, ...] = ()
    hint: str = ""
    has_legend: bool = True
    remarks: tuple[str, ...] = ()


def series_role(number: int) -> str:
    """The role of line `number`, from 0; after the last role the first one is used again."""
    return f"series-{number % SERIES_ROLES + 1}"
