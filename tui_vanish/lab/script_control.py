"""The changes that the user makes by hand to a script that trains their own model."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.tracking.facts import frozen_layers, rate_factor
from tui_vanish.drawing import format
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.session.session import READ_ONLY
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.chrome.screen import LiveScreen
    from vanish_recorder.control import Request

_FACTOR = 2.0
_SEVERAL = marked(
    "The script trains in several processes: only pause and measuring can be changed from here."
)


class ScriptControl:
    """Sends requests to the script of a watched run, over its folder.

    The first change of each run must be confirmed, because it changes what the user's own script does.

    Args:
        screen: the screen that shows the run.
    """

    def __init__(self, screen: "LiveScreen[None]") -> None:
        self._screen = screen
        self._allowed: set[str] = set()

    def pause(self, run: "Snapshot") -> None:
        """Pause the script after its present step, or let it continue."""
        from vanish_recorder import control

        if run.status is Status.PAUSED:
            self._ask(run, control.Continue(), tr("The script continues."))
        else:
            self._ask(run, control.Pause(), tr("The script pauses after this step."))

    def stop(self, run: "Snapshot") -> None:
        """Ask the script to end after its present step, if the user confirms."""
        from vanish_recorder import control

        if self._refuses_several(run):
            return
        lines = [
            tr("Stop the script of {scenario_id} after this step?", scenario_id=run.scenario_id),
            tr("It is told through lab.should_stop; under record it gets a KeyboardInterrupt."),
        ]
        self._confirm(
            lines, tr("stop it"), lambda: self._ask(run, control.Stop(), tr("The script was asked to end."))
        )

    def change_rate(self, run: "Snapshot", by: int) -> None:
        """Double (`by` = 1) or halve (`by` = -1) the factor on the learning rate that the script sets."""
        from vanish_recorder import control

        before = rate_factor(run)
        after = float(f"{before * _FACTOR**by:.12g}")
        if not 0 < after <= control.LARGEST_FACTOR:
            self._screen.refuse(tr("The factor on the learning rate cannot be changed further."))
            return
        does = tr("multiply its learning rate by {after}", after=f"{after:.4g}")
        done = tr("lr ×{before} → ×{after} from the next step", before=f"{before:.4g}", after=f"{after:.4g}")
        self._change(run, control.SetFactor(after), does, done)

    def toggle_frozen(self, run: "Snapshot", block: str | None) -> None:
        """Freeze a block, or unfreeze it."""
        from vanish_recorder import control

        if block is None:
            self._screen.refuse(tr("Select a block first: 3, then the arrows."))
            return
        if block in frozen_layers(run):
            self._change(
                run,
                control.Unfreeze(block),
                tr("unfreeze {block}", block=block),
                tr("{block} trains again", block=block),
            )
        else:
            self._change(
                run,
                control.Freeze(block),
                tr("freeze {block}", block=block),
                tr("{block} is frozen until f is pressed", block=block),
            )

    def measure_more_often(self, run: "Snapshot") -> None:
        """Halve the distance between samples; from every step, go back to what the script asked for."""
        from vanish_recorder import control

        present = distance_between_samples(run)
        if present is None:
            self._screen.refuse(tr("The distance between samples is known after two samples."))
        elif present <= 1:
            self._ask(run, control.SetEvery(0), tr("It measures as often as its budget allows."))
        else:
            after = present // 2
            done = plural(
                "It measures each step; this costs more time.",
                "It measures every {steps} steps; this costs more time.",
                after,
                steps=format.count(after),
            )
            self._ask(run, control.SetEvery(after), done)

    def take_histograms(self, run: "Snapshot", block: str) -> str:
        """Ask for the histograms of a block at the next sample; returns why not, or an empty string."""
        from vanish_recorder import control

        return self._sent(run, control.TakeHistograms(block))

    def _change(self, run: "Snapshot", request: "Request", does: str, done: str) -> None:
        if self._refuses_several(run):
            return

        def send() -> None:
            self._allowed.add(run.run)
            self._ask(run, request, done)

        if run.modified or run.run in self._allowed:
            send()
        else:
            lines = [
                tr("Change the running script of {scenario_id}?", scenario_id=run.scenario_id),
                tr("The charts and the log will say so. It acts between two steps."),
            ]
            self._confirm(lines, does, send)

    def _confirm(self, lines: list[str], does: str, then: Callable[[], None]) -> None:
        from tui_vanish.chrome.dialogs import ConfirmScreen

        self._screen.app.push_screen(ConfirmScreen(lines, does), lambda yes: then() if yes else None)

    def _refuses_several(self, run: "Snapshot") -> bool:
        size = run.spec.record.get("world_size")
        several = isinstance(size, int) and size > 1
        if several:
            self._screen.refuse(tr(_SEVERAL))
        return several

    def _ask(self, run: "Snapshot", request: "Request", done: str) -> None:
        if problem := self._sent(run, request):
            self._screen.refuse(problem)
        else:
            self._screen.notify(done, timeout=3, markup=False)

    def _sent(self, run: "Snapshot", request: "Request") -> str:
        if self._screen.session.read_only:
            return tr(READ_ONLY)
        return send(self._screen.session.engine.runs_folder / run.run, run, request)


def send(folder: Path, run: "Snapshot", request: "Request") -> str:
    """Send a request to the script of a run; returns why it was not sent, or an empty string."""
    from vanish_recorder.control import CannotAsk, ask

    try:
        ask(folder, request)
    except (CannotAsk, ValueError) as error:
        return tr(
            "{scenario_id} cannot be changed from here: {error}.",
            scenario_id=run.scenario_id,
            error=spoken(str(error)),
        )
    return ""


def distance_between_samples(run: "Snapshot") -> int | None:
    """How many steps the script takes from one sample to the next; None before there are two samples."""
    asked = [each.value for each in run.interventions if each.kind == "every" and each.value]
    if asked:
        return int(asked[-1])
    steps = [profile.step for profile in run.charts.profiles[-2:]]
    return steps[1] - steps[0] if len(steps) == 2 else None
