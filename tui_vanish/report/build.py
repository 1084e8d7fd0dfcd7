"""Which figures a report has, from its runs."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.tracking.in_common import BATCH_ACCURACY, LOSS, OF_EPOCHS, curve
from tui_vanish.instruments.quantities import IN_BARS
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor.charts import published_of
from tui_vanish.report.figures import Chart, Figure, Heat, Line, Schedule
from tui_vanish.report.gather import ReportRun
from vanish_recorder.protocol.quantity import Quantity

if TYPE_CHECKING:
    from engine.tracking.series import Profile
    from engine.tracking.snapshot import Snapshot, Stage
    from vanish_recorder.protocol.events import LayerSample

_MOST_COLUMNS, _MOST_CELLS = 160, 12_000  # of a heat map
_MOST_LOGGED = 6  # numbers of a script's own
_TITLES = {
    "test_accuracy": marked("Accuracy on the test images"),
    "train_accuracy": marked("Accuracy on the training images"),
    "test_loss": marked("Loss on the test images"),
    "train_loss": marked("Loss on the training images"),
    LOSS: marked("Loss of the measured batches"),
    BATCH_ACCURACY: marked("Accuracy of the measured batches"),
}


def figures(runs: Sequence[ReportRun]) -> list[Figure]:
    """All figures of these runs, in the order of the report."""
    return [*curves(runs), *profiles(runs), *over_time(runs), *schedule(runs)]


# ------------------------------------------------------------------------------------------ curves


def curves(runs: Sequence[ReportRun]) -> Iterator[Chart]:
    """A chart of each number that changes while a run trains, with a line per run."""
    events = _events(runs[0]) if len(runs) == 1 else ()
    logged = dict.fromkeys(
        name for each in runs if each.run.watched for name in each.run.watched.series if name != LOSS
    )
    for metric in (*OF_EPOCHS, LOSS, BATCH_ACCURACY, *list(logged)[:_MOST_LOGGED]):
        lines = [
            Line(
                each.label,
                tuple(p.step for p in points),
                tuple(_finite(p.value) for p in points),
                place,
                per_epoch=_per_epoch(each),
            )
            for place, each in enumerate(runs)
            if (points := curve(each.run, metric))
        ]
        lines += published_points(runs, metric)
        if not lines or all(y is None for line in lines for y in line.ys):
            continue
        title = tr(_TITLES[metric]) if metric in _TITLES else metric
        yield Chart(
            f"curve-{_file_name(metric)}",
            title,
            tr("A line is a run. A point of a long run is the mean of neighbouring steps.")
            + (" " + tr("Circles: what the course published.") if any(line.dashed for line in lines) else ""),
            tr("step"),
            title,
            tuple(lines),
            is_share=metric.endswith("accuracy") and _are_shares(lines),
            events=events,
        )


def published_points(runs: Sequence[ReportRun], metric: str) -> Iterator[Line]:
    """What the course published of recorded runs: a point for each, at the end of its training."""
    for place, each in enumerate(runs):
        known = published_of(each.run)
        value = getattr(known.figures, metric, None) if known is not None else None
        if known is not None and value is not None and (per_epoch := _per_epoch(each)):
            label, step = tr("{run}, published", run=each.label), known.epochs * per_epoch
            yield Line(label, (step,), (value,), place, dashed=True, has_dots=True, per_epoch=per_epoch)


def _per_epoch(each: ReportRun) -> int:
    return each.run.started.steps_per_epoch if each.run.started is not None else 0


def _are_shares(lines: Iterable[Line]) -> bool:
    """Whether all numbers are from 0 to 1; a script may log an accuracy as it likes."""
    return all(y is None or 0 <= y <= 1 for line in lines for y in line.ys)


def _events(each: ReportRun) -> tuple[tuple[float, str], ...]:
    stages = [(stage.first_step, tr("stage {number}", number=stage.number)) for stage in each.run.stages[1:]]
    return tuple((float(step), text) for step, text in (*stages, *changes(each)))


# ---------------------------------------------------------------------------------------- profiles


def profiles(runs: Sequence[ReportRun]) -> Iterator[Chart]:
    """A chart of each quantity over the layers, at the first measured step and at the end."""
    names = _common_names(runs)
    for quantity in IN_BARS:
        for moment in ("first", "last"):
            lines = list(_profile_lines(runs, quantity, names, moment))
            if not any(y for line in lines for y in line.ys):
                continue
            values = {"quantity": _words(quantity), "symbol": quantity.symbol}
            if moment == "first":
                title = tr("{quantity} by layer, at the first step: {symbol}", **values)
                about = tr("Dashed: what mean-field theory predicts for the first step, where it applies.")
            else:
                title = tr("{quantity} by layer, at the end: {symbol}", **values)
                about = spoken(quantity.meaning)
            places = names or tuple(_from_the_output(runs))
            yield Chart(
                f"layers-{quantity.name}-{moment}",
                title,
                about,
                tr("layer") if names else tr("layers before the output"),
                quantity.symbol,
                tuple(lines),
                is_log=quantity.scale == "log",
                is_share=quantity.notation == "percent",
                places=places,
            )


def _profile_lines(
    runs: Sequence[ReportRun], quantity: Quantity, names: tuple[str, ...], moment: str
) -> Iterator[Line]:
    most = max(len(_last(each.run)) for each in runs)
    for colour, each in enumerate(runs):
        layers = _first(each.run) if moment == "first" else _last(each.run)
        if not layers:
            continue
        shift = 0 if names else most - len(layers)
        xs = tuple(float(place + shift) for place in range(len(layers)))
        ys = tuple(_finite(layer.value(quantity)) for layer in layers)
        if any(y is not None for y in ys):
            yield Line(each.label, xs, ys, colour, has_dots=len(xs) <= 200)
        if moment == "first" and (theory := _theory(each, quantity)):
            expected = tuple(_finite(theory.get(layer.name)) for layer in layers)
            label = tr("{run}, theory", run=each.label)
            yield Line(label, xs, expected, colour, dashed=True, has_dots=True)


def _theory(each: ReportRun, quantity: Quantity) -> dict[str, float | None]:
    if each.prediction is None:
        return {}
    match quantity.name:
        case "delta_norm":
            return {layer.name: layer.delta_norm for layer in each.prediction.layers}
        case "grad_norm":
            return {layer.name: layer.grad_norm for layer in each.prediction.layers}
        case _:
            return {}


def _first(run: "Snapshot") -> "tuple[LayerSample, ...]":
    return run.charts.profiles[0].layers if run.charts.profiles else ()


def _last(run: "Snapshot") -> "tuple[LayerSample, ...]":
    return run.finite_layers or run.layers


def _common_names(runs: Sequence[ReportRun]) -> tuple[str, ...]:
    """The names of the layers, if all runs have the same."""
    found = {tuple(layer.name for layer in _last(each.run)) for each in runs}
    return found.pop() if len(found) == 1 else ()


def _from_the_output(runs: Sequence[ReportRun]) -> Iterator[str]:
    most = max(len(_last(each.run)) for each in runs)
    return (str(most - 1 - place) for place in range(most))


def _words(quantity: Quantity) -> str:
    words = spoken(quantity.words)
    return words[:1].upper() + words[1:]


# ----------------------------------------------------------------------------------- over the time


def over_time(runs: Sequence[ReportRun]) -> Iterator[Heat]:
    """For each run a map of its layers over the training time, of the first quantity that it has."""
    for place, each in enumerate(runs, 1):
        found = [profile for profile in each.run.charts.profiles if profile.layers]
        shown = next((q for q in IN_BARS if any(_has(profile, q) for profile in found)), None)
        if shown is None or len(found) < 2:
            continue
        names = tuple(layer.name for layer in found[-1].layers)
        columns = max(2, min(_MOST_COLUMNS, _MOST_CELLS // max(1, len(names))))
        found = found[:: max(1, math.ceil(len(found) / columns))]
        tables = [{layer.name: layer.value(shown) for layer in profile.layers} for profile in found]
        yield Heat(
            f"over-time-{place}",
            tr(
                "{quantity} of each layer over the training time: {run}",
                quantity=_words(shown),
                run=each.label,
            ),
            tr("The output is at the top. Light is much, dark is little."),
            tr("step"),
            tr("layer"),
            tuple(f"{profile.step}" for profile in found),
            names[::-1],
            tuple(tuple(_finite(table.get(name)) for table in tables) for name in names[::-1]),
            is_log=shown.scale == "log",
            is_share=shown.notation == "percent",
        )


def _has(profile: "Profile", quantity: Quantity) -> bool:
    return any(layer.value(quantity) is not None for layer in profile.layers)


# ---------------------------------------------------------------------------------- the schedule


def schedule(runs: Sequence[ReportRun]) -> Iterator[Schedule]:
    """When stages began and what was changed by hand, if there was any of this."""
    rows = []
    for each in runs:
        stages = tuple((stage.first_step, stage_text(stage)) for stage in each.run.stages)
        rows.append((each.label, each.run.step, stages, changes(each)))
    if any(len(stages) > 1 or by_hand for _, _, stages, by_hand in rows):
        yield Schedule(
            "stages",
            tr("Stages and changes by hand"),
            tr("A bar is a stage, and a triangle is a change by hand or a pause."),
            max(each.run.step for each in runs),
            tuple(rows),
        )


def stage_text(stage: "Stage") -> str:
    """A stage in words."""
    trained = ", ".join(stage.trainable)
    text = tr("stage {number} from step {step}: trains {layers}", number=stage.number, step=stage.first_step,
              layers=trained)  # fmt: skip
    if stage.frozen:
        text += "; " + tr("frozen: {layers}", layers=", ".join(stage.frozen))
    return text


def changes(each: ReportRun) -> tuple[tuple[int, str], ...]:
    """What was changed by hand and when the run was paused, in order."""
    found: list[tuple[int, str]] = []
    for event in each.run.interventions:
        what = " ".join(
            part
            for part in (event.kind, event.layer or "", "" if event.value is None else f"{event.value:g}")
            if part
        )
        found.append((event.step, tr("by hand: {what}", what=what)))
    for pause in each.pauses:
        words = tr("paused") if pause.event == "paused" else tr("resumed")
        found.append((pause.step, f"{words}: {spoken(pause.reason)}" if pause.reason else words))
    return tuple(sorted(found))


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _file_name(text: str) -> str:
    """A part of a file's name: only letters that need no care."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)
    return kept[:40].strip("-") or "number"
