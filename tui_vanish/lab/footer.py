"""The labels of the keys in the lab's footer; only keys that do something at the moment have one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.tracking.facts import frozen_layers, learning_rate, rate_name, stage_count
from tui_vanish.lab.layout import Layout
from tui_vanish.monitor import verdicts
from tui_vanish.monitor.looks import Looks
from tui_vanish.session.models import Model
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The state that decides which keys do something.

    Attributes:
        entry: the highlighted scenario, if there is one.
        run: its latest run, if there is one.
        seen: that run as it is shown, which may be in the past.
        can_train: whether runs can be started or changed here; `watch` only shows them.
        elsewhere: whether another process trains that run.
        in_memory: whether that run's network is in memory.
        can_take_over: whether the run could continue here.
        can_compare: whether there is something to compare.
        pane: the pane that has the focus.
        layout: which panes are visible.
        looks: the view settings.
        trying: whether `x` has led to the highlighted scenario.
        playing: whether the run is being played.
        has_recorded: whether there is a recorded run of the scenario.
    """

    entry: "Entry | None"
    run: "Snapshot | None"
    seen: "Snapshot | None"
    can_train: bool
    elsewhere: bool
    in_memory: bool
    can_take_over: bool
    can_compare: bool
    pane: str | None
    layout: Layout
    looks: Looks
    trying: bool
    playing: bool = False
    has_recorded: bool = False


def labels(now: Situation) -> Mapping[str, str]:
    """The label of each action; empty for actions that do nothing at the moment."""
    entry, layout = now.entry, now.layout
    usable = entry is not None and not entry.problems and now.can_train
    return {
        **_of_run(now),
        **_of_interventions(now),
        "try_next": "try" if now.trying or _has_suggestions(now) else "",
        "runs": "runs",
        "toggle_list": "list",
        "cycle_chart": "chart" if layout.run and layout.charts != "both" else "",
        "cycle_bars": "bars" if layout.run else "",
        "move_cursor": "cursor" if now.pane == "charts" and layout.run else "",
        "zoom": "zoom" if now.pane == "charts" and layout.run else "",
        **_of_past(now),
        "layer_detail": "detail" if now.looks.layer and layout.run and _can_inspect(now) else "",
        "over_time": ("now" if now.looks.over_time else "over time") if layout.run else "",
        "edit": "edit" if usable else "",
        "edit_file": "open the file" if entry is not None and entry.problems else "",
        "find": "find" if layout.scenarios else "",
        "mark": "mark" if usable and layout.scenarios else "",
        "compare": "compare" if now.can_compare and now.can_train else "",
        "help": "help",
        "quit": "quit",
        **(_of_script(now, now.run) if now.run is not None and now.run.watched is not None else {}),
        **(_OF_SAVED_MODEL if now.run is None and isinstance(entry, Model) else {}),
    }


_OF_SAVED_MODEL = {"train": "open", "edit": "", "mark": ""}


def _of_past(now: Situation) -> dict[str, str]:
    """The labels of the keys that move through the past of a run."""
    is_past = now.looks.charts.cursor is not None
    can_play = (
        now.layout.run and now.run is not None and now.run.step > 0 and (is_past or now.pane == "charts")
    )
    return {
        "moment": "now" if now.layout.run and is_past else "",
        "play": ("pause" if now.playing else "play") if can_play else "",
        "recorded": "recorded" if now.has_recorded and now.run is None else "",
    }


def _of_script(now: Situation, run: "Snapshot") -> dict[str, str]:
    """The labels for a run of the user's own model, which its script trains."""
    active = not run.status.ended
    shown = active and now.layout.run
    frozen = now.looks.layer in frozen_layers(run)
    return {
        "train": "tensors" if now.layout.run else "open",
        "pause": ("continue" if run.status is Status.PAUSED else "pause") if active else "",
        "stop": "stop" if active else "",
        "freeze": ("unfreeze" if frozen else "freeze") if shown and now.looks.layer else "",
        "rate": "lr" if shown else "",
        "copy_command": "",
        "over_time": "",
        "layer_detail": "histograms" if shown and now.looks.layer and now.looks.charts.cursor is None else "",
        "cycle_chart": "chart" if now.layout.run else "",
        "take_over": "",
        "toggle_about": "about",
        "edit": "",
        "mark": "",
    }


def _of_run(now: Situation) -> dict[str, str]:
    run = now.run
    usable = now.entry is not None and not now.entry.problems
    if run is None:
        return {"train": "train" if usable and now.can_train else ""}
    active = not run.status.ended and not now.elsewhere and now.can_train
    train = "again" if run.status.ended and now.can_train else ""
    if not now.layout.run:
        train = "open"
    if not usable:
        train = ""
    return {
        "train": train,
        "pause": "resume" if run.status is Status.PAUSED else "pause" if active else "",
        "stop": "stop" if active else "",
        "take_over": "take over" if now.can_take_over and now.can_train else "",
        "toggle_about": "about",
        "copy_command": "copy",
    }


def _has_suggestions(now: Situation) -> bool:
    return now.seen is not None and now.layout.run and bool(verdicts.suggestions(now.seen))


def _can_inspect(now: Situation) -> bool:
    run = now.run
    if run is None or run.started is None or run.status is Status.FAILED or not now.in_memory:
        return False
    if now.looks.charts.cursor is not None:
        return False
    return not run.layers or any(layer.name == now.looks.layer for layer in run.layers)  # else not built


def _freeze(run: "Snapshot", layer: str | None) -> str:
    """The label of `f`; empty if the layer is not built, or is the only one that trains."""
    built = [each.name for each in run.layers]
    frozen = frozen_layers(run)
    if layer not in built:
        return ""
    if layer in frozen:
        return "unfreeze"
    return "freeze" if any(name not in frozen for name in built if name != layer) else ""


def _of_interventions(now: Situation) -> dict[str, str]:
    run, layer = now.run, now.looks.layer
    if (
        run is None
        or run.watched is not None
        or run.status.ended
        or now.elsewhere
        or not now.layout.run
        or not now.can_train
    ):
        return {}
    return {
        "freeze": _freeze(run, layer),
        "rate": f"{rate_name(run)} ×2" if run.started and learning_rate(run) is not None else "",
        "next_stage": "next stage" if 0 < run.stage < stage_count(run) else "",
    }
