"""The lab's keys that act on the shown run: view settings, changes by hand, and suggestions to try.

This file is longer than 300 lines because it has one short method for each key.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.protocol.commands import Pause, Resume, Stop
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.instruments.quantities import next_quantity
from tui_vanish.lab.interventions import Interventions
from tui_vanish.lab.script_control import ScriptControl
from tui_vanish.language import marked, tr
from tui_vanish.monitor import chart_controls, verdicts
from tui_vanish.monitor.axis import RunAxis, extent
from tui_vanish.monitor.looks import ChartLooks, Looks, looks_of, preferred
from tui_vanish.monitor.playback import Playback
from tui_vanish.monitor.theory_marks import Predictions
from tui_vanish.monitor.visit import Visit, visit
from tui_vanish.session.models import Model
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry
    from tui_vanish.chrome.host import Host
    from tui_vanish.instruments.layer_bars import LayerBars
    from tui_vanish.session.session import Session

_NO_RUN = marked("This scenario has no run yet; enter trains it.")


@dataclass(frozen=True, slots=True)
class _Trying:
    """The scenario with a verdict and those that the verdict suggests; `x` cycles through them."""

    names: tuple[str, ...]
    place: int

    @property
    def present(self) -> str:
        return self.names[self.place]

    def next(self) -> "_Trying":
        return replace(self, place=(self.place + 1) % len(self.names))


@dataclass(frozen=True, slots=True)
class _ToVisit:
    """A run that is not shown yet, and what to show of it."""

    run: str
    step: int | None
    speed: float | None


class RunControls(LiveScreen[None]):
    """The part of the lab that acts on one run.

    It is a base class because Textual looks up the action of a key as a method of the screen: a separate
    object would need a forwarding method on the screen for each action. This class knows only two things
    about the lab: the run that is shown, and the scenario that is highlighted.
    """

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__(session, host)
        self.looks = Looks()
        self.predictions = Predictions(self, self.show)
        self.playback = Playback(self, self._play_on)
        self._trying: _Trying | None = None
        self._charted = ""  # the run whose charts were shown last
        self._to_visit: _ToVisit | None = None
        self._interventions = Interventions(self)
        self._script = ScriptControl(self)

    @property
    @abstractmethod
    def shown_run(self) -> "Snapshot | None":
        """The run that is shown, or None."""

    @property
    @abstractmethod
    def highlighted(self) -> "Entry | None":
        """The highlighted scenario, or None."""

    @property
    def visit(self) -> Visit | None:
        """The step in the past that the cursor is on; None while the screen shows the run as it is now."""
        run, cursor = self.shown_run, self.looks.charts.cursor
        if run is None or cursor is None:
            return None
        step = RunAxis(run, self.looks.charts.unit).step_at(cursor)
        return visit(self.session.past, run, min(step, run.step))

    @property
    def seen_run(self) -> "Snapshot | None":
        """The run as the screen shows it: as it was at the cursor, or as it is now."""
        where = self.visit
        return where.then if where is not None and where.then is not None else self.shown_run

    def active_run(self) -> "Snapshot | None":
        """Return the run that is shown if it has not ended; otherwise tell the user, and return None."""
        run = self.shown_run
        if run is not None and not run.status.ended:
            return run
        self.refuse(tr("The script has ended.") if self.has_model else tr("This scenario is not training."))
        return None

    @property
    def has_model(self) -> bool:
        """Whether the highlighted line is a model of the user's, and no scenario."""
        return isinstance(self.highlighted, Model)

    def refuses_model(self, why: str) -> bool:
        """Whether a key that is for scenarios was pressed on a model of the user's; `why` says so."""
        if self.has_model:
            self.refuse(why)
        return self.has_model

    def on_mount(self) -> None:
        """Restore the view settings of the last session."""
        self.looks = looks_of(self.session.preferences)
        self.show()

    def look(self, **changes: Any) -> None:
        """Change the view settings; their names are the fields of Looks."""
        self.looks = replace(self.looks, **changes)
        self.session.prefer(**preferred(self.looks))
        self.show()

    # ------------------------------------------------------------------------------------ layers

    def action_cycle_bars(self) -> None:
        """Show the next quantity of the layers."""
        run = self.shown_run
        if run is None:
            self.look(quantity=next_quantity(self.looks.quantity))
        else:
            from tui_vanish.monitor import present  # not needed by the first frame

            shown = present.shown_quantity(run, self.looks)
            self.look(quantity=next_quantity(shown, present.quantities_of(run)))

    def action_over_time(self) -> None:
        """Switch between the current state of the layers and the layers over the training time."""
        self.look(over_time=not self.looks.over_time)

    def action_layer_detail(self) -> None:
        """Show histograms of the selected layer, else of the one that the verdict names, else of layer 1."""
        from tui_vanish.monitor.layer_screen import LayerScreen

        run = self.shown_run
        if run is None:
            self.refuse(tr(_NO_RUN))
            return
        if not run.has_begun or not run.spec.layers:
            self.refuse(tr("This run has not started yet."))
            return
        if run.watched is None and run.run in self.session.snapshot.followed:
            self.refuse(tr("Only a run of this process can be measured; this one is read from its log."))
            return
        if self.looks.charts.cursor is not None:
            self.refuse(tr("Histograms are of the network as it is now: end returns to now."))
            return
        layer = self.looks.layer or verdicts.accused(run) or run.spec.layer_names[0]
        self.app.push_screen(LayerScreen(self.session, self.host, run.run, layer), self._select_seen)

    def _select_seen(self, layer: str | None) -> None:
        self.look(layer=layer)

    def select_layer(self, by: int) -> None:
        """Move the selection by `by` layers, at most to the first or the last one."""
        run = self.shown_run
        if run is not None and run.spec.layers:
            names, layer = run.spec.layer_names, self.looks.layer
            start = names.index(layer) if layer in names else -1 if by > 0 else len(names)
            self.look(layer=names[min(max(0, start + by), len(names) - 1)])

    def on_layer_bars_clicked(self, message: "LayerBars.Clicked") -> None:
        """Select the layer that was clicked."""
        self.look(layer=message.layer)

    # ------------------------------------------------------------------------------------ charts

    def action_cycle_chart(self) -> None:
        """Switch between the loss and the accuracy; of a watched run, show the next logged number."""
        if (run := self.shown_run) is not None and run.watched is not None:
            from tui_vanish.monitor import logged  # not needed by the first frame

            self.look(logged=logged.after(run, self.looks.logged))
            return
        self.look(chart="accuracy" if self.looks.chart == "loss" else "loss")

    def action_log_loss(self) -> None:
        """Switch the axis of the loss between linear and logarithmic."""
        self._look_at_charts(replace(self.looks.charts, y_log=not self.looks.charts.y_log))

    def action_smooth(self) -> None:
        """Smooth the curves more; after the strongest smoothing, not at all."""
        self._look_at_charts(chart_controls.smoother(self.looks.charts))

    def action_unit(self) -> None:
        """Use the next unit on the x axis: epochs, steps or seconds."""
        run, before = self.shown_run, self.looks.charts
        looks = chart_controls.in_next_unit(before)
        if run is not None and before.cursor is not None:  # it stays on its step
            step = RunAxis(run, before.unit).step_at(before.cursor)
            looks = replace(looks, cursor=RunAxis(run, looks.unit).at_step(step))
        self._look_at_charts(looks)

    def action_zoom(self, by: str) -> None:
        """Zoom in or out around the cursor."""
        if (run := self.shown_run) is not None:
            newest = extent(run, self.looks.charts)
            self._look_at_charts(chart_controls.zoomed(self.looks.charts, newest, int(by)))

    def reset_charts_for(self, run: str) -> None:
        """Remove zoom and cursor if `run` is not the run shown before: they were places in that run."""
        if run != self._charted:
            self._charted = run
            self.playback.pause()
            self.looks = replace(self.looks, charts=chart_controls.whole(self.looks.charts))
            if self._to_visit is not None and self._to_visit.run == run:
                self.go_to(self._to_visit.step, play=self._to_visit.speed)
                self._to_visit = None

    def clear_charts(self) -> bool:
        """Remove the cursor, or the zoom if there is no cursor; returns whether there was one."""
        self.playback.pause()
        before = self.looks.charts
        self._look_at_charts(chart_controls.plain(before))
        return self.looks.charts != before

    def _look_at_charts(self, charts: ChartLooks) -> None:
        self.look(charts=charts)

    # ------------------------------------------------------------------------------------ the past

    def go_to(self, step: int | None, *, play: float | None = None) -> None:
        """Show the run as it was at a step.

        Args:
            step: from 1 on; None for the run as it is now.
            play: a speed at which the run is played from there on; None to stay there.
        """
        run = self.shown_run
        if run is None:
            return
        self.playback.pause()
        charts = self.looks.charts
        cursor = None if step is None else RunAxis(run, charts.unit).at_step(min(step, run.step))
        self._look_at_charts(replace(charts, cursor=cursor))
        if play is not None:
            self._play(play)

    def visit_later(self, run: str, step: int | None, speed: float | None) -> None:
        """Show a run at a step as soon as the run is shown; see go_to."""
        if (shown := self.shown_run) is not None and shown.run == run == self._charted:
            self.go_to(step, play=speed)
        else:
            self._to_visit = _ToVisit(run, step, speed)

    def action_move_cursor(self, by: str) -> None:
        """Move the cursor; everything shows the run at its step."""
        if (run := self.shown_run) is not None:
            self.playback.pause()
            newest = extent(run, self.looks.charts)
            self._look_at_charts(chart_controls.moved(self.looks.charts, newest, int(by)))

    def action_moment(self, which: str) -> None:
        """Go to the first step, or back to now."""
        if (run := self.shown_run) is None or extent(run, self.looks.charts) <= 0:
            return
        self.playback.pause()
        charts = self.looks.charts
        self._look_at_charts(
            chart_controls.at_first(charts) if which == "first" else replace(charts, cursor=None)
        )

    def action_play(self) -> None:
        """Play the run from the cursor on, or pause; without a cursor, play from the first step on."""
        if self.playback.speed is not None:
            self.playback.pause()
            self.show()
        else:
            self._play(None)

    def action_pace(self, by: str) -> None:
        """Play faster or slower."""
        self.playback.change_speed(int(by))
        if self.playback.speed is None:
            self._play(None)
        else:
            self.show()

    def _play(self, speed: float | None) -> None:
        run, charts = self.shown_run, self.looks.charts
        if run is None or (newest := extent(run, charts)) <= 0:
            self.refuse(tr("There is nothing to play yet."))
            return
        if charts.cursor is None or charts.cursor >= newest:
            low = 0.0 if charts.window is None else charts.window[0]
            self._look_at_charts(replace(charts, cursor=low))
        self.playback.play(speed)
        self.show()

    def _play_on(self, part: float) -> bool:
        """Move the cursor by a part of what is visible; returns whether there is more to play."""
        run, charts = self.shown_run, self.looks.charts
        if run is None or charts.cursor is None:
            return False
        if self.app.screen is not self:  # another one is above it
            return True
        newest = extent(run, charts)
        after = chart_controls.moved(charts, newest, part / chart_controls.STEP)
        is_over = after.cursor is None or after.cursor >= newest
        self._look_at_charts(replace(after, cursor=None) if is_over else after)
        return not is_over

    # ----------------------------------------------------------------------------------- the run

    def action_pause(self) -> None:
        """Pause or resume the run."""
        if (run := self.active_run()) is None:
            return
        if run.watched is not None:
            self._script.pause(run)
        else:
            command = Resume if run.status is Status.PAUSED else Pause
            self.session.send(command(run.run))

    def action_take_over(self) -> None:
        """Resume here a run that another process trains."""
        if self.refuses_model(tr("A script cannot be taken over: it trains in its own process.")):
            return
        if (run := self.shown_run) is not None:
            self.session.runs.take_over(run.run)

    def action_stop(self) -> None:
        """Stop the run."""
        if (run := self.active_run()) is None:
            return
        if run.watched is not None:
            self._script.stop(run)
        else:
            self.session.send(Stop(run.run))

    def action_copy_command(self) -> None:
        """Copy the command line that repeats the run."""
        if (run := self.shown_run) is not None and run.watched is not None:
            from tui_vanish.monitor.watched_text import script_line

            self.host.copy(script_line(run))
        elif run is not None:
            from engine.storage.origin import Origin
            from tui_vanish.monitor.present import command_line

            has_file = not self.session.catalogue.is_unsaved(run.scenario_id)
            origin = Origin.of_event(run.started) if run.started else None
            data = origin.data_option if origin else None
            self.host.copy(command_line(run, has_file=has_file, data=str(data or "")))
        else:
            self.refuse(tr(_NO_RUN))

    # --------------------------------------------------------------------------- changes by hand

    def action_freeze(self) -> None:
        """Freeze or unfreeze the selected layer."""
        if (run := self.active_run()) is not None:
            acting = self._interventions if run.watched is None else self._script
            acting.toggle_frozen(run, self.looks.layer)

    def action_rate(self, by: str) -> None:
        """Double or halve the learning rate."""
        if (run := self.active_run()) is not None:
            acting = self._interventions if run.watched is None else self._script
            acting.change_rate(run, int(by))

    def action_measure_often(self) -> None:
        """Let the script of a watched run measure more often."""
        if not self.has_model:
            self.refuse(
                tr("How often a scenario is measured is part of it; this key is for your own models.")
            )
        elif (run := self.active_run()) is not None:
            self._script.measure_more_often(run)

    def action_next_stage(self) -> None:
        """End the current stage."""
        if self.refuses_model(tr("A script has no stages.")):
            return
        if (run := self.active_run()) is not None:
            self._interventions.next_stage(run)

    def action_set_epochs(self) -> None:
        """Ask for the number of epochs."""
        if self.refuses_model(tr("The script itself decides how many epochs it trains.")):
            return
        if (run := self.active_run()) is not None:
            self._interventions.ask_epochs(run)

    def action_new_seed(self) -> None:
        """Train the same scenario again with another seed."""
        if self.refuses_model(tr("A script sets its seed itself: start it again in a terminal.")):
            return
        if (run := self.shown_run) is not None:
            self._interventions.ask_seed(run)
        else:
            self.refuse(tr(_NO_RUN))

    # ------------------------------------------------------------------------------------ editor

    def action_edit(self) -> None:
        """Edit the highlighted scenario's values."""
        if self.refuses_model(tr("A script has no values to edit here: change the script itself.")):
            return
        import scenarios

        entry = self.highlighted
        if entry is None:
            return
        try:
            base = self.session.catalogue.load(entry)
        except (scenarios.ScenarioError, OSError) as error:
            self.notify(str(error), severity="error", timeout=12, markup=False)
            return
        self.host.open_editor(base)

    def action_show_code(self) -> None:
        """Show the highlighted scenario's network as PyTorch prints it, and its script."""
        if self.refuses_model(tr("A script has its own code; here is none to show.")):
            return
        import scenarios
        from tui_vanish.lab.code_screen import CodeScreen

        entry = self.highlighted
        if entry is None:
            return
        try:
            scenario = self.session.catalogue.load(entry)
        except (scenarios.ScenarioError, OSError) as error:
            self.notify(str(error), severity="error", timeout=12, markup=False)
            return
        self.app.push_screen(CodeScreen(scenario, self.session.client.seed))

    def action_edit_file(self) -> None:
        """Open the highlighted scenario's own file in the user's text editor."""
        if self.refuses_model(tr("This is a script's run; it has no scenario file.")):
            return
        entry = self.highlighted
        if entry is None:
            return
        if entry.built_in:
            text = tr(
                ("{id} is built in and read-only. Press e, then ctrl+s, to save a variant as a file."),
                id=entry.id,
            )
            self.notify(text, timeout=6, markup=False)
        elif self.session.catalogue.is_unsaved(entry.id):
            self.notify(
                tr("{id} has no file yet. Press e, then ctrl+s, to save it.", id=entry.id),
                timeout=6,
                markup=False,
            )
        else:
            self.host.edit_file(entry.path)

    # ----------------------------------------------------------------------------------- verdict

    @property
    def trying(self) -> bool:
        """Whether the highlighted scenario is the one that `x` went to last."""
        here, trying = self.highlighted, self._trying
        return here is not None and trying is not None and here.id == trying.present

    def action_try_next(self) -> None:
        """Go to the scenario that the verdict suggests, then to its next suggestion, and finally back."""
        if self.refuses_model(tr("No scenario is suggested for your own model; w shows what was found.")):
            return
        run = self.seen_run
        if self._trying is not None and self.trying:
            self._trying = self._trying.next()
        elif run is not None and (names := verdicts.suggestions(run)):
            self._trying = _Trying((run.scenario_id, *names), 1)
        else:
            self.refuse(tr("No verdict suggests another scenario yet."))
            return
        self.host.show_in_lab(self._trying.present)

    def action_why(self) -> None:
        """Show all verdicts in full, with the numbers behind them."""
        from tui_vanish.monitor.why_screen import WhyScreen

        run = self.seen_run
        if run is None:
            self.refuse(tr(_NO_RUN))
            return
        self.app.push_screen(WhyScreen(run, self.predictions.of(run)))
