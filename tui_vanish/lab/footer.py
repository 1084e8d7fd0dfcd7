"""The labels of the keys in the lab's footer; only keys that do something at the moment have one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.protocol.status import Status
from engine.tracking.facts import frozen_layers, rate_name, stage_count
from tui_vanish.lab.layout import Layout
from tui_vanish.monitor import verdicts
from tui_vanish.monitor.looks import Looks

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The state that decides which keys do something.

    Attributes:
        entry: the highlighted scenario, if there is one.
        run: its latest run, if there is one.
        elsewhere: whether another process trains that run.
        can_take_over: whether the run could continue here.
        can_compare: whether there is something to compare.
        pane: the pane that has the focus.
        layout: which panes are visible.
        looks: the view settings.
        trying: whether `x` has led to the highlighted scenario.
    """

    entry: "Entry | None"
    run: "Snapshot | None"
    elsewhere: bool
    can_take_over: bool
    can_compare: bool
    pane: str | None
    layout: Layout
    looks: Looks
    trying: bool


def labels(now: Situation) -> Mapping[str, str]:
    """The label of each action; empty for actions that do nothing at the moment."""
    entry, layout = now.entry, now.layout
    usable = entry is not None and not entry.problems
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
        "layer_detail": "detail" if now.looks.layer and layout.run else "",
        "over_time": ("now" if now.looks.over_time else "over time") if layout.run else "",
        "edit": "edit" if usable else "",
        "find": "find" if layout.scenarios else "",
        "mark": "mark" if entry is not None and layout.scenarios else "",
        "compare": "compare" if now.can_compare else "",
        "help": "help",
        "quit": "quit",
    }


def _of_run(now: Situation) -> dict[str, str]:
    run = now.run
    if run is None:
        return {"train": "train" if now.entry is not None and not now.entry.problems else ""}
    active = not run.status.ended and not now.elsewhere
    train = "open" if not now.layout.run else "" if active or now.elsewhere else "again"
    return {
        "train": train,
        "pause": "resume" if run.status is Status.PAUSED else "pause" if active else "",
        "stop": "stop" if active else "",
        "take_over": "take over" if now.can_take_over else "",
        "toggle_about": "about",
        "copy_command": "copy",
    }


def _has_suggestions(now: Situation) -> bool:
    return now.run is not None and now.layout.run and bool(verdicts.suggestions(now.run))


def _of_interventions(now: Situation) -> dict[str, str]:
    run, layer = now.run, now.looks.layer
    if run is None or run.status.ended or now.elsewhere or not now.layout.run:
        return {}
    return {
        "freeze": "" if layer is None else "unfreeze" if layer in frozen_layers(run) else "freeze",
        "rate": f"{rate_name(run)} ×2",
        "next_stage": "next stage" if 0 < run.stage < stage_count(run) else "",
    }
