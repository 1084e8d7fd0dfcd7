"""A run's charts: the loss and the accuracy over its training."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.tracking.series import Point
from engine.tracking.snapshot import Snapshot
from tui_vanish.drawing import format
from tui_vanish.drawing.chart import Chart, Line, Mark, Style
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor.axis import UNIT_LABELS, RunAxis
from tui_vanish.monitor.looks import SMOOTHING, ChartLooks
from vanish_recorder.protocol.events import Intervened
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from scenarios.published import Published

_EPOCHS_WITH_BATCHES = 3
_NAMES = ("train", "test", "batch")  # the place of a name is the number of its colour and its marker
_LETTERS = {"freeze": "F", "unfreeze": "U", "next_stage": "]", "epochs": "E", "every": "M"}


def loss_chart(run: Snapshot, looks: ChartLooks) -> Chart:
    """The loss on the training and on the test images; in the first epochs also of single batches."""
    charts = run.charts
    parts = Parts(run, looks, percent=False)
    lines = (
        parts.batches(charts.batch_loss),
        parts.line("train", charts.train_loss, "solid"),
        parts.line("test", charts.test_loss, "dashed"),
        *parts.published(published_of(run), "loss"),
    )
    return Chart(
        title="loss",
        remarks=parts.remarks(log=looks.y_log),
        lines=lines,
        x_label=parts.x_label,
        x_limits=looks.window,
        y_log=looks.y_log,
        marks=parts.marks(),
        hint=hint(run),
    )


def accuracy_chart(run: Snapshot, looks: ChartLooks) -> Chart:
    """The accuracy in %, on the training and on the test images; in the first epochs also of batches."""
    charts = run.charts
    parts = Parts(run, looks, percent=True)
    lines = (
        parts.batches(charts.batch_accuracy),
        parts.line("train", charts.train_accuracy, "solid"),
        parts.line("test", charts.test_accuracy, "dashed"),
        *parts.published(published_of(run), "accuracy"),
    )
    return Chart(
        title="accuracy",
        remarks=parts.remarks(),
        lines=lines,
        x_label=parts.x_label,
        x_limits=looks.window,
        y_percent=True,
        y_limits=(0, 100) if looks.window is None else (None, None),
        marks=parts.marks(),
        hint=hint(run),
    )


class Parts:
    """The parts that both charts share.

    Args:
        run: the run.
        looks: how the charts are drawn.
        percent: whether values are shown in %.
    """

    def __init__(self, run: Snapshot, looks: ChartLooks, *, percent: bool) -> None:
        self._run = run
        self._looks = looks
        self._percent = percent
        self._axis = RunAxis(run, looks.unit)

    @property
    def x_label(self) -> str:
        """The unit of the x axis."""
        return UNIT_LABELS[self._axis.unit]

    def named(self, colour: str, name: str, points: Sequence[Point]) -> Line:
        """A number that a script logged with steps or epochs, drawn like the line `colour`."""
        drawn = self.line(colour, points, "solid" if colour == "train" else "dashed")
        return replace(drawn, name=name, label=drawn.label.replace(colour, name, 1))

    def remarks(self, *, log: bool = False) -> tuple[str, ...]:
        """How the chart is drawn, for its heading."""
        smoothing = SMOOTHING[self._looks.smoothing]
        return ("log",) * log + (
            (tr("smoothed {smoothing}", smoothing=f"{smoothing:g}"),) if smoothing else ()
        )

    def line(self, name: str, points: Sequence[Point], style: Style) -> Line:
        """One value per epoch. The label shows the newest value, or the value at the cursor."""
        xs = tuple(self._axis.at(point.step, point.time) for point in points)
        ys = smoothed([point.value for point in points], SMOOTHING[self._looks.smoothing])
        value = self._value(xs, [point.value for point in points])
        label = f"{name} {self._words(value)}" if value is not None else ""
        number = _NAMES.index(name)
        return Line(label, xs, ys, style, marker=number, name=name, series=number)

    def batches(self, points: Sequence[Point]) -> Line:
        """Single batches, until there are enough epochs for a line, which their noise would hide."""
        run = self._run
        if run.watched is None and len(run.charts.train_loss) >= _EPOCHS_WITH_BATCHES:
            return Line("")
        number = _NAMES.index("batch")
        xs = tuple(self._axis.at(point.step, point.time) for point in points)
        values = [point.value for point in points]
        value = self._value(xs, values) if run.last_epoch is None or self._looks.cursor is not None else None
        label = tr("batch {value}", value=self._words(value)) if value is not None else ""
        return Line(label, xs, tuple(values), "points", marker=number, name="batch", series=number)

    def published(self, known: "Published | None", what: str) -> tuple[Line, ...]:
        """The results that the course published: a point each for the training and the test images."""
        if known is None or self._run.started is None:
            return ()
        train, test = (getattr(known.figures, f"{part}_{what}") for part in ("train", "test"))
        x = self._axis.at_step(known.epochs * self._run.started.steps_per_epoch)
        label = tr(
            "published train {train} test {test}",
            train=self._words(train).strip(),
            test=self._words(test).strip(),
        )
        return (Line(label, (x, x), (train, test), "points", series=len(_NAMES)),)

    def marks(self) -> tuple[Mark, ...]:
        """The marks: beginnings of stages, changes by hand, and the cursor."""
        run, axis = self._run, self._axis
        marks = [Mark(axis.at_step(stage.first_step - 1), str(stage.number)) for stage in run.stages[1:]]
        before = 1.0 if run.watched is not None else run.spec.rate
        for touch in run.interventions:
            if touch.kind == "next_stage":
                continue  # the stage that begins there has its own mark
            marks.append(Mark(axis.at(touch.step, touch.time), _letter(touch, before), "intervention"))
            before = touch.value if touch.kind in ("lr", "lr_factor") else before
        if self._looks.cursor is not None:
            marks.append(Mark(self._looks.cursor, self._axis.words(self._looks.cursor), "cursor"))
        return tuple(marks)

    def _value(self, xs: Sequence[float], ys: Sequence[float]) -> float | None:
        """The newest value, or the last one up to the cursor."""
        if not xs:
            return None
        if self._looks.cursor is None:
            return ys[-1]
        place = bisect_right(xs, self._looks.cursor + 1e-9) - 1
        return ys[place] if place >= 0 else None

    def _words(self, value: float) -> str:
        # As wide as 10.0 %, so that the legend does not move.
        return f"{format.percent(value, 1):>6}" if self._percent else format.fixed(value)


def published_of(run: Snapshot) -> "Published | None":
    """What the course published of a recorded run's scenario after as many epochs; None if it did not.

    Other runs may have other data or settings, so they have none.
    """
    if not run.is_recorded:
        return None
    from scenarios.published import published_for  # the first frame does not need it

    return published_for(run.scenario_id, run.epochs)


def smoothed(values: Sequence[float], keep: float) -> tuple[float, ...]:
    """The exponential moving average. Values that are not finite are kept, and left out of the average.

    Args:
        values: in order of time.
        keep: weight of the average so far, from 0 (no smoothing) to below 1.
    """
    mix = weight = 0.0
    mixed: list[float] = []
    for value in values:
        if math.isfinite(value):
            mix = keep * mix + (1 - keep) * value
            weight = keep * weight + (1 - keep)  # corrects the bias of the first values towards 0
            mixed.append(mix / weight)
        else:
            mixed.append(value)
    return tuple(mixed)


def _letter(touch: Intervened, before: float | None) -> str:
    if touch.kind in ("lr", "lr_factor"):
        return "+" if touch.value is not None and before is not None and touch.value > before else "-"
    return _LETTERS[touch.kind]


def hint(run: Snapshot) -> str:
    """What an empty chart says."""
    if run.status is Status.LOADING:
        return spoken(Status.LOADING)
    return tr("no measurement") if run.status.ended else tr("first measurement…")
