"""The changes that the user makes by hand to a run while it trains."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.protocol.commands import Freeze, NextStage, SetEpochs, SetLearningRate, Unfreeze
from engine.tracking.facts import epochs_per_stage, frozen_layers, learning_rate, rate_name, stage_count
from tui_vanish.drawing import format

if TYPE_CHECKING:
    from engine.protocol.commands import RunCommand
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.chrome.screen import LiveScreen

LR_FACTOR = 2.0
MOST_EPOCHS = 1_000_000
MOST_SEED = 2**63 - 1


class Interventions:
    """Sends changes by hand to the engine.

    The first change of each run must be confirmed, because the run then no longer matches its scenario.

    Args:
        screen: the screen that shows the run.
    """

    def __init__(self, screen: "LiveScreen[None]") -> None:
        self._screen = screen
        self._allowed: set[str] = set()

    def toggle_frozen(self, run: "Snapshot", layer: str | None) -> None:
        """Freeze a layer, or unfreeze it."""
        if layer is None:
            self._screen.refuse("Select a layer first: 3, then the arrows.")
            return
        frozen = layer in frozen_layers(run)
        command = Unfreeze(run.run, layer) if frozen else Freeze(run.run, layer)
        name = format.layer_name(layer)
        done = "trains again" if frozen else "is frozen until the stage ends"
        self._change(run, command, f"{'unfreeze' if frozen else 'freeze'} {name}", f"{name} {done}")

    def change_rate(self, run: "Snapshot", by: int) -> None:
        """Double (`by` = 1) or halve (`by` = -1) the learning rate."""
        before = learning_rate(run)
        if before is None:
            self._screen.refuse("The learning rate of this run is unknown.")
            return
        after = float(f"{before * LR_FACTOR**by:.12g}")
        name = rate_name(run)
        done = f"{name} {before:.4g} → {after:.4g} from the next step"
        self._change(run, SetLearningRate(run.run, after), f"set {name} to {after:.4g}", done)

    def next_stage(self, run: "Snapshot") -> None:
        """End the current stage."""
        if run.stage >= stage_count(run):
            last = "the last stage" if run.stage > 1 else "the only stage"
            self._screen.refuse(f"This is {last}; s stops the run.")
            return
        self._change(run, NextStage(run.run), f"end stage {run.stage}", f"Stage {run.stage + 1} begins")

    def ask_epochs(self, run: "Snapshot") -> None:
        """Ask for the number of epochs."""
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        each = "in each stage" if stage_count(run) > 1 else "in total"
        current = epochs_per_stage(run)

        def on_answer(text: str | None) -> None:
            if text is not None and int(text) != current:
                done = f"{int(text)} epochs {each}"
                self._change(run, SetEpochs(run.run, int(text)), f"set {done}", done)

        question = f"How many epochs {each}?"
        check = whole_number(1, MOST_EPOCHS)
        self._screen.app.push_screen(ValueScreen(question, str(current or ""), check, "set"), on_answer)

    def ask_seed(self, run: "Snapshot") -> None:
        """Ask for a seed, and start a new run of the same scenario with it."""
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        def on_answer(text: str | None) -> None:
            if text is not None:
                self._screen.session.runs.train_again(run, int(text))

        question = f"Train {run.scenario_id} again with which seed?"
        value = str(min(run.seed + 1, MOST_SEED))
        check = whole_number(0, MOST_SEED)
        self._screen.app.push_screen(ValueScreen(question, value, check, "train"), on_answer)

    def _change(self, run: "Snapshot", command: "RunCommand", does: str, done: str) -> None:
        """Send `command`, if necessary after a dialog; `does` is for the dialog, `done` for the toast."""

        def send() -> None:
            self._allowed.add(run.run)
            self._screen.session.send(command)
            self._screen.notify(done, timeout=3, markup=False)

        if self._screen.session.runs.owner(run.run) is not None:
            self._screen.session.send(command)  # the answer names the other process, and what can be done
        elif run.modified or run.run in self._allowed:
            send()
        else:
            self._ask(run, does, send)

    def _ask(self, run: "Snapshot", does: str, send: Callable[[], None]) -> None:
        from tui_vanish.chrome.dialogs import ConfirmScreen

        lines = [
            f"Change {run.scenario_id} by hand?",
            "It will no longer match its scenario; the charts and the log will say so.",
        ]
        self._screen.app.push_screen(ConfirmScreen(lines, does), lambda yes: send() if yes else None)
