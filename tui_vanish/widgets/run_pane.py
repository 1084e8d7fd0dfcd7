"""A run in one frame: how it stands, its charts, its schedule, its layers, and what there is to say."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.runview import Snapshot
from tui_vanish import run_charts, schedule_view, theory_marks, views
from tui_vanish.lab_layout import Layout
from tui_vanish.looks import Looks
from tui_vanish.widgets.bar_profile import QUANTITIES
from tui_vanish.widgets.frame_line import FrameLine
from tui_vanish.widgets.heatmap import HeatMap
from tui_vanish.widgets.layer_bars import LayerBars
from tui_vanish.widgets.line_chart import LineChart
from tui_vanish.widgets.rows import Piece
from tui_vanish.widgets.run_note import RunNote
from tui_vanish.widgets.timeline import Timeline

if TYPE_CHECKING:
    from engine.theory import Prediction

_PANES = {"run-top": "charts", "layers-top": "layers"}  # the lines that say which pane has the keyboard


class RunPane(Vertical):
    """Charts above bars above a few lines of text. The keyboard can go to the charts and to the layers."""

    def compose(self) -> ComposeResult:
        """Everything, also what may have no room."""
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
        """Let the keyboard in."""
        self.query_one("#charts").can_focus = True
        self.query_one("#layers").can_focus = True

    def lay_out(self, layout: Layout, focused: str | None) -> None:
        """Give everything its place; `focused` is the pane that has the keyboard."""
        self.display = layout.run
        self.query_one("#loss").display = layout.charts != "accuracy"
        self.query_one("#accuracy").display = layout.charts != "loss"
        self.query_one("#charts").styles.height = layout.chart_height
        self.query_one("#layers").styles.height = layout.layers_height
        self.query_one("#schedule").display = layout.schedule
        for line in self.query_children(FrameLine):
            pane = _PANES.get(line.id or "")
            needed = layout.schedule or line.id != "schedule-top"
            line.display = (layout.framed and needed) or pane == "charts"
            line.show_frame(layout.framed, pane is not None and pane == focused)

    def show(
        self, run: Snapshot, activity: str, layout: Layout, looks: Looks, prediction: "Prediction | None"
    ) -> None:
        """Show `run`.

        Args:
            run: whose latest state it is.
            activity: what the engine is loading, or "".
            layout: how much room there is.
            looks: how it is looked at.
            prediction: what theory says of its first step; None while that isn't known.
        """
        room = layout.run_width - 8 - len(run.scenario_id)
        self._line("#run-top").show(views.heading(run), views.progress(run, room))
        if layout.charts != "accuracy":
            self.query_one("#loss", LineChart).show(run_charts.loss_chart(run, looks.charts))
        if layout.charts != "loss":
            self.query_one("#accuracy", LineChart).show(run_charts.accuracy_chart(run, looks.charts))
        if layout.schedule:
            self._line("#schedule-top").show((Piece("Schedule", "title"),), views.schedule_legend())
            self.query_one("#schedule", Timeline).show(schedule_view.blocks(run))
        self._show_layers(run, looks, prediction)
        note = views.note(run, activity, () if layout.framed else theory_marks.in_brief(run, prediction))
        self._line("#note-top").show((Piece(note.title, "title"),))
        self.query_one("#note", RunNote).show(note)

    def _show_layers(self, run: Snapshot, looks: Looks, prediction: "Prediction | None") -> None:
        words = QUANTITIES[looks.quantity].words.capitalize()
        over_time = " over time" if looks.over_time else ""
        self._line("#layers-top").show(
            (Piece(f"{words} by layer{over_time}", "title"),), theory_marks.in_words(run, prediction)
        )
        bars, heat = self.query_one("#bars", LayerBars), self.query_one("#heat", HeatMap)
        bars.display, heat.display = not looks.over_time, looks.over_time
        if looks.over_time:
            heat.show(views.heat(run, looks))
        else:
            marks = theory_marks.marks(run, looks.quantity, prediction)
            bars.show(views.bar_profile(run, looks, marks))

    def _line(self, selector: str) -> FrameLine:
        return self.query_one(selector, FrameLine)
