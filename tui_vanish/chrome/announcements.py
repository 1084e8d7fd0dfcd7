"""Announces each news item once: the engine's notices as toasts, and the end of a run."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.chrome.toasts import toasts
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from textual.app import App

    from engine.runtime.state import EngineSnapshot, Severity
    from engine.tracking.snapshot import Snapshot

_RINGS = (Status.FINISHED, Status.DIVERGED, Status.FAILED)  # not for runs that the user stopped


class Announcements:
    """Announces what is new in a snapshot.

    Args:
        app: shows the toasts, and rings the bell.
        set_title: sets the title of the terminal's window.
    """

    def __init__(self, app: "App[Any]", set_title: Callable[[str], None]) -> None:
        self._app, self._set_title = app, set_title

    def notify(self, text: str, *, severity: "Severity" = "information", timeout: float = 5) -> None:
        """Show a toast for `timeout` seconds."""
        self._app.notify(text, severity=severity, timeout=timeout, markup=False)

    def announce(self, before: "EngineSnapshot", now: "EngineSnapshot") -> None:
        """Announce what has happened since the snapshot `before`."""
        had_ended = {run.run for run in before.runs if run.status.ended}
        ended = [
            run for run in now.runs if run.status.ended and run.run not in had_ended and not run.is_recorded
        ]
        latest = before.notices[-1].number if before.notices else 0
        in_sight = self._ends_in_sight(ended, now)
        fresh = [each for each in now.notices if each.number > latest and each.number not in in_sight]
        for text, severity in toasts(fresh):
            self.notify(text, severity=severity, timeout=8)
        for run in ended:
            if run.status in _RINGS:
                self._app.bell()
            self._set_title(f"vanish-tui: {run.scenario_id} {run.status}")

    def _ends_in_sight(self, ended: "Sequence[Snapshot]", now: "EngineSnapshot") -> frozenset[int]:
        """The numbers of the notices to skip, because the screen already shows the end of their run."""
        screen = self._app.screen
        in_sight = screen.runs_in_sight if isinstance(screen, LiveScreen) else ()
        last = {notice.run: notice.number for notice in now.notices}
        return frozenset(last.get(run.run, 0) for run in ended if run.run in in_sight)
