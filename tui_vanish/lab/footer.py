"""What the lab's footer says: the keys that do something here and now, and what they are called."""

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
    """What decides which keys do something.

    Attributes:
        entry: the highlighted scenario, if there is one.
        run: its latest run, if there is one.
        elsewhere: whether another process trains that run.
        can_take_over: whether it could go on here.
        can_compare: whether there is something to compare.
        pane: what has the keyboard.
        layout: what is in sight.
        looks: how the run is looked at.
        trying: whether the highlighted scenario is one that a verdict suggested.
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
    """What each action is called; one that does nothing here is called nothing."""
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
        "pause": "go on" if run.status is Status.PAUSED else "pause" if active else "",
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
        "freeze": "" if layer is None else "thaw" if layer in frozen_layers(run) else "freeze",
        "rate": f"{rate_name(run)} ×2",
        "next_stage": "next stage" if 0 < run.stage < stage_count(run) else "",
    }
