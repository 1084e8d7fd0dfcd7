"""How the lab is being looked at: what a person has chosen with keys, apart from what there is to see."""

from dataclasses import dataclass, field
from typing import Literal, get_args

Quantity = Literal["grad_norm", "delta_norm", "update_ratio", "activation_std", "saturated"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
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
    quantity: Quantity = "grad_norm"
    over_time: bool = False
    layer: str | None = None
    charts: ChartLooks = field(default_factory=ChartLooks)


def next_quantity(quantity: Quantity) -> Quantity:
    """The one that the bars show next."""
    return QUANTITIES[(QUANTITIES.index(quantity) + 1) % len(QUANTITIES)]


def next_unit(unit: Unit) -> Unit:
    """The one that the x axis shows next."""
    return UNITS[(UNITS.index(unit) + 1) % len(UNITS)]
