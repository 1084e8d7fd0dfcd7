"""What the map says about the cell under its cursor, about its lines, and about the sweep."""

from engine.sweeps.folder import SweepFolder
from tui_vanish.drawing import format
from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.language import plural, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.map.borders import Borders
from tui_vanish.map.grid import SEED, Choice, Point
from tui_vanish.map.map_view import short_name
from tui_vanish.map.reading import Reading
from tui_vanish.monitor.theory_marks import passed_on


def about(point: Point) -> list[Row]:
    """Two rows about a cell: its run and how it stands, then theory and what its log says."""
    result = point.results[0]
    values = "  ".join(
        f"{short_name(key)} {format.setting(key, value)}" for key, value in result.values.items()
    )
    how = [spoken(point.status)]
    if point.accuracy is not None:
        accuracy = format.percent(point.accuracy, 1)
        how.append(tr("median {value}", value=accuracy) if len(point.results) > 1 else accuracy)
    if point.verdict:
        how.append(point.verdict.replace("_", " "))
    if point.seconds is not None:
        how.append(format.duration(point.seconds))
    several = len(point.results)
    which = tr("run {number}", number=result.number)
    if several > 1:
        which = plural("{number} seed", "{number} seeds", several)
    first: Row = (
        Piece(f" {values}", "strong"),
        Piece(f"  {' · '.join(how)}"),
        Piece(f"  {which}", "dim"),
    )
    return [first, (Piece(" "), *_theory(point), *_measured(point))]


def written(row: Row, *, ascii: bool) -> Row:
    """The row; in ASCII, Greek letters have their names."""
    return tuple(Piece(spelt_out(text), role) for text, role in row) if ascii else row


def _theory(point: Point) -> Row:
    if point.theory is None:
        return (Piece(tr("theory says nothing about this network"), "dim"),)
    xi = point.theory.xi
    text = tr("theory: χ {chi}", chi=f"{point.theory.chi:.3g}")
    if xi is not None:
        reach = f"{point.theory.reach:.3g}"
        text += "  " + tr("ξ {xi} layers  6 ξ = {reach}", xi=f"{xi:.3g}", reach=reach)
    return (Piece(text, "accent"), Piece("  " + tr("depth {layers}", layers=point.depth)))


def _measured(point: Point) -> Row:
    parts = []
    if point.factor is not None and point.factor > 0:
        parts.append(tr("each layer passes on {factor}", factor=passed_on(point.factor)))
    if point.learnt is not None:
        parts.append(tr("50 % in epoch {epoch}", epoch=f"{point.learnt:.3g}"))
    problem = next((result.problem for result in point.results if result.problem), "")
    if problem:
        return (Piece(f"  {spoken(problem)}", "bad"),)
    return (Piece("  " + tr("measured: {values}", values=", ".join(parts))),) if parts else ()


def lines(borders: Borders, room: int, *, ascii: bool) -> Row:
    """The legend of the borders that are drawn, as long as there is room."""
    signs = ("-", "=", "%", ":") if ascii else ("──", "━━", "══", "┊")
    both = bool(
        borders.theory.level & borders.learnt.level or borders.theory.upright & borders.learnt.upright
    )
    entries: list[tuple[Piece, Piece, bool]] = [
        (Piece(signs[0], "accent"), Piece(" " + tr("theory: 6 ξ"), "dim"), bool(borders.theory)),
        (Piece(signs[1], "good"), Piece(" " + tr("test ≥ 50 %"), "dim"), bool(borders.learnt)),
        (Piece(signs[2], "strong"), Piece(" " + tr_in("legend", "both"), "dim"), both),
        (Piece(signs[3], "dim"), Piece(" χ = 1", "dim"), bool(borders.chi)),
    ]
    row: Row = ()
    for sign, text, shown in entries:
        longer = (*row, *((Piece("  "),) if row else ()), *written((sign, text), ascii=ascii))
        if shown and row_width(longer) <= room:
            row = longer
    return row


def progress(reading: Reading) -> str:
    """How far the sweep is, in a few words."""
    summary = reading.entry.summary
    done, size = sum(result.is_done for result in reading.results), len(reading.results)
    text = plural("{done}/{number} run", "{done}/{number} runs", size, done=done)
    if reading.entry.state == "live":
        left = summary.left if summary is not None else None
        return f"{text} · {format.time_left(left) if left is not None else tr('training')}"
    return text if done == size else f"{text} · {tr('not training')}"


def more(columns: int, rows: int) -> str:
    """How many columns and rows have no room; empty if all have."""
    words = [plural("{number} more column", "{number} more columns", columns)] if columns else []
    words += [plural("{number} more row", "{number} more rows", rows)] if rows else []
    return ", ".join(words)


def fixed(folder: SweepFolder, choice: Choice, selected: int) -> Row:
    """The settings that are no axis, with their values; `[ ]` change the selected one."""
    others = choice.others(folder.sweep)
    values = {axis.key: axis.values for axis in folder.sweep.axes}
    pieces: list[Piece] = []
    for number, (key, _) in enumerate(others):
        place = choice.at.get(key, 0)
        if key == SEED:
            seed = folder.sweep.seed + place - 1
            if place:
                text = tr("seed {seed}", seed=seed)
            else:
                text = plural("the only seed", "median of {number} seeds", folder.sweep.seeds)
        else:
            text = f"{short_name(key)} {format.setting(key, values[key][place])}"
        pieces += [Piece("  "), Piece(text, "accent" if number == selected else "text")]
    return tuple(pieces[1:])
