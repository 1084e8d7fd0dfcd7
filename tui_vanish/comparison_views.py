"""What the compare screen shows of its runs: from snapshots to a chart and to rows. Nothing here draws."""

import json
import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from engine.comparison import Entrant, Place, differences, rank
from engine.events import LayerSample
from engine.history import Point
from engine.runview import Snapshot
from tui_vanish import format
from tui_vanish.charts import Chart, Line
from tui_vanish.glyphs import mark
from tui_vanish.lineup import Lineup, Metric
from tui_vanish.widgets.rows import Piece, Row, cut, row_width
from tui_vanish.widgets.scenario_list import ROLES

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLOCKS, BLOCKS_ASCII = "▁▂▃▄▅▆▇█", ".:-=+*%#"

_WORDS: dict[Metric, str] = {
    "test_accuracy": "test accuracy",
    "train_accuracy": "train accuracy",
    "test_loss": "test loss",
    "train_loss": "train loss",
}
_LOWEST_DECADE, _HIGHEST_DECADE = -8.0, 0.0  # of a gradient norm that a block still tells apart
_CELL = 9  # of a run's column
_WIDE = 100  # cells from which both ranks and long names have room beside the verdict


def words(metric: Metric) -> str:
    """The metric's name."""
    return _WORDS[metric]


def chart(field: Sequence[Entrant], metric: Metric) -> Chart:
    """One line an entrant, by epoch; of several seeds the median, and its lowest and highest as points."""
    lines: list[Line] = []
    for number, entrant in enumerate(field):
        letter = LETTERS[number]
        series = [_series(run, metric) for run in entrant.runs]
        lines.append(_line(series, median, letter, number, label=entrant.label))
        if len(series) > 1:
            lines.append(_line(series, min, letter.lower(), number, points=True))
            lines.append(_line(series, max, letter.lower(), number, points=True))
    is_accuracy = metric.endswith("accuracy")
    return Chart(
        title=_WORDS[metric],
        lines=tuple(lines),
        x_label="epoch",
        y_percent=is_accuracy,
        y_limits=(0, 100) if is_accuracy else (None, None),
        hint="first epoch…",
    )


def standings(field: Sequence[Entrant], lineup: Lineup, width: int) -> list[Row]:
    """A row an entrant: how it stands, where it ranks, how far it is from the baseline, what is wrong."""
    by_epochs, by_seconds = rank(field, "epochs"), rank(field, "seconds")
    base = _of(by_epochs.places, field[lineup.baseline_place(field)].label)
    wide = width >= _WIDE
    label = 20 if wide else 12
    ranked = f"{'by epochs':>10} {'by seconds':>11}" if wide else f"{'rank':>5}"
    heading = f"     {'':{label}} {'epoch':>7} {'test acc.':>10} {'− base':>7} {ranked}"
    rows: list[Row] = [(Piece(cut(heading, width), "dim"),)]
    for number, entrant in enumerate(field):
        run, here = entrant.runs[-1], number == lineup.focus_place(field)
        place = _of(by_epochs.places, entrant.label)
        name = entrant.label + (f" ×{len(entrant.runs)}" if len(entrant.runs) > 1 else "")
        is_base = number == lineup.baseline_place(field)
        gap = "base" if is_base else _gap(place, base)
        progress = f"{run.epoch}/{run.epochs}"
        ranks = (_rank(by_epochs.places, entrant.label), _rank(by_seconds.places, entrant.label))
        ranked = f"{ranks[0]:>10} {ranks[1]:>11}" if wide else f"{ranks[0]:>5}"
        row: Row = (
            Piece(f" {'▸' if here else ' '}", "accent"),
            Piece(f"{LETTERS[number]} ", "strong"),
            Piece(mark(run.status), ROLES[run.status]),
            Piece(f" {cut(name, label):{label}}", "strong" if here else "text"),
            Piece(f" {progress:>7} {_accuracy(place):>10} {gap:>7} {ranked}  "),
        )
        rows.append((*row, Piece(cut(_verdict(run, place), width - row_width(row)), _verdict_role(run))))
    return rows


def profile_rows(field: Sequence[Entrant], *, ascii: bool) -> list[Row]:
    """Weight gradients: layers down, aligned from the output back; a column an entrant, its latest run's.

    A block and its colour tell the size on a log scale from 1e-8 to 1, the number what it is.
    """
    depth = max(len(_layers(entrant)) for entrant in field)
    heading = f" {'‖dL/dW‖':<9}" + "".join(f"{LETTERS[number]:>{_CELL}}" for number in range(len(field)))
    rows: list[Row] = [(Piece(heading, "dim"),)]
    for back in range(depth, 0, -1):
        name = "output" if back == 1 else f"output−{back - 1}"
        row: Row = (Piece(f" {name:<9}", "text"),)
        for entrant in field:
            layers = _layers(entrant)
            row = (*row, *_cell(layers[-back] if back <= len(layers) else None, ascii=ascii))
        rows.append(row)
    return rows


def profile_width(entrants: int) -> int:
    """Cells that profile_rows takes."""
    return 11 + _CELL * entrants


def difference_rows(field: Sequence[Entrant], lineup: Lineup, width: int) -> list[Row]:
    """Only the settings that are not the same in all; what differs from the baseline stands out."""
    found = differences([entrant.runs[0].scenario for entrant in field])
    if not found:
        return [(Piece(" Nothing differs but the seeds.", "dim"),)]
    name_width = max(len(row.key) for row in found)
    column = max(6, min(14, (width - name_width - 2) // len(field) - 1))
    letters = " ".join(f"{LETTERS[number]:>{column}}" for number in range(len(field)))
    rows: list[Row] = [(Piece(f" {'':{name_width}} {letters}", "dim"),)]
    base = lineup.baseline_place(field)
    for each in found:
        cells = tuple(
            Piece(
                f" {cut(_value(each.key, value), column):>{column}}",
                "accent" if value != each.values[base] else "dim",
            )
            for value in each.values
        )
        rows.append((Piece(f" {each.key:{name_width}}"), *cells))
    return rows


# ------------------------------------------------------------------------------------------- parts


def _series(run: Snapshot, metric: Metric) -> tuple[tuple[float, float], ...]:
    points: tuple[Point, ...] = getattr(run.charts, metric)
    per_epoch = run.started.steps_per_epoch if run.started else 1
    return tuple((point.step / per_epoch, point.value) for point in points)


def _line(
    series: Sequence[Sequence[tuple[float, float]]],
    merge: Any,
    letter: str,
    number: int,
    *,
    label: str = "",
    points: bool = False,
) -> Line:
    """Over the seeds, as far as all of them have come."""
    merged = [(together[0][0], merge([y for _, y in together])) for together in zip(*series, strict=False)]
    return Line(
        label=label,
        xs=tuple(x for x, _ in merged),
        ys=tuple(y for _, y in merged),
        letter=letter,
        style="points" if points else "solid",
        series=number,
    )


def _of(places: Sequence[Place], label: str) -> Place:
    return next(place for place in places if place.label == label)


def _rank(places: Sequence[Place], label: str) -> str:
    """The place, with the sign of a tie where seeds alone may have decided it."""
    number = next(number for number, place in enumerate(places, 1) if place.label == label)
    place = places[number - 1]
    if place.accuracy is None:
        return "–"
    return f"{'≈' if place.tied else ''}{number}."


def _accuracy(place: Place) -> str:
    if place.accuracy is None or place.low is None or place.high is None:
        return "–"
    if place.low == place.high:
        return format.percent(place.accuracy, 1)
    half = 100 * (place.high - place.low) / 2
    return f"{100 * place.accuracy:.1f} ±{half:.1f}"


def _gap(place: Place, base: Place) -> str:
    if place.accuracy is None or base.accuracy is None:
        return "–"
    return f"{100 * (place.accuracy - base.accuracy):+.1f}"


def _verdict(run: Snapshot, place: Place) -> str:
    if place.ended:
        step = run.finished.first_bad_step if run.finished else None
        return f"{place.ended} at step {step}" if step is not None else place.ended
    if place.tied:
        return "within the seeds' spread"
    return ", ".join(verdict.kind.replace("_", " ") for verdict in run.verdicts[:3])


def _verdict_role(run: Snapshot) -> str:
    if run.status in (run.status.DIVERGED, run.status.FAILED):
        return "bad"
    return "good" if any(verdict.kind in ("learning", "healthy") for verdict in run.verdicts) else "warn"


def _layers(entrant: Entrant) -> tuple[LayerSample, ...]:
    run = entrant.runs[-1]
    return run.finite_layers or run.layers


def _cell(layer: LayerSample | None, *, ascii: bool) -> Row:
    blank = " " * _CELL
    if layer is None:
        return (Piece(blank),)
    if layer.frozen:
        return (Piece(f"{'frozen':>{_CELL}}", "dim"),)
    value = layer.grad_norm
    number = format.scientific(value, ascii=ascii)
    if value is None or not math.isfinite(value) or value <= 0:
        return (Piece(f"{number:>{_CELL}}", "dim" if value is None else "heat-1"),)
    share = (math.log10(value) - _LOWEST_DECADE) / (_HIGHEST_DECADE - _LOWEST_DECADE)
    blocks = BLOCKS_ASCII if ascii else BLOCKS
    block = blocks[min(len(blocks) - 1, max(0, int(share * len(blocks))))]
    role = f"heat-{min(5, max(1, 1 + int(share * 5)))}"
    return (Piece(f"{block:>{_CELL - len(number)}}", role), Piece(number, role))


def _value(key: str, value: Any) -> str:
    """A setting in a few cells."""
    if value is None or value == []:
        return "–"
    if key == "stages":
        return f"{len(value)} stages"
    if key == "model.skip":
        return " ".join(f"{start}-{end}" for start, end in value)
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)
