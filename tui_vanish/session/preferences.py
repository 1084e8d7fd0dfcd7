"""The preferences that the app stores for the next start: theme, language, layout and view settings."""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from vanish_recorder.protocol.json_text import parse
from vanish_recorder.storage.atomic import remove_leftovers, write_atomically
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.private import make_private_folder

_OLD_SECONDS = 3600.0  # another app may be writing a newer temporary file


@dataclass(frozen=True, slots=True)
class Preferences:
    """The stored preferences. Unreadable files and unknown values are ignored.

    Attributes:
        theme: the theme's name; empty for the default.
        language: the language that the user has switched to, by its code; empty for that of the locale.
        list_wanted: whether the user has shown or hidden the list; None if neither.
        chart: which chart is shown if there is room for only one.
        quantity: the quantity in the bars and the heatmap.
        over_time: whether the layers are shown over the training time instead of as bars.
        unit: of the charts' x axis.
        y_log: whether the axis of the loss is logarithmic.
        smoothing: how much the curves are smoothed.
        race_budget: what each run of a comparison may use, as it is typed; empty for what its scenario says.
        race_seeds: how many runs each scenario gets in a comparison.
        race_existing: whether a comparison uses runs that exist.
        lecture: the step at which the lecture was left, as `lecture:step`.
    """

    theme: str = ""
    language: str = ""
    list_wanted: bool | None = None
    chart: str = "loss"
    quantity: str = "grad_norm"
    over_time: bool = False
    unit: str = "epoch"
    y_log: bool = False
    smoothing: int = 0
    race_budget: str = "10 epochs"
    race_seeds: int = 1
    race_existing: bool = False
    lecture: str = ""


def preferences_file() -> Path:
    """Where the preferences are stored: beside the folder of the runs."""
    return default_runs_folder().parent / "ui.json"


def recall(path: Path | None) -> Preferences:
    """Read the preferences from `path`, with the default for everything that cannot be read."""
    if path is None:
        return Preferences()
    try:
        stored = parse(path.read_bytes())
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
    """Write the preferences to `path` if they have changed. If this fails, they are not stored."""
    if path is None or recall(path) == what:
        return
    try:
        make_private_folder(path.parent)
        remove_leftovers(path.parent, (path.name,), older_than=_OLD_SECONDS)
        write_atomically(path, json.dumps(asdict(what), indent=1).encode())
    except OSError:
        return


def _same_kind(value: object, usual: object) -> bool:
    return value is None or isinstance(value, bool) if usual is None else type(value) is type(usual)
