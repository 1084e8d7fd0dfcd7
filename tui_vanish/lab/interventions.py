"""The changes that the user makes by hand to a run while it trains."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.protocol.commands import Freeze, NextStage, SetEpochs, SetLearningRate, Unfreeze
from engine.tracking.facts import epochs_per_stage, frozen_layers, learning_rate, rate_name, stage_count
from tui_vanish.drawing import format
from tui_vanish.language import plural, tr, tr_in

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
            self._screen.refuse(tr("Select a layer first: 3, then the arrows."))
            return
        frozen = layer in frozen_layers(run)
        command = Unfreeze(run.run, layer) if frozen else Freeze(run.run, layer)
        name = format.layer_name(layer)
        if frozen:
            does, done = tr("unfreeze {layer}", layer=name), tr("{layer} trains again", layer=name)
        else:
            does = tr("freeze {layer}", layer=name)
            done = tr("{layer} is frozen until the stage ends", layer=name)
        self._change(run, command, does, done)

    def change_rate(self, run: "Snapshot", by: int) -> None:
        """Double (`by` = 1) or halve (`by` = -1) the learning rate."""
        before = learning_rate(run)
        if before is None:
            self._screen.refuse(tr("The learning rate of this run is unknown."))
            return
        after = float(f"{before * LR_FACTOR**by:.12g}")
        name = rate_name(run)
        done = tr(
            "{name} {before} → {after} from the next step",
            name=name,
            before=f"{before:.4g}",
            after=f"{after:.4g}",
        )
        self._change(
            run,
            SetLearningRate(run.run, after),
            tr("set {name} to {after}", name=name, after=f"{after:.4g}"),
            done,
        )

    def next_stage(self, run: "Snapshot") -> None:
        """End the current stage."""
        if run.stage >= stage_count(run):
            if run.stage > 1:
                self._screen.refuse(tr("This is the last stage; s stops the run."))
            else:
                self._screen.refuse(tr("This is the only stage; s stops the run."))
            return
        self._change(
            run,
            NextStage(run.run),
            tr("end stage {stage}", stage=run.stage),
            tr("Stage {stage} begins", stage=run.stage + 1),
        )

    def ask_epochs(self, run: "Snapshot") -> None:
        """Ask for the number of epochs."""
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        staged = stage_count(run) > 1
        current = epochs_per_stage(run)

        def on_answer(text: str | None) -> None:
            if text is not None and int(text) != current:
                epochs = int(text)
                if staged:
                    done = plural("{number} epoch in each stage", "{number} epochs in each stage", epochs)
                else:
                    done = plural("{number} epoch in total", "{number} epochs in total", epochs)
                self._change(run, SetEpochs(run.run, epochs), tr("set {what}", what=done), done)

        question = tr("How many epochs in each stage?") if staged else tr("How many epochs in total?")
        check = whole_number(1, MOST_EPOCHS)
        self._screen.app.push_screen(
            ValueScreen(question, str(current or ""), check, tr_in("enter", "set")), on_answer
        )

    def ask_seed(self, run: "Snapshot") -> None:
        """Ask for a seed, and start a new run of the same scenario with it."""
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        def on_answer(text: str | None) -> None:
            if text is not None:
                self._screen.session.runs.train_again(run, int(text))

        question = tr("Train {scenario_id} again with which seed?", scenario_id=run.scenario_id)
        value = str(min(run.seed + 1, MOST_SEED))
        check = whole_number(0, MOST_SEED)
        self._screen.app.push_screen(ValueScreen(question, value, check, tr_in("enter", "train")), on_answer)

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
            tr("Change {scenario_id} by hand?", scenario_id=run.scenario_id),
            tr("It will no longer match its scenario; the charts and the log will say so."),
        ]
        self._screen.app.push_screen(ConfirmScreen(lines, does), lambda yes: send() if yes else None)
