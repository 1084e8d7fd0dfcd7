"""How the lab is being looked at: what a person has chosen with keys, apart from what there is to see."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from engine.protocol.quantity import Quantity
from tui_vanish.instruments.quantities import IN_BARS, USUAL
from tui_vanish.session.preferences import Preferences

Unit = Literal["epoch", "step", "second"]
UNITS: tuple[Unit, ...] = get_args(Unit)
# What a smoothed value keeps of the one before it; 0 is no smoothing.
SMOOTHING = (0.0, 0.6, 0.9)


@dataclass(frozen=True, slots=True)
class ChartLooks:
    """How the charts are drawn.

    Attributes:
        unit: of the x axis.
        y_log: whether the loss stands on a logarithmic axis.
        smoothing: place in SMOOTHING.
        window: the part of the run that is shown, in the axis's unit; None for all of it.
        cursor: where values are read out, in the axis's unit; None without a cursor.
    """

    unit: Unit = "epoch"
    y_log: bool = False
    smoothing: int = 0
    window: tuple[float, float] | None = None
    cursor: float | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """Everything that the lab's own keys decide of how a run is shown.

    Attributes:
        chart: which chart is shown where there is room for one: `loss` or `accuracy`.
        quantity: what the bars and the heatmap show.
        over_time: the layers over the training time in place of the bars.
        layer: the selected layer.
        charts: how the charts are drawn.
    """

    chart: str = "loss"
    quantity: Quantity = USUAL
    over_time: bool = False
    layer: str | None = None
    charts: ChartLooks = field(default_factory=ChartLooks)


def next_unit(unit: Unit) -> Unit:
    """The one that the x axis shows next."""
    return UNITS[(UNITS.index(unit) + 1) % len(UNITS)]


def looks_of(preferences: Preferences) -> Looks:
    """How runs are looked at to begin with; a word that isn't known here is passed over."""
    usual = Looks()
    unit = next((unit for unit in UNITS if unit == preferences.unit), usual.charts.unit)
    quantity = next((each for each in IN_BARS if each.name == preferences.quantity), usual.quantity)
    smoothing = preferences.smoothing if 0 <= preferences.smoothing < len(SMOOTHING) else 0
    charts = ChartLooks(unit=unit, y_log=preferences.y_log, smoothing=smoothing)
    chart = "accuracy" if preferences.chart == "accuracy" else "loss"
    return Looks(chart=chart, quantity=quantity, over_time=preferences.over_time, charts=charts)


def preferred(looks: Looks) -> dict[str, Any]:
    """What of it is kept for the next time, by the preferences' names."""
    return {
        "chart": looks.chart,
        "quantity": looks.quantity.name,
        "over_time": looks.over_time,
        "unit": looks.charts.unit,
        "y_log": looks.charts.y_log,
        "smoothing": looks.charts.smoothing,
    }
