"""The content of the compare screen: a chart and rows of tables, made from snapshots. Draws nothing."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from statistics import median

from engine.tracking.comparison import differences
from engine.tracking.in_common import (
    BATCH_ACCURACY,
    LOSS,
    OF_EPOCHS,
    any_watched,
    charted,
    common_step,
    curve,
    losses,
    of_some,
)
from engine.tracking.ranking import Entrant, Place, rank
from engine.tracking.snapshot import Snapshot
from tui_vanish.compare import ranking
from tui_vanish.compare.findings import findings
from tui_vanish.compare.letters import LETTERS, letter_of
from tui_vanish.drawing import format
from tui_vanish.drawing.chart import Chart, Line, Mark
from tui_vanish.drawing.text import Piece, Row, cut, cut_row, row_width
from tui_vanish.instruments.status import ROLES, mark
from tui_vanish.language import marked_in, plural, tr, tr_in
from tui_vanish.session.lineup import Lineup, View

Points = Sequence[tuple[float, float]]

_WORDS = {
    "test_accuracy": marked_in("metric", "test accuracy"),
    "train_accuracy": marked_in("metric", "train accuracy"),
    "test_loss": marked_in("metric", "test loss"),
    "train_loss": marked_in("metric", "train loss"),
}
_OF_BATCHES = {
    BATCH_ACCURACY: marked_in("metric", "batch accuracy at first"),
    LOSS: marked_in("metric", "batch loss at first"),
}
_SEPARATOR = " · "
_WIDE = 100  # cells; from this width on there is room for both ranks, long names and the verdict


def title(view: View, entrants: Sequence[Entrant], metric: str) -> str:
    """The heading of a view."""
    words, shown = _words(metric), charted(entrants, metric)
    if shown != metric:
        words = tr_in("metric", _OF_BATCHES[shown])
    return {
        "chart": words,
        "profiles": tr("gradients by layer"),
        "differences": tr("only what differs"),
    }[view]


def chart(entrants: Sequence[Entrant], metric: str, cursor: float | None = None) -> Chart:
    """One line per entrant: the median of its seeds; the lowest and highest are points.

    It is over epochs; with a watched run over steps, because only its script knows what an epoch is. It has
    no legend: the standings below it have the letters and the names.

    Args:
        entrants: that are compared.
        metric: its name.
        cursor: the place on the x axis that the rest of the screen shows; None for now.
    """
    by_steps, metric = any_watched(entrants), charted(entrants, metric)
    lines: list[Line] = []
    for number, entrant in enumerate(entrants):
        letter = LETTERS[number]
        series = [_series(run, metric, by_steps=by_steps) for run in entrant.runs]
        if len(series) > 1:
            lines.append(_line(series, min, letter.lower(), number, points=True))
            lines.append(_line(series, max, letter.lower(), number, points=True))
        lines.append(
            _line(series, median, letter, number, label=entrant.label, name=f"{letter} {entrant.label}")
        )
    is_accuracy = (
        metric in (*OF_EPOCHS, BATCH_ACCURACY) and metric.endswith("accuracy") and _are_shares(lines)
    )
    return Chart(
        title=_words(metric),
        lines=tuple(lines),
        x_label="step" if by_steps else "epoch",
        y_percent=is_accuracy,
        y_limits=(0, 100) if is_accuracy else (None, None),
        marks=() if cursor is None else (Mark(cursor, "", "cursor"),),
        hint=tr("first measurement…"),
        has_legend=False,
    )


def equal(entrants: Sequence[Entrant], *, wide: bool) -> str:
    """The epoch and time at which the entrants are compared, and how many seeds they have."""
    by_epochs, by_seconds = rank(entrants, "epochs"), rank(entrants, "seconds")
    at = ranking.point(by_epochs)
    if any_watched(entrants):
        step = common_step(entrants)
        if not step:
            return tr("no loss of all yet")
        return tr("loss at step {step}, the last that all have", step=format.count(step))
    if by_epochs.at:
        who, then = ranking.ranked(by_epochs), ranking.ranked(by_seconds)
        time = ranking.point(by_seconds)
        if not wide:
            at = tr("{runs} at {epoch}", runs=who, epoch=at)
        elif then == who:
            at = tr("{runs} at {epoch}, and at {time}", runs=who, epoch=at, time=time)
        else:
            at = tr("{runs} at {epoch}, {others} at {time}", runs=who, epoch=at, others=then, time=time)
    seeds = max(len(entrant.runs) for entrant in entrants)
    spread = plural("one seed: spread unknown", "median, range of {number} seeds; ≈: inside the range", seeds)
    return f"{at} · {spread}"


def standings(entrants: Sequence[Entrant], lineup: Lineup, width: int) -> list[Row]:
    """One row per entrant: status, accuracy, gap to the baseline, rank, and its problems."""
    in_time = rank(entrants, "seconds")
    by_epochs, by_seconds = rank(entrants, "epochs").places, in_time.places
    base = _of(by_epochs, entrants[lineup.baseline_place(entrants)].label)
    wide, ranges = width >= _WIDE, any(place.seeds > 1 for place in by_epochs)
    label = 20 if wide else 12
    watched, ranked = any_watched(entrants), any(place.accuracy is not None for place in by_epochs)
    at = losses(entrants, common_step(entrants)) if watched else ()
    heading = f"     {'':{label}} " + (
        f"{tr_in('column', 'step'):>7} {tr_in('column', 'loss'):>7}"
        if watched
        else f"{tr_in('column', 'epoch'):>7}"
    )
    if ranked or not watched:
        heading += f" {tr('test acc.'):>10}" + (f" {tr('range'):>9}" if ranges else "")
        heading += f" {tr('− base'):>7}" + (
            f" {tr('by epochs'):>10} {tr('by seconds'):>10}" if wide else f" {tr('rank'):>5}"
        )
    rows: list[Row] = [(Piece(cut(heading, width), "dim"),)]
    for number, entrant in enumerate(entrants):
        run, here = entrant.present, number == lineup.focus_place(entrants)
        place = _of(by_epochs, entrant.label)
        missing = ""  # why it has no rank
        times = f" ×{len(entrant.runs)}" if len(entrant.runs) > 1 else ""
        name = cut(entrant.label, label - len(times)) + times
        is_base = number == lineup.baseline_place(entrants)
        if watched:
            figures = f" {format.short_count(run.step):>7} {format.fixed(at[number]):>7}"
        else:
            figures = f" {f'{run.epoch}/{run.epochs}':>7}"
        if ranked or not watched:
            figures += f" {format.percent(place.accuracy, 1):>10}"
            figures += f" {ranking.span(place):>9}" if ranges else ""
            figures += f" {tr_in('column', 'base') if is_base else ranking.gap(place, base):>7}"
            first = ranking.number(place)
            second = _of(by_seconds, entrant.label)
            figures += f" {first:>10} {ranking.number(second):>10}" if wide else f" {first:>5}"
            missing = ranking.missing(second, in_time) if wide else ""
        row: Row = (
            Piece(f" {'▸' if here else ' '}", "accent"),
            letter_of(number, 1),
            Piece(" "),
            Piece(mark(run.status, recorded=run.is_recorded), ROLES[run.status]),
            Piece(f" {name:{label}}", "strong" if here else "text"),
            Piece(f"{figures}  "),
        )
        rows.append((*row, *findings(entrant, place, width - row_width(row) - 1, missing)))
    return rows


def difference_rows(entrants: Sequence[Entrant], lineup: Lineup, width: int) -> list[Row]:
    """The settings that are not the same in all entrants; values that differ from the baseline have a colour.

    If a value is too long for its column, the row lists what differs from the baseline by letter.
    """
    found = differences(entrants)
    some = _of_some_rows(entrants, width)
    if not found:
        return [(Piece(f" {_same(entrants)}", "dim"),), *some]
    name_width = max(len(row.key) for row in found)
    column = max(6, min(14, (width - name_width - 2) // len(entrants) - 1))
    letters = (letter_of(number, column + 1) for number in range(len(entrants)))
    rows: list[Row] = [(Piece(f" {'':{name_width}}"), *letters)]
    base = lineup.baseline_place(entrants)
    for each in found:
        words = [format.setting(each.key, value) for value in each.values]
        differs = [value != each.values[base] for value in each.values]
        name = Piece(f" {each.key:{name_width}}")
        if max(map(len, words)) <= column:
            cells = (
                Piece(f" {word:>{column}}", "accent" if other else "dim")
                for word, other in zip(words, differs, strict=True)
            )
            rows.append((name, *cells))
        else:
            listed = [Piece(f" {LETTERS[base]} {words[base]}", "dim")]
            for number, (word, other) in enumerate(zip(words, differs, strict=True)):
                if other:
                    listed += [Piece(f"  {LETTERS[number]} ", "dim"), Piece(word, "accent")]
            rows.append(cut_row((name, *listed), width))
    return [*rows, *some]


def _of_some_rows(entrants: Sequence[Entrant], width: int) -> list[Row]:
    """What only some of the entrants have, in a row for each group of them."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, labels in of_some(entrants).items():
        groups.setdefault(labels, []).append(_words(name))
    rows: list[Row] = []
    letters = {entrant.label: letter_of(number, 1) for number, entrant in enumerate(entrants)}
    for labels, names in groups.items():
        pieces = [piece for label in labels for piece in (letters[label], Piece(" "))]
        words = plural("has {names}", "have {names}", len(labels), names=", ".join(names))
        rows.append(cut_row((Piece(f" {tr('only')} ", "dim"), *pieces, Piece(words, "dim")), width))
    return rows


# ------------------------------------------------------------------------------------------- parts


def _words(metric: str) -> str:
    return tr_in("metric", _WORDS[metric]) if metric in _WORDS else metric


def _same(entrants: Sequence[Entrant]) -> str:
    if len(entrants) == 1:
        return tr("One run so far; a adds another.")
    if any_watched(entrants):
        return tr("No setting that is known differs.")
    seeds = {run.seed for entrant in entrants for run in entrant.runs}
    return tr("Only the seeds differ.") if len(seeds) > 1 else tr("All settings are identical.")


def _are_shares(lines: Sequence[Line]) -> bool:
    """Whether accuracies are from 0 to 1; a script may log them in another unit."""
    return all(not value > 1 for line in lines for value in line.ys)


def _series(run: Snapshot, metric: str, *, by_steps: bool) -> Points:
    points = curve(run, metric)
    per_epoch = run.started.steps_per_epoch if run.started and not by_steps else 1
    return tuple((point.step / per_epoch, point.value) for point in points)


def _line(
    series: Sequence[Points],
    merge: Callable[[Sequence[float]], float],
    letter: str,
    number: int,
    *,
    label: str = "",
    name: str = "",
    points: bool = False,
) -> Line:
    """A line over the seeds that have reached each epoch, up to the epoch of the furthest seed."""
    epochs = [[x for x, _ in each] for each in series]
    xs = max(epochs, key=lambda each: each[-1] if each else 0.0)
    ys = []
    for x in xs:
        reached = [(each, bisect_right(known, x) - 1) for each, known in zip(series, epochs, strict=True)]
        ys.append(merge([each[at][1] for each, at in reached if at >= 0 and each[-1][0] >= x]))
    return Line(
        label=label,
        xs=tuple(xs),
        ys=tuple(ys),
        letter=letter,
        name=name,
        style="points" if points else "solid",
        series=number,
    )


def _of(ranked: Sequence[Place], label: str) -> Place:
    return next(place for place in ranked if place.label == label)
