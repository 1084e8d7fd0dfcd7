"""What a step shows: a theory page, one run or two beside each other, or the curves of several."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.getters import query_one

from tui_vanish.drawing import format
from tui_vanish.drawing.chart import Chart, Line
from tui_vanish.drawing.text import Piece, Row, cut_row
from tui_vanish.instruments.layer_bars import LayerBars
from tui_vanish.instruments.line_chart import LineChart
from tui_vanish.instruments.quantities import IN_BARS, USUAL
from tui_vanish.instruments.timeline import Timeline
from tui_vanish.language import tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.monitor import present, schedule, verdicts
from tui_vanish.monitor.axis import RunAxis
from tui_vanish.monitor.charts import accuracy_chart, loss_chart
from tui_vanish.monitor.looks import ChartLooks, Looks
from tui_vanish.theory.page_view import PageView
from tui_vanish.widgets.table import TableRows

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.theory.page import Page
    from vanish_recorder.protocol.quantity import Quantity

_BESIDE = 84  # cells; from this width on, a run has two charts
_LEAST_CHART = 6
_LETTERS = "ABCDEFG"


class Shown(NamedTuple):
    """A run at a step: as it is, and as it was then."""

    run: "Snapshot"
    then: "Snapshot"
    step: int | None


class RunBox(Vertical):
    """One run: a heading, its charts, its schedule and its layers."""

    _heading = query_one(".box-heading", TableRows)
    _charts = query_one(".box-charts", Horizontal)
    _loss = query_one(".box-loss", LineChart)
    _accuracy = query_one(".box-accuracy", LineChart)
    _schedule = query_one(Timeline)
    _bars = query_one(LayerBars)

    def compose(self) -> ComposeResult:
        """All parts; `show` hides those without room."""
        heading = TableRows()
        heading.add_class("box-heading")
        heading.can_focus = False
        yield heading
        with Horizontal(classes="box-charts"):
            yield LineChart(classes="box-loss")
            yield LineChart(classes="box-accuracy")
        yield Timeline()
        yield LayerBars()

    def show(
        self, shown: Shown, quantity: "Quantity", width: int, height: int, *, large: bool, both: bool = True
    ) -> None:
        """Show a run in that room.

        Args:
            shown: the run.
            quantity: what the bars are.
            width: in cells.
            height: in rows.
            large: fewer things, and larger ones.
            both: whether there may be two charts.
        """
        run, then = shown.run, shown.then
        cursor = None
        if shown.step is not None:
            cursor = RunAxis(run, "epoch").at(then.step, then.time)
        looks = ChartLooks(cursor=cursor)
        staged = bool(run.spec.stages)
        wide = both and width >= _BESIDE
        self._heading.show(lambda room, ascii: [_heading(shown, room), _verdict(then, room)])
        layers, room = len(run.spec.layer_names), height - 2 - 2 * staged
        thick = large and not staged and 2 * layers + 1 <= room
        wanted = (2 if thick else 1) * layers + 1
        bars = wanted if thick else min(wanted, max(2, room - _LEAST_CHART))
        if shown.step is not None and bars < wanted:
            bars = min(wanted, room)  # of a single step, the layers are more important than the curves
        if large and not wide:
            bars = 0 if staged else min(bars, height - 2)
        charts = height - 2 - 2 * staged - bars
        self._charts.display = charts >= _LEAST_CHART
        self._charts.styles.height = charts
        self._loss.display = wide
        self._schedule.display, self._bars.display = staged, bars > 0
        self._bars.styles.height = height - 2 - 2 * staged - (charts if self._charts.display else 0)
        if wide:
            self._loss.show(loss_chart(run, looks))
        self._accuracy.show(accuracy_chart(run, looks))
        if staged:
            self._schedule.show(schedule.blocks(then))
        self._bars.show(present.bar_profile(then, Looks(quantity=quantity), {}), thick=thick)


class Exhibit(Vertical):
    """What a step shows."""

    _page = query_one(PageView)
    _boxes = query_one("#boxes", Horizontal)
    _race = query_one("#race", LineChart)
    _message = query_one("#exhibit-message", TableRows)

    def compose(self) -> ComposeResult:
        """A part for each kind; one of them is visible."""
        yield PageView()
        with Horizontal(id="boxes"):
            yield RunBox(id="box-1")
            yield RunBox(id="box-2")
        yield LineChart(id="race")
        yield TableRows(id="exhibit-message")

    @property
    def page(self) -> PageView:
        """Shows a theory page."""
        return self._page

    def show_page(self, page: "Page") -> None:
        """Show a theory page."""
        self._only(self._page)
        self._page.show(page)

    def show_runs(
        self, runs: Sequence[Shown], quantity: str, width: int, height: int, *, large: bool
    ) -> None:
        """Show one run or two beside each other."""
        self._only(self._boxes)
        wanted = next((each for each in IN_BARS if each.name == quantity), USUAL)
        boxes = list(self._boxes.query(RunBox))
        for box, shown in zip(boxes, runs, strict=False):
            box.show(shown, wanted, width // len(runs), height, large=large, both=len(runs) == 1)
        for number, box in enumerate(boxes):
            box.display = number < len(runs)

    def show_race(self, runs: "Mapping[str, Snapshot]") -> None:
        """Show the test accuracy of several runs in one chart."""
        self._only(self._race)
        self._race.show(race_chart(runs))

    def show_message(self, text: Row) -> None:
        """Show only a sentence."""
        self._only(self._message)
        self._message.show(lambda width, ascii: [(), (Piece(" "), *text)])

    def _only(self, part: PageView | Horizontal | LineChart | TableRows) -> None:
        for other in (self._page, self._boxes, self._race, self._message):
            other.display = other is part


def race_chart(runs: "Mapping[str, Snapshot]") -> Chart:
    """The test accuracy of runs over their epochs; each line has a letter and the scenario's name."""
    lines = []
    for number, (name, run) in enumerate(runs.items()):
        axis, points, letter = RunAxis(run, "epoch"), run.charts.test_accuracy, _LETTERS[number]
        lines.append(
            Line(
                f"{letter} {name}",
                tuple(axis.at(point.step, point.time) for point in points),
                tuple(point.value for point in points),
                letter=letter,
                name=f"{letter} {name}",
                series=number,
            )
        )
    return Chart(
        title=tr_in("metric", "test accuracy"),
        lines=tuple(lines),
        x_label="epoch",
        y_percent=True,
        y_limits=(0, 100),
        hint=tr("first measurement…"),
    )


def _heading(shown: Shown, width: int) -> Row:
    run = shown.run
    if shown.step is None:
        progress = present.progress(run, max(10, width - len(run.scenario_id) - 4))
    else:
        step, last = format.count(shown.then.step), format.count(run.step)
        progress = (Piece(tr("step {step} of {last}", step=step, last=last), "accent"),)
    return cut_row((Piece(" "), Piece(run.scenario_id, "strong"), Piece("  "), *progress), width)


def _verdict(run: "Snapshot", width: int) -> Row:
    found = verdicts.most_severe_first(run.verdicts)
    if not found:
        return (Piece(" " + tr("step {step}", step=run.step), "dim"),)
    return cut_row((Piece(" "), *verdicts.sentence(found[0])), width)


def nothing_recorded(scenario_id: str, *, reading: bool) -> Row:
    """Why there is no run to show."""
    if reading:
        return (Piece(tr("Reading the recorded run…"), "dim"),)
    words = tr(
        "There is no recorded run of {scenario} yet; enter opens it in the lab, to train it.",
        scenario=scenario_id,
    )
    return (Piece(spoken(words), "warn"),)
