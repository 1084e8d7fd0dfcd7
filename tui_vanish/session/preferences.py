"""What the app remembers from one time to the next: the theme, the layout, and how runs are looked at."""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from engine.storage.atomic import write_atomically


@dataclass(frozen=True, slots=True)
class Preferences:
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


def recall(path: Path | None) -> Preferences:
    """What was remembered at `path`; the usual where there is nothing, or nothing that can be read."""
    if path is None:
        return Preferences()
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return Preferences()
    if not isinstance(stored, dict):
        return Preferences()
    usual = Preferences()
    known = {
        field.name: stored[field.name]
        for field in fields(Preferences)
        if field.name in stored and _same_kind(stored[field.name], getattr(usual, field.name))
    }
    return replace(usual, **known)


def remember(path: Path | None, what: Preferences) -> None:
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
