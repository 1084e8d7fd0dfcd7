"""Which panes of the lab are visible in a terminal of a given size, and how large they are."""

from dataclasses import dataclass
from typing import Literal

from textual.geometry import Size

BESIDE = 100  # cells; from this width on, list and run are side by side
_THREE = 150  # cells; from this width on, the scenario's text is beside them
_BOTH_CHARTS = 84  # cells; from this width on, the run's pane shows two charts
_LIST, _WIDE_LIST, _ABOUT = 31, 52, 48
_LEAST_CHART, _MOST_CHART = 7, 36
_HIGH = 32  # rows; from this height on, the note is longer
_LOW_NOTE, _HIGH_NOTE = 4, 5

Charts = Literal["loss", "accuracy", "both"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which panes are visible, and their sizes: widths in cells, heights in rows."""

    scenarios: bool
    run: bool
    about: bool
    framed: bool
    charts: Charts
    list_width: int
    run_width: int
    about_width: int
    chart_height: int
    schedule: bool
    layers_height: int


def lay_out(
    size: Size,
    *,
    layers: int,
    list_wanted: bool | None,
    about_wanted: bool,
    chart: str,
    staged: bool = False,
    over_time: bool = False,
) -> Layout:
    """Decide which panes are visible, and how large they are.

    Args:
        size: of the terminal.
        layers: how many the run has; 0 without a run.
        list_wanted: whether the user has shown or hidden the list; None if neither.
        about_wanted: whether the user has asked for the scenario's text.
        chart: which chart is shown if there is room for only one: `loss` or `accuracy`.
        staged: whether the run has several stages.
        over_time: whether the layers are shown over the training time.
    """
    width, height = size
    beside, three = width >= BESIDE, width >= _THREE
    has_run = layers > 0
    scenarios = (beside or not has_run) if list_wanted is None else list_wanted
    if beside:
        run = has_run and (three or not about_wanted)
    else:
        run = has_run and not scenarios and not about_wanted
    about = not run or three
    framed = beside or scenarios or not run
    list_width = (_WIDE_LIST if three else _LIST) if scenarios else 0
    beside_run = _ABOUT if about else 0
    about_width = beside_run if run else width - list_width
    run_width = width - list_width - about_width if run else 0
    both = run_width >= _BOTH_CHARTS
    chart_height, layers_height = _LEAST_CHART, 1
    if run:
        taken = (2 + framed if staged else 0) + (_HIGH_NOTE if height >= _HIGH else _LOW_NOTE)
        # title, footer and lines
        room = height - 2 - (4 if framed else 1) - taken
        layers_height = min(layers + 1 + over_time, room - _LEAST_CHART)
        chart_height = min(room - layers_height, _MOST_CHART)
    return Layout(
        scenarios=scenarios,
        run=run,
        about=about,
        framed=framed,
        charts="both" if both else "accuracy" if chart == "accuracy" else "loss",
        list_width=list_width,
        run_width=run_width,
        about_width=about_width,
        chart_height=chart_height,
        schedule=run and staged,
        layers_height=layers_height,
    )
