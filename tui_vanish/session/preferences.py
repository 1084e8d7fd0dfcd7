"""What the app remembers from one time to the next: the theme, the layout, and how runs are looked at."""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from engine.storage.atomic import write_atomically
from tui_vanish.monitor.looks import QUANTITIES, SMOOTHING, UNITS, ChartLooks, Looks


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered. A file that cannot be read, or says something unknown, changes nothing.

    Attributes:
        theme: the theme's name; empty for the usual one.
        list_wanted: whether the list was asked for or sent away; None if neither.
        chart: which chart is shown where there is room for one.
        quantity: what the bars and the heatmap show.
        over_time: the layers over the training time in place of the bars.
        unit: of the charts' x axis.
        y_log: whether the loss stands on a logarithmic axis.
        smoothing: of the curves.
    """

    theme: str = ""
    list_wanted: bool | None = None
    chart: str = "loss"
    quantity: str = "grad_norm"
    over_time: bool = False
    unit: str = "epoch"
    y_log: bool = False
    smoothing: int = 0

    def looks(self) -> Looks:
        """How runs are looked at to begin with."""
        usual = Looks()
        unit = next((unit for unit in UNITS if unit == self.unit), usual.charts.unit)
        quantity = next((quantity for quantity in QUANTITIES if quantity == self.quantity), usual.quantity)
        smoothing = self.smoothing if 0 <= self.smoothing < len(SMOOTHING) else 0
        charts = ChartLooks(unit=unit, y_log=self.y_log, smoothing=smoothing)
        chart = "accuracy" if self.chart == "accuracy" else "loss"
        return Looks(chart=chart, quantity=quantity, over_time=self.over_time, charts=charts)

    def with_looks(self, looks: Looks) -> "Remembered":
        """The same, with runs looked at like this from now on."""
        return replace(
            self,
            chart=looks.chart,
            quantity=looks.quantity,
            over_time=looks.over_time,
            unit=looks.charts.unit,
            y_log=looks.charts.y_log,
            smoothing=looks.charts.smoothing,
        )


def recall(path: Path | None) -> Remembered:
    """What was remembered at `path`; the usual where there is nothing, or nothing that can be read."""
    if path is None:
        return Remembered()
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return Remembered()
    if not isinstance(stored, dict):
        return Remembered()
    usual = Remembered()
    known = {
        field.name: stored[field.name]
        for field in fields(Remembered)
        if field.name in stored and _same_kind(stored[field.name], getattr(usual, field.name))
    }
    return replace(usual, **known)


def remember(path: Path | None, what: Remembered) -> None:
    """Write it to `path`, if it isn't there already. Where that can't be, it is forgotten, and no more."""
    if path is None or recall(path) == what:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(what), indent=1).encode())
    except OSError:
        return


def _same_kind(value: object, usual: object) -> bool:
    return value is None or isinstance(value, bool) if usual is None else type(value) is type(usual)
