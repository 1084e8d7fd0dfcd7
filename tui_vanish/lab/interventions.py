"""What a person changes by hand in a run while it trains."""

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
    """Sends what a person changes, after asking once per run: from then on it isn't the scenario's run.

    Args:
        screen: on which the run is shown.
    """

    def __init__(self, screen: "LiveScreen[None]") -> None:
        self._screen = screen
        self._allowed: set[str] = set()

    def toggle_frozen(self, run: "Snapshot", layer: str | None) -> None:
        """Freeze a layer, or let it train again."""
        if layer is None:
            self._screen.notify("Select a layer first: 3, then the arrows.", timeout=4)
            return
        frozen = layer in frozen_layers(run)
        command = Unfreeze(run.run, layer) if frozen else Freeze(run.run, layer)
        done = "trains again" if frozen else "is frozen until the stage ends"
        self._change(run, command, f"{format.layer_name(layer)} {done}")

    def change_rate(self, run: "Snapshot", by: int) -> None:
        """Double the learning rate, or halve it."""
        before = learning_rate(run)
        if before is None:
            self._screen.notify("The learning rate of this run is unknown.", timeout=4)
            return
        after = float(f"{before * LR_FACTOR**by:.12g}")
        done = f"{rate_name(run)} {before:.4g} → {after:.4g}, from the next step on"
        self._change(run, SetLearningRate(run.run, after), done)

    def next_stage(self, run: "Snapshot") -> None:
        """End the present stage."""
        if run.stage >= stage_count(run):
            last = "the last stage" if run.stage > 1 else "the only stage"
            self._screen.notify(f"This is {last}; s stops the run.", timeout=4)
            return
        self._change(run, NextStage(run.run), f"on to stage {run.stage + 1}")

    def ask_epochs(self, run: "Snapshot") -> None:
        """Ask how many epochs it shall have."""
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        each = "in each stage" if stage_count(run) > 1 else "in all"
        present = epochs_per_stage(run)

        def on_answer(text: str | None) -> None:
            if text is not None and int(text) != present:
                self._change(run, SetEpochs(run.run, int(text)), f"{text} epochs {each}")

        question = f"How many epochs {each}?"
        self._screen.app.push_screen(
            ValueScreen(question, str(present or ""), whole_number(1, MOST_EPOCHS)), on_answer
        )

    def ask_seed(self, run: "Snapshot") -> None:
        """Ask for a seed, and train the same scenario with it from the beginning."""
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        def on_answer(text: str | None) -> None:
            if text is not None:
                self._screen.session.runs.train_again(run, int(text))

        question = f"Train {run.scenario_id} anew with which seed?"
        value = str(min(run.seed + 1, MOST_SEED))
        self._screen.app.push_screen(ValueScreen(question, value, whole_number(0, MOST_SEED)), on_answer)

    def _change(self, run: "Snapshot", command: "RunCommand", done: str) -> None:
        def send() -> None:
            self._allowed.add(run.run)
            self._screen.session.send(command)
            self._screen.notify(done, timeout=3, markup=False)

        if self._screen.session.runs.owner(run.run) is not None:
            self._screen.session.send(command)  # which says who trains it, and what can be done
        elif run.modified or run.run in self._allowed:
            send()
        else:
            self._ask(run, send)

    def _ask(self, run: "Snapshot", send: Callable[[], None]) -> None:
        from tui_vanish.chrome.dialogs import ConfirmScreen

        lines = [
            f"Take the wheel of {run.scenario_id}?",
            "From then on it is not the scenario's own run any more; its charts and its log will say so.",
        ]
        self._screen.app.push_screen(ConfirmScreen(lines, "take it"), lambda yes: send() if yes else None)
