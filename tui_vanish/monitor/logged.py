"""The charts of a watched run: the loss and the accuracy if it has them, and whatever else was logged."""

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.tracking.facts import rate_factor
from tui_vanish.drawing.chart import Chart
from tui_vanish.language import plural, tr
from tui_vanish.monitor.charts import Parts, accuracy_chart, hint, loss_chart

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.monitor.looks import ChartLooks

_LOSS, _ACCURACY = "loss", "accuracy"
_IN_LOSS = frozenset({"loss", "train_loss", "test_loss"})
_IN_ACCURACY = frozenset({"train_accuracy", "test_accuracy"})


def chart_names(run: "Snapshot") -> tuple[str, ...]:
    """What the charts can show of a watched run, by name; at least the loss, even if it has none yet."""
    charts, watched = run.charts, run.watched
    names = []
    if charts.batch_loss or charts.train_loss or charts.test_loss:
        names.append(_LOSS)
    if charts.train_accuracy or charts.test_accuracy:
        names.append(_ACCURACY)
    if watched is not None:
        shares = _IN_ACCURACY if _ACCURACY in names else frozenset()
        logged = dict.fromkeys((*watched.series, *watched.epoch_series))
        names += [name for name in logged if name not in _IN_LOSS | shares]
    return tuple(names) or (_LOSS,)


def shown(run: "Snapshot", wanted: str) -> str:
    """The chart to show: the wanted one if this run has it, else its first."""
    names = chart_names(run)
    return wanted if wanted in names else names[0]


def after(run: "Snapshot", wanted: str) -> str:
    """The chart that follows the shown one; the first follows the last."""
    names = chart_names(run)
    return names[(names.index(shown(run, wanted)) + 1) % len(names)]


def chart(run: "Snapshot", name: str, looks: "ChartLooks") -> Chart:
    """The chart with that name."""
    if name == _LOSS:
        drawn = loss_chart(run, looks)
        if not any(line.xs for line in drawn.lines):
            return _without_loss(run, drawn)
        passes = run.measured.backward_passes if run.measured is not None else 0
        if not passes:
            return drawn
        last = plural("last of {number} batch", "last of {number} batches", passes)
        return replace(drawn, remarks=(*drawn.remarks, last))
    watched = run.watched
    if watched is None or (name == _ACCURACY and name not in watched.series):
        return accuracy_chart(run, looks)
    parts, factor = Parts(run, looks, percent=False), rate_factor(run)
    by_hand = (
        (tr("without ×{factor} by hand", factor=f"{factor:.3g}"),) if name == "lr" and factor != 1 else ()
    )
    return Chart(
        title=name,
        remarks=(*parts.remarks(log=looks.y_log), *by_hand),
        lines=(
            parts.named("train", "step", watched.series.get(name, ())),
            parts.named("test", "epoch", watched.epoch_series.get(name, ())),
        ),
        x_label=parts.x_label,
        x_limits=looks.window,
        y_log=looks.y_log,
        marks=parts.marks(),
        hint=hint(run),
    )


def _without_loss(run: "Snapshot", drawn: Chart) -> Chart:
    return replace(drawn, hint=tr("no loss was seen or logged")) if run.measured is not None else drawn
