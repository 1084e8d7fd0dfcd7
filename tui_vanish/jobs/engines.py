"""Which engine trains on the chosen devices: one in this process, or one in a process for each GPU."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.runtime.engine import Engine

if TYPE_CHECKING:
    from engine.attach.spread_engine import SpreadEngine
    from engine.runtime.state import Settings
    from vanish_recorder.protocol.events import RunEvent


def engine_for(
    settings: "Settings", on_event: "Callable[[RunEvent], None] | None" = None, *, runs: int | None = None
) -> "Engine | SpreadEngine":
    """An engine that has not been started.

    Args:
        settings: with the device as in `--device`.
        on_event: called with every event of every run.
        runs: how many will train, if that is known: one run needs no second device.
    """
    if settings.device != "cuda" and "," not in settings.device:
        return Engine(settings, on_event)
    # Imported here, because the first frame is drawn without them.
    from engine import devices

    first, *others = devices.spread(settings.device)
    if not others or runs == 1:
        return Engine(replace(settings, device=first), on_event)
    from engine.attach.spread_engine import SpreadEngine
    from tui_vanish.jobs import children

    return SpreadEngine(settings, (first, *others), children.start, on_event)
