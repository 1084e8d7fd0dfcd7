"""What the lab's keys do with the run that is shown: how it is looked at, changed, and what is tried next."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.protocol.commands import Pause, Resume, Stop
from engine.protocol.status import Status
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.instruments.quantities import next_quantity
from tui_vanish.lab.interventions import Interventions
from tui_vanish.monitor import axis, chart_controls, verdicts
from tui_vanish.monitor.looks import ChartLooks, Looks, looks_of, preferred
from tui_vanish.monitor.theory_marks import Predictions

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry
    from tui_vanish.chrome.host import Host
    from tui_vanish.instruments.layer_bars import LayerBars
    from tui_vanish.session.session import Session


@dataclass(frozen=True, slots=True)
class _Trying:
    """A verdict's suggestions, gone through one after the other, and then back to where they came from."""

    names: tuple[str, ...]
    place: int

    @property
    def present(self) -> str:
        return self.names[self.place]

    def next(self) -> "_Trying":
        return replace(self, place=(self.place + 1) % len(self.names))


class RunControls(LiveScreen[None]):
    """The part of the lab that acts on one run.

    It is a base class because Textual finds what a key does as a method of the screen: an object of its own
    would need a method on the screen for every one of its methods. Of the lab it knows only which run is
    shown, and which scenario is highlighted.
    """

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__(session, host)
        self.looks = Looks()
        self.predictions = Predictions(self, self.show)
        self._trying: _Trying | None = None
        self._charted = ""  # the run whose charts were shown last
        self._interventions = Interventions(self)

    @property
    @abstractmethod
    def shown_run(self) -> "Snapshot | None":
        """The run that the screen is about."""

    @property
    @abstractmethod
    def highlighted(self) -> "Entry | None":
        """The scenario that the screen is about."""

    def active_run(self) -> "Snapshot | None":
        """The run that is shown, if it hasn't ended; else say so."""
        run = self.shown_run
        if run is not None and not run.status.ended:
            return run
        self.notify("Nothing is training here.", timeout=3)
        return None

    def on_mount(self) -> None:
        """Look at runs as the last time."""
        self.looks = looks_of(self.session.preferences)
        self.show()

    def look(self, **changes: Any) -> None:
        """Look at the run in another way; see Looks for what can be changed."""
        self.looks = replace(self.looks, **changes)
        self.session.prefer(**preferred(self.looks))
        self.show()

    # ------------------------------------------------------------------------------------ layers

    def action_cycle_bars(self) -> None:
        """Change what the bars show."""
        self.look(quantity=next_quantity(self.looks.quantity))

    def action_over_time(self) -> None:
        """Change between the layers now and the layers over the training time."""
        self.look(over_time=not self.looks.over_time)

    def action_layer_detail(self) -> None:
        """Look closely at the selected layer; without one at the accused one, or at layer 1."""
        from tui_vanish.monitor.layer_screen import LayerScreen

        run = self.shown_run
        if run is None or run.started is None or not run.spec.layers:
            self.notify("Nothing was trained here yet.", timeout=3)
            return
        layer = self.looks.layer or verdicts.accused(run) or run.spec.layer_names[0]
        self.app.push_screen(LayerScreen(self.session, self.host, run.run, layer), self._select_seen)

    def _select_seen(self, layer: str | None) -> None:
        self.look(layer=layer)

    def select_layer(self, by: int) -> None:
        """Select the layer `by` layers further on, as far as there are any."""
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
        """Change between the loss and the accuracy."""
        self.look(chart="accuracy" if self.looks.chart == "loss" else "loss")

    def action_log_loss(self) -> None:
        """Put the loss on a logarithmic axis, or back on a linear one."""
        self._look_at_charts(replace(self.looks.charts, y_log=not self.looks.charts.y_log))

    def action_smooth(self) -> None:
        """Smooth the curves more, and after the most not at all."""
        self._look_at_charts(chart_controls.smoother(self.looks.charts))

    def action_unit(self) -> None:
        """Count epochs, steps or seconds on the x axis."""
        self._look_at_charts(chart_controls.in_next_unit(self.looks.charts))

    def action_zoom(self, by: str) -> None:
        """Zoom in around the cursor, or out."""
        if (run := self.shown_run) is not None:
            extent = axis.extent(run, self.looks.charts)
            self._look_at_charts(chart_controls.zoomed(self.looks.charts, extent, int(by)))

    def action_move_cursor(self, by: str) -> None:
        """Move the cursor; it reads the values out above the charts."""
        if (run := self.shown_run) is not None:
            extent = axis.extent(run, self.looks.charts)
            self._look_at_charts(chart_controls.moved(self.looks.charts, extent, int(by)))

    def chart_anew(self, run: str) -> None:
        """If `run` is another than the one before, all of it: what was in sight was a place in that one."""
        if run != self._charted:
            self._charted = run
            self.looks = replace(self.looks, charts=chart_controls.whole(self.looks.charts))

    def clear_charts(self) -> bool:
        """Take the cursor away, else the zoom; whether there was one."""
        before = self.looks.charts
        self._look_at_charts(chart_controls.plain(before))
        return self.looks.charts != before

    def _look_at_charts(self, charts: ChartLooks) -> None:
        self.look(charts=charts)

    # ----------------------------------------------------------------------------------- the run

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        if (run := self.active_run()) is not None:
            command = Resume if run.status is Status.PAUSED else Pause
            self.session.send(command(run.run))

    def action_take_over(self) -> None:
        """Go on here with a run that another process trains."""
        if (run := self.shown_run) is not None:
            self.session.runs.take_over(run.run)

    def action_stop(self) -> None:
        """Stop the run."""
        if (run := self.active_run()) is not None:
            self.session.send(Stop(run.run))

    def action_copy_command(self) -> None:
        """Copy the run as a command line."""
        if (run := self.shown_run) is not None:
            from engine.storage.origin import Origin
            from tui_vanish.monitor.present import command_line

            has_file = not self.session.catalogue.holds(run.scenario_id)
            data = Origin.of_event(run.started).data_option if run.started else None
            self.host.copy(command_line(run, has_file=has_file, data=str(data or "")))
        else:
            self.notify("Nothing was trained here yet.", timeout=3)

    # --------------------------------------------------------------------------- changes by hand

    def action_freeze(self) -> None:
        """Freeze the selected layer, or let it train again."""
        if (run := self.active_run()) is not None:
            self._interventions.toggle_frozen(run, self.looks.layer)

    def action_rate(self, by: str) -> None:
        """Double or halve the learning rate."""
        if (run := self.active_run()) is not None:
            self._interventions.change_rate(run, int(by))

    def action_next_stage(self) -> None:
        """End the present stage."""
        if (run := self.active_run()) is not None:
            self._interventions.next_stage(run)

    def action_set_epochs(self) -> None:
        """Ask how many epochs the run shall have."""
        if (run := self.active_run()) is not None:
            self._interventions.ask_epochs(run)

    def action_new_seed(self) -> None:
        """Train the same scenario anew with another seed."""
        if (run := self.shown_run) is not None:
            self._interventions.ask_seed(run)
        else:
            self.notify("Nothing was trained here yet.", timeout=3)

    # ------------------------------------------------------------------------------------ editor

    def action_edit(self) -> None:
        """Edit the highlighted scenario's values."""
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

    # ----------------------------------------------------------------------------------- verdict

    @property
    def trying(self) -> bool:
        """Whether the highlighted scenario is the one that was gone to last for a verdict's sake."""
        here, trying = self.highlighted, self._trying
        return here is not None and trying is not None and here.id == trying.present

    def action_try_next(self) -> None:
        """Go to the scenario that the verdict suggests; again, to its next one, and in the end back."""
        run = self.shown_run
        if self._trying is not None and self.trying:
            self._trying = self._trying.next()
        elif run is not None and (names := verdicts.suggestions(run)):
            self._trying = _Trying((run.scenario_id, *names), 1)
        else:
            self.notify("There is no verdict yet that suggests anything.", timeout=3)
            return
        self.host.show_in_lab(self._trying.present)

    def action_why(self) -> None:
        """Show every verdict in full, with the numbers that it rests on."""
        from tui_vanish.monitor.why_screen import WhyScreen

        run = self.shown_run
        if run is None:
            self.notify("Nothing was trained here yet.", timeout=3)
            return
        self.app.push_screen(WhyScreen(run, self.predictions.of(run)))
