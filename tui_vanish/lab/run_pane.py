"""A run in one frame: how it stands, its charts, its schedule, its layers, and what there is to say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.tracking.snapshot import Snapshot
from tui_vanish.drawing.text import Piece, row_width
from tui_vanish.instruments.heatmap import HeatMap
from tui_vanish.instruments.layer_bars import LayerBars
from tui_vanish.instruments.line_chart import LineChart
from tui_vanish.instruments.quantities import QUANTITIES
from tui_vanish.instruments.timeline import Timeline
from tui_vanish.lab.layout import Layout
from tui_vanish.monitor import charts, present, schedule, theory_marks
from tui_vanish.monitor.looks import Looks
from tui_vanish.monitor.note import RunNote
from tui_vanish.widgets.frame import FrameLine

if TYPE_CHECKING:
    from engine.meanfield.prediction import Prediction

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

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there: an app that ends meanwhile leaves it without its instruments."""
        return len(self.query("#loss, #accuracy, #bars, #heat")) == 4

    def help_text(self, pane: str, looks: Looks) -> str:
        """What is said about its charts or its layers, and about what stands beneath them."""
        if pane == "charts":
            return f"{LineChart.HELP} {Timeline.HELP}"
        return f"{(HeatMap if looks.over_time else LayerBars).HELP} {RunNote.HELP}"

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
        self,
        run: Snapshot,
        activity: str,
        layout: Layout,
        looks: Looks,
        prediction: "Prediction | None",
        unsaved: str = "",
    ) -> None:
        """Show `run`.

        Args:
            run: whose latest state it is.
            activity: what the engine is loading, or "".
            layout: how much room there is.
            looks: how it is looked at.
            prediction: what theory says of its first step; None while that isn't known.
            unsaved: where it can't be saved, and why; empty while it can.
        """
        room = layout.run_width - 8 - len(run.scenario_id)
        progress = present.progress(run, room)
        self._line("#run-top").show(
            present.heading(run, layout.run_width - 8 - row_width(progress)), progress
        )
        if layout.charts != "accuracy":
            self.query_one("#loss", LineChart).show(charts.loss_chart(run, looks.charts))
        if layout.charts != "loss":
            self.query_one("#accuracy", LineChart).show(charts.accuracy_chart(run, looks.charts))
        if layout.schedule:
            self._line("#schedule-top").show((Piece("Schedule", "title"),), present.schedule_legend())
            self.query_one("#schedule", Timeline).show(schedule.blocks(run))
        marks = {} if looks.over_time else theory_marks.marks(run, looks.quantity, prediction)
        self._show_layers(run, looks, prediction, marks, layout.run_width)
        theory = () if layout.framed else theory_marks.in_brief(run, prediction, marked=bool(marks))
        note = present.note(run, activity, theory, unsaved)
        self._line("#note-top").show((Piece(note.title, "title"),))
        self.query_one("#note", RunNote).show(note)

    def _show_layers(
        self,
        run: Snapshot,
        looks: Looks,
        prediction: "Prediction | None",
        marks: Mapping[str, float],
        width: int,
    ) -> None:
        words = QUANTITIES[looks.quantity].words.capitalize()
        title = f"{words} by layer{' over time' if looks.over_time else ''}"
        remark = theory_marks.in_words(run, prediction, marked=bool(marks), room=width - 8 - len(title))
        self._line("#layers-top").show((Piece(title, "title"),), remark)
        bars, heat = self.query_one("#bars", LayerBars), self.query_one("#heat", HeatMap)
        bars.display, heat.display = not looks.over_time, looks.over_time
        if looks.over_time:
            heat.show(present.heat(run, looks))
        else:
            bars.show(present.bar_profile(run, looks, marks))

    def _line(self, selector: str) -> FrameLine:
        return self.query_one(selector, FrameLine)
