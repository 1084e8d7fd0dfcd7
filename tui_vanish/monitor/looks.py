"""How the lab shows runs: what the user has chosen with keys."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tui_vanish.instruments.quantities import IN_BARS, USUAL
from tui_vanish.session.preferences import Preferences
from vanish_recorder.protocol.quantity import Quantity

Unit = Literal["epoch", "step", "second"]
UNITS: tuple[Unit, ...] = get_args(Unit)
# The weight of the average so far in a smoothed value; 0 is no smoothing.
SMOOTHING = (0.0, 0.6, 0.9)


@dataclass(frozen=True, slots=True)
class ChartLooks:
    """How the charts are drawn.

    Attributes:
        unit: of the x axis.
        y_log: whether the axis of the loss is logarithmic.
        smoothing: index in SMOOTHING.
        window: the visible part of the run, in the axis's unit; None for the whole run.
        cursor: the place whose values are shown, in the axis's unit; None without a cursor.
    """

    unit: Unit = "epoch"
    y_log: bool = False
    smoothing: int = 0
    window: tuple[float, float] | None = None
    cursor: float | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """How a run is shown, as chosen with the lab's keys.

    Attributes:
        chart: the chart that is shown if there is room for only one: `loss` or `accuracy`.
        quantity: what the bars and the heatmap show.
        over_time: whether the layers are shown over the training time, in place of the bars.
        layer: the selected layer.
        charts: how the charts are drawn.
        logged: the chart of watched runs that is shown first, by its name.
    """

    chart: str = "loss"
    quantity: Quantity = USUAL
    over_time: bool = False
    layer: str | None = None
    charts: ChartLooks = field(default_factory=ChartLooks)
    logged: str = "loss"


def next_unit(unit: Unit) -> Unit:
    """The unit that follows this one."""
    return UNITS[(UNITS.index(unit) + 1) % len(UNITS)]


def looks_of(preferences: Preferences) -> Looks:
    """How runs are shown at first. Unknown values in the preferences are ignored."""
    usual = Looks()
    unit = next((unit for unit in UNITS if unit == preferences.unit), usual.charts.unit)
    quantity = next((each for each in IN_BARS if each.name == preferences.quantity), usual.quantity)
    smoothing = preferences.smoothing if 0 <= preferences.smoothing < len(SMOOTHING) else 0
    charts = ChartLooks(unit=unit, y_log=preferences.y_log, smoothing=smoothing)
    chart = "accuracy" if preferences.chart == "accuracy" else "loss"
    return Looks(chart=chart, quantity=quantity, over_time=preferences.over_time, charts=charts)


def preferred(looks: Looks) -> dict[str, Any]:
    """The values to save for the next start, by the names of the preferences."""
    return {
        "chart": looks.chart,
        "quantity": looks.quantity.name,
        "over_time": looks.over_time,
        "unit": looks.charts.unit,
        "y_log": looks.charts.y_log,
        "smoothing": looks.charts.smoothing,
    }
