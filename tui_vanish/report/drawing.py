"""Figures as SVG: small, without a script, and with a text for each thing that can be pointed at."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from scenarios.problems import printable
from tui_vanish.report.figures import Chart, Figure, Heat, Line, Schedule, number

WIDTH, HEIGHT = 760, 300
LEVELS = 12  # colours of a heat map
COLOURS = 8
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 10, 44
_ROW, _MOST_ROWS_IN_FULL = 18, 40
_LONGEST = 22  # characters of a name beside a row
_CHARACTER = 6.4  # width

LIGHT = ("#0b62c4", "#b3261e", "#1a7f37", "#8a4b00", "#6f42c1", "#00727a", "#ad1f75", "#5a5f00")
DARK = ("#79b8ff", "#ff8a80", "#7ee787", "#ffb86b", "#d2a8ff", "#56d4dd", "#ff9bd2", "#d7d75f")
# By name, because resvg and some viewers of SVG know no other sans-serif font than Arial.
_FONTS = "'DejaVu Sans','Liberation Sans','Noto Sans',Arial,Helvetica,sans-serif"
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
# From little to much: dark to light, so that it is readable without colours.
HEAT = (
    "#440154", "#482173", "#433e85", "#38598c", "#2d708e", "#25858e",
    "#1e9b8a", "#2bb07f", "#51c56a", "#85d54a", "#c2df23", "#fde725",
)  # fmt: skip


def style(colours: Sequence[str], ink: str, faint: str) -> str:
    """The style sheet of the figures, with one theme's colours."""
    rules = [f".axis,.tick{{stroke:{faint};fill:none}}", f".text{{fill:{ink};font:12px {_FONTS}}}"]
    rules += [".line{fill:none;stroke-width:1.8}", f".event{{stroke:{faint};stroke-dasharray:3 3}}"]
    rules += [f".bar{{fill:{faint};fill-opacity:.35;stroke:{ink}}}", f".change{{fill:{colours[1]}}}"]
    for place, colour in enumerate(colours):
        rules += [f".c{place}{{stroke:{colour}}}", f".d{place}{{fill:{colour}}}"]
    rules += [f".h{place}{{fill:{colour}}}" for place, colour in enumerate(HEAT)]
    return "".join(rules)


def svg(figure: Figure, *, alone: bool = False) -> str:
    """A figure as an SVG element.

    Args:
        figure: what it shows.
        alone: whether it becomes a file of its own, with its heading and style.
    """
    body, height = _drawn(figure)
    texts = f"<title>{_text(figure.title)}</title><desc>{_text(figure.about)}</desc>"
    if not alone:
        return (
            f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{_text(figure.title)}">'
            f"{texts}{body}</svg>"
        )
    heading = f'<text class="text" x="{WIDTH / 2}" y="18" text-anchor="middle">{_text(figure.title)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height + 28}" '
        f'viewBox="0 0 {WIDTH} {height + 28}">{texts}<style>{style(LIGHT, "#1b1f24", "#8c959f")}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{heading}'
        f'<g transform="translate(0 28)">{body}</g></svg>\n'
    )


def _drawn(figure: Figure) -> tuple[str, int]:
    match figure:
        case Chart():
            height = HEIGHT + 18 * math.ceil(len(figure.lines) / 3)
            return "".join(_chart(figure)), height
        case Heat():
            return "".join(_heat(figure)), _heat_height(figure)
        case Schedule():
            return "".join(_schedule(figure)), _TOP + 46 * len(figure.rows) + _BOTTOM


# ------------------------------------------------------------------------------------- line charts


def _chart(chart: Chart) -> Iterator[str]:
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    low_x, high_x = _range([x for line in chart.lines for x in line.xs])
    if chart.places:
        low_x, high_x = -0.5, len(chart.places) - 0.5
    values = [y for line in chart.lines for y in line.ys if _is_drawn(y, is_log=chart.is_log)]
    low_y, high_y = _range([math.log10(y) if chart.is_log else y for y in values if y is not None])
    if not chart.is_log and not chart.places:
        low_y = min(low_y, 0.0) if low_y > 0 and low_y < 0.3 * high_y else low_y

    def at_x(x: float) -> float:
        return _LEFT + (right - _LEFT) * (x - low_x) / (high_x - low_x)

    def at_y(y: float) -> float:
        place = math.log10(y) if chart.is_log else y
        return bottom - (bottom - _TOP) * (place - low_y) / (high_y - low_y)

    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
    for place, text in _y_ticks(chart, low_y, high_y):
        y = at_y(place)
        yield f'<path class="tick" d="M{_LEFT - 4} {y:.1f}h4"/>'
        yield _label(_LEFT - 7, y + 4, text, "end")
    ticks = (
        [(float(place), name) for place, name in enumerate(chart.places)]
        if chart.places
        else [(x, f"{x:g}") for x in _nice(low_x, high_x, 7)]
    )
    every = max(1, math.ceil(len(ticks) * 60 / (right - _LEFT)))
    for x, text in ticks[::every]:
        yield f'<path class="tick" d="M{at_x(x):.1f} {bottom}v4"/>'
        yield _label(at_x(x), bottom + 17, text, "middle")
    yield _label((right + _LEFT) / 2, bottom + 34, chart.x_label, "middle")
    yield _upright((bottom + _TOP) / 2, chart.y_label)
    for x, text in chart.events:
        if low_x <= x <= high_x:
            shape = f"M{at_x(x):.1f} {_TOP}V{bottom}"
            yield f'<path class="event" d="{shape}"><title>{_text(text)}</title></path>'
    for place, line in enumerate(chart.lines):
        points = [
            (at_x(x), at_y(y) if y is not None and _is_drawn(y, is_log=chart.is_log) else None)
            for x, y in zip(line.xs, line.ys, strict=True)
        ]
        yield from _line(chart, line, points)
        column, row = place % 3, place // 3
        x, y = _LEFT + column * (right - _LEFT) / 3, HEIGHT + 18 * row
        yield f'<path class="line c{line.colour % COLOURS}"{_dash(line)} d="M{x:.0f} {y}h24"/>'
        yield _label(x + 30, y + 4, line.label, "start", 32)


def _line(chart: Chart, line: Line, points: Sequence[tuple[float, float | None]]) -> Iterator[str]:
    drawn, pen = [], "M"
    for x, y in points:
        if y is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    colour = line.colour % COLOURS
    if drawn:
        yield (
            f'<path class="line c{colour}"{_dash(line)} d="{"".join(drawn)}">'
            f"<title>{_text(line.label)}</title></path>"
        )
    if line.has_dots:
        for (x, y), value, place in zip(points, line.ys, line.xs, strict=True):
            if y is not None:
                name = chart.places[int(place)] if chart.places else f"{place:g}"
                text = f"{line.label}, {name}: {number(value, is_share=chart.is_share)}"
                look = f'class="line c{colour}" r="6"' if line.dashed else f'class="d{colour}" r="3.2"'
                yield f'<circle {look} cx="{x:.1f}" cy="{y:.1f}"><title>{_text(text)}</title></circle>'


def _dash(line: Line) -> str:
    dashes = "4 4" if line.dashed else _DASHES[line.colour // COLOURS % len(_DASHES)]
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _is_drawn(y: float | None, *, is_log: bool) -> bool:
    return y is not None and math.isfinite(y) and (y > 0 or not is_log)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest, with some room between them."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        return low - 0.5, high + 0.5
    return low, high


def _y_ticks(chart: Chart, low: float, high: float) -> list[tuple[float, str]]:
    if not chart.is_log:
        return [(y, number(y, is_share=chart.is_share)) for y in _nice(low, high, 5)]
    step = max(1, math.ceil((high - low) / 6))
    powers = range(math.ceil(low), math.floor(high) + 1, step)
    if len(powers) < 2:
        return [(10**low, f"{10**low:.2g}"), (10**high, f"{10**high:.2g}")]
    return [(10.0**power, f"1e{power}") for power in powers]


def _nice(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two numbers."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((factor * power for factor in (1, 2, 5, 10) if factor * power >= raw), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [place * step for place in range(first, math.floor(high / step + 1e-9) + 1)]


# --------------------------------------------------------------------------------------- heat maps


def _row_height(heat: Heat) -> float:
    return _ROW if len(heat.rows) <= _MOST_ROWS_IN_FULL else _ROW * _MOST_ROWS_IN_FULL / len(heat.rows)


def _heat_height(heat: Heat) -> int:
    return round(_TOP + _row_height(heat) * len(heat.rows) + _BOTTOM + 30)


def level(value: float, low: float, high: float, *, is_log: bool) -> int:
    """Which colour of a heat map a number has."""
    if is_log:
        value, low, high = math.log10(value), math.log10(low), math.log10(high)
    share = 0.5 if high <= low else (value - low) / (high - low)
    return min(LEVELS - 1, max(0, int(share * LEVELS)))


def _heat(heat: Heat) -> Iterator[str]:
    left = 20 + min(_LONGEST, max(map(len, heat.rows), default=0)) * _CHARACTER + 14
    height = _row_height(heat)
    bottom = _TOP + height * len(heat.rows)
    width = (WIDTH - _RIGHT - left) / max(1, len(heat.columns))
    known = [v for row in heat.cells for v in row if _is_drawn(v, is_log=heat.is_log) and v is not None]
    low, high = min(known, default=1.0), max(known, default=1.0)
    paths: dict[int, list[str]] = {}
    for row, values in enumerate(heat.cells):
        levels = [
            level(v, low, high, is_log=heat.is_log)
            if v is not None and _is_drawn(v, is_log=heat.is_log)
            else -1
            for v in values
        ]
        bounds = [0, *(i for i, (a, b) in enumerate(pairwise(levels), 1) if a != b), len(levels)]
        for begin, end in pairwise(bounds):
            if levels[begin] >= 0:
                x, length = left + begin * width, (end - begin) * width
                shape = f"M{x:.1f} {_TOP + row * height:.1f}h{length:.1f}v{height:.1f}h{-length:.1f}z"
                paths.setdefault(levels[begin], []).append(shape)
    for place, shapes in sorted(paths.items()):
        yield f'<path class="h{place}" d="{"".join(shapes)}"/>'
    every = max(1, math.ceil(13 / height))
    for row, name in enumerate(heat.rows):
        if row % every == 0:
            yield _label(left - 6, _TOP + (row + 0.5) * height + 4, name, "end", _LONGEST)
    room = max((len(text) for text in heat.columns), default=1) * _CHARACTER + 12
    every = max(1, math.ceil(room / width))
    for column, text in list(enumerate(heat.columns))[::every]:
        yield _label(left + (column + 0.5) * width, bottom + 16, text, "middle")
    yield _label((left + WIDTH - _RIGHT) / 2, bottom + 34, heat.x_label, "middle")
    yield _upright((bottom + _TOP) / 2, heat.y_label)
    scale = bottom + 46
    yield _label(left - 6, scale + 10, number(low, is_share=heat.is_share), "end")
    for place in range(LEVELS):
        yield f'<rect class="h{place}" x="{left + 16 * place:.1f}" y="{scale}" width="16" height="12"/>'
    yield _label(left + 16 * LEVELS + 6, scale + 10, number(high, is_share=heat.is_share), "start")


# --------------------------------------------------------------------------------------- schedules


def _schedule(schedule: Schedule) -> Iterator[str]:
    left = 10 + _CHARACTER * min(_LONGEST, max(len(row[0]) for row in schedule.rows)) + 14
    span = WIDTH - _RIGHT - left
    end = max(1, schedule.end)
    for place, (label, last, stages, changes) in enumerate(schedule.rows):
        y = _TOP + 46 * place
        yield _label(left - 8, y + 19, label, "end", _LONGEST)
        first_steps = [step for step, _ in stages] or [0]
        for number_of, (begin, stop) in enumerate(pairwise([*first_steps, max(last, first_steps[-1])]), 1):
            x, width = left + span * begin / end, span * (stop - begin) / end
            text = stages[number_of - 1][1] if stages else label
            yield (
                f'<rect class="bar" x="{x:.1f}" y="{y + 4}" width="{max(1.0, width):.1f}" height="22">'
                f"<title>{_text(text)}</title></rect>"
            )
            if width > 14 and len(first_steps) > 1:
                yield _label(x + width / 2, y + 19, str(number_of), "middle")
        for step, text in changes:
            x = left + span * step / end
            yield (
                f'<path class="change" d="M{x:.1f} {y + 26}l5 10h-10z"><title>{_text(text)}</title></path>'
            )
    bottom = _TOP + 46 * len(schedule.rows)
    yield f'<path class="axis" d="M{left:.1f} {bottom}h{span:.1f}"/>'
    for tick in _nice(0, end, 7):
        yield _label(left + span * tick / end, bottom + 16, f"{tick:g}", "middle")


def _label(x: float, y: float, text: str, anchor: str, longest: int = 60) -> str:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    whole = "" if cut == text else f"<title>{_text(text)}</title>"
    return f'<text class="text" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_text(cut)}{whole}</text>'


def _upright(y: float, text: str) -> str:
    """The label of the y axis."""
    place = f"translate(13 {y:.1f}) rotate(-90)"
    return f'<text class="text" text-anchor="middle" transform="{place}">{_text(text)}</text>'


def _text(text: str) -> str:
    """A text for SVG and HTML. What would control a terminal or a page is escaped."""
    return escape(printable(text))
