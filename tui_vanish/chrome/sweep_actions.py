"""What the keys of the list of runs and of the map do to a sweep, which trains in its own processes."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from engine.storage.run_index import RunEntry
from tui_vanish.jobs.pytorch import why_no_training
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken

if TYPE_CHECKING:
    from tui_vanish.chrome.screen import LiveScreen

Deed = Literal["mark", "take over"]

_REFUSALS: dict[Deed, str] = {
    "mark": marked("A sweep is not a run: enter opens its map, where its runs can be marked."),
    "take over": marked("A sweep trains in its own processes: s stops it, and p continues it."),
}


class SweepActions:
    """Continues and stops sweeps.

    Args:
        screen: shows the messages.
        changed: called when the list must be read again.
    """

    def __init__(self, screen: "LiveScreen[str | None]", changed: Callable[[], None]) -> None:
        self._screen, self._changed = screen, changed

    def refusal(self, what: Deed) -> str:
        """Why a sweep has no such action."""
        return tr(_REFUSALS[what])

    def why_no_resume(self, entry: RunEntry) -> str:
        """Why a sweep cannot be continued now; empty if it can."""
        assert entry.summary is not None
        if entry.owner is not None:
            return tr("The sweep is trained by {owner}; s stops it.", owner=spoken(str(entry.owner)))
        if entry.summary.epoch >= entry.summary.epochs:
            return plural(
                "The only run of the sweep is done.",
                "All {number} runs of the sweep are done.",
                entry.summary.epochs,
            )
        if not self._screen.session.engine.can_train:
            return tr("This app only shows runs: continue the sweep with vanish-tui sweep --resume.")
        return why_no_training()

    def resume(self, entry: RunEntry) -> None:
        """Train what is missing, in the background."""
        if reason := self.why_no_resume(entry):
            self._screen.refuse(reason)
            return
        self._screen.notify(tr("The sweep continues in the background…"), timeout=5)
        from tui_vanish.sweeps.control import resume

        self._work(lambda: resume(entry))

    def stop(self, entry: RunEntry) -> None:
        """Ask the process of the sweep to save and to end."""
        from tui_vanish.sweeps.control import stop

        self._work(lambda: stop(entry))

    def _work(self, work: Callable[[], str]) -> None:
        """Do something that may take seconds, and say what came of it."""

        async def do() -> None:
            text = await asyncio.to_thread(work)
            self._screen.notify(text, timeout=6, markup=False)
            self._changed()

        self._screen.run_worker(do())
