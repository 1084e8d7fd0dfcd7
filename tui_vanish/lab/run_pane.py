"""A run in one frame: its progress, its charts, its schedule, its layers and a note."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.getters import query_one

from engine.tracking.snapshot import Snapshot
from tui_vanish.drawing.text import Piece, cut, row_width
from tui_vanish.instruments.heatmap import HeatMap
from tui_vanish.instruments.layer_bars import LayerBars
from tui_vanish.instruments.line_chart import LineChart
from tui_vanish.instruments.timeline import Timeline
from tui_vanish.lab.layout import Layout
from tui_vanish.language import paragraph, tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import charts, logged, origin_text, present, schedule, theory_marks, watched_text
from tui_vanish.monitor.looks import Looks
from tui_vanish.monitor.note import RunNote
from tui_vanish.monitor.visit import Visit, visit_words
from tui_vanish.widgets.frame import FrameLine

if TYPE_CHECKING:
    from engine.meanfield.prediction import Prediction
    from engine.tracking.time_left import Left

_PANES = {"run-top": "charts", "layers-top": "layers"}  # these lines show which pane has the focus


class RunPane(Vertical):
    """The charts, below them the layers, then a few lines of text. Charts and layers can have the focus."""

    _top_line = query_one("#run-top", FrameLine)
    _charts = query_one("#charts", Horizontal)
    _loss = query_one("#loss", LineChart)
    _accuracy = query_one("#accuracy", LineChart)
    _schedule_top = query_one("#schedule-top", FrameLine)
    _schedule = query_one("#schedule", Timeline)
    _layers_top = query_one("#layers-top", FrameLine)
    _layers = query_one("#layers", Horizontal)
    _bars = query_one("#bars", LayerBars)
    _heat = query_one("#heat", HeatMap)
    _note_top = query_one("#note-top", FrameLine)
    _note = query_one("#note", RunNote)
    _end_line = query_one("#run-end", FrameLine)

    def compose(self) -> ComposeResult:
        """All parts; `lay_out` hides those without room."""
        yield FrameLine("top", pane="charts", id="run-top")
        with Horizontal(id="charts"):
            yield LineChart(id="loss")
            yield LineChart(id="accuracy")
        yield FrameLine("middle", id="schedule-top")
        yield Timeline(id="schedule")
        yield FrameLine("middle", pane="layers", id="layers-top")
        with Horizontal(id="layers"):
            yield LayerBars(id="bars")
            yield HeatMap(id="heat")
        yield FrameLine("middle", id="note-top")
        yield RunNote(id="note")
        yield FrameLine("bottom", id="run-end")

    def on_mount(self) -> None:
        """Allow charts and layers to have the focus."""
        self._charts.can_focus = True
        self._layers.can_focus = True

    @property
    def is_whole(self) -> bool:
        """Whether all parts are mounted; some are missing if the app quits at the same time."""
        return len(self.query("#loss, #accuracy, #bars, #heat")) == 4

    def help_text(self, pane: str, looks: Looks) -> str:
        """The help text about the charts or the layers, and about the part below them."""
        if pane == "charts":
            return f"{paragraph(LineChart.HELP)} {paragraph(Timeline.HELP)}"
        return f"{paragraph((HeatMap if looks.over_time else LayerBars).HELP)} {paragraph(RunNote.HELP)}"

    def lay_out(self, layout: Layout, focused: str | None) -> None:
        """Place all parts; `focused` is the pane that has the focus."""
        self.display = layout.run
        self._loss.display = layout.charts != "accuracy"
        self._accuracy.display = layout.charts != "loss"
        self._charts.styles.height = layout.chart_height
        self._layers.styles.height = layout.layers_height
        self._schedule.display = layout.schedule
        for line in self.query_children(FrameLine):
            pane = _PANES.get(line.id or "")
            needed = layout.schedule or line.id != "schedule-top"
            line.display = (layout.framed and needed) or pane == "charts"
            line.show_frame(layout.framed, pane is not None and pane == focused)

    def show(
        self,
        run: Snapshot,
        activity: str,
        layout: Layout,
        looks: Looks,
        prediction: "Prediction | None",
        unsaved: str = "",
        left: "Left | None" = None,
        visit: Visit | None = None,
        speed: float | None = None,
    ) -> None:
        """Show `run`; in the past, the charts show it whole, and everything else as it was.

        Args:
            run: the run's latest state.
            activity: what the engine is loading, or "".
            layout: the sizes of the parts.
            looks: the view settings.
            prediction: of mean-field theory for the first step; None until it is known.
            unsaved: the folder in which the run cannot be saved, and why; empty if saving works.
            left: the time left; None while it is unknown.
            visit: the step in the past to show; None for now.
            speed: at which the past is played; None if it is not.
        """
        then = visit.then if visit is not None and visit.then is not None else run
        looks = replace(looks, quantity=present.shown_quantity(run, looks))
        room = layout.run_width - 8 - cell_len(run.scenario_id)
        progress = visit_words(visit, room, speed) if visit is not None else present.progress(run, room, left)
        self._top_line.show(present.heading(run, layout.run_width - 8 - row_width(progress)), progress)
        self._show_charts(run, layout, looks)
        if layout.schedule:
            self._schedule_top.show(
                (Piece(tr("Schedule"), "title"),), present.schedule_legend(self._schedule.alphabet)
            )
            self._schedule.show(schedule.blocks(then))
        marks = {} if looks.over_time else theory_marks.marks(then, looks.quantity, prediction)
        self._show_layers(run, then, looks, prediction, marks, layout.run_width)
        theory = () if layout.framed else theory_marks.in_brief(then, prediction, marked=bool(marks))
        note = present.note(then, activity, theory, unsaved)
        if visit is not None and visit.problem:
            why = (
                Piece(tr("Only the charts show the past: {reason}.", reason=spoken(visit.problem)), "warn"),
            )
            note = note._replace(paragraphs=(why, *note.paragraphs))
        self._note_top.show((Piece(note.title, "title"),))
        self._note.show(note)
        words = ""  # of a run that has not started
        if run.started is not None:
            words = origin_text.in_brief(run.started, run.run)
        elif run.watched is not None:
            words = watched_text.in_brief(run)
        self._end_line.show((), (Piece(cut(words, layout.run_width - 6), "dim"),) if words else ())

    def _show_charts(self, run: Snapshot, layout: Layout, looks: Looks) -> None:
        if run.watched is None:
            if layout.charts != "accuracy":
                self._loss.show(charts.loss_chart(run, looks.charts))
            if layout.charts != "loss":
                self._accuracy.show(charts.accuracy_chart(run, looks.charts))
            return
        name = logged.shown(run, looks.logged)
        beside = layout.charts == "both" and len(logged.chart_names(run)) > 1
        self._loss.display, self._accuracy.display = True, beside
        self._loss.show(logged.chart(run, name, looks.charts))
        if beside:
            self._accuracy.show(logged.chart(run, logged.after(run, name), looks.charts))

    def _show_layers(
        self,
        run: Snapshot,
        then: Snapshot,
        looks: Looks,
        prediction: "Prediction | None",
        marks: Mapping[str, float],
        width: int,
    ) -> None:
        """Show the bars of the run as it was then, or all of its layers over the time."""
        words = spoken(looks.quantity.words).capitalize()
        if run.structure is not None and run.structure.blocks:
            title = tr("{quantity} by block", quantity=words)
        else:
            title = tr("{quantity} by layer", quantity=words)
        if looks.over_time:
            title = tr("{title} over time", title=title)
        remark = theory_marks.in_words(then, prediction, marked=bool(marks), room=width - 8 - len(title))
        self._layers_top.show((Piece(title, "title"),), remark)
        self._bars.display, self._heat.display = not looks.over_time, looks.over_time
        if looks.over_time:
            self._heat.show(present.heat(run, looks))
        else:
            self._bars.show(present.bar_profile(then, looks, marks))
