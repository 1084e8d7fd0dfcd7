"""The report as one HTML file, which loads nothing from elsewhere.

Every text from a run's folder or a scenario is escaped on its way into the page. A policy in the page forbids
all scripts except the two that come with it, by their checksum, so that a text that slipped through would not
run either.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from scenarios.problems import printable
from tui_vanish.language import current, tr
from tui_vanish.report import drawing, tables
from tui_vanish.report.figures import Chart, Figure, Heat, Schedule, number
from tui_vanish.report.gather import ReportRun
from tui_vanish.report.tables import Table

_MOST_ROWS = 24  # of the table behind a curve
_MOST_COLUMNS = 12  # of the table behind a heat map
_DIGITS = 6


def page(title: str, made: str, sections: "Iterable[tuple[str, str, str]]", charts: Sequence[Chart]) -> str:
    """The whole page.

    Args:
        title: of the report.
        made: by what and when it was made.
        sections: of each its id, its heading and its HTML.
        charts: those that the script draws.
    """
    parts = list(sections)
    scripts = [_asset("uplot.min.js"), _asset("report.js")]
    hashes = " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts)
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {hashes}"
    links = "".join(f'<li><a href="#{name}">{text_of(heading)}</a></li>' for name, heading, _ in parts)
    body = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{text_of(heading)}</h2>{html}</section>'
        for name, heading, html in parts
    )
    return f"""<!DOCTYPE html>
<html lang="{current()}" data-theme="light"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>{text_of(title)}</title>
<style>{_asset("uplot.min.css")}{_asset("report.css")}{_themes()}</style></head>
<body><a class="skip" href="#main">{text_of(tr("To the contents"))}</a>
<header><h1>{text_of(title)}</h1><p class="soft">{text_of(made)}</p>
<button type="button" id="theme">{text_of(tr("Light or dark"))}</button>
<button type="button" id="unit">{text_of(tr("Steps or epochs"))}</button>
<nav aria-label="{text_of(tr("Contents"))}"><ul>{links}</ul></nav></header>
<main id="main">{body}</main>
<script type="application/json" id="figures">{_data(charts)}</script>
<script>{scripts[0]}</script><script>{scripts[1]}</script></body></html>
"""


def text_of(text: str) -> str:
    """A text for HTML: escaped, and without characters that control something."""
    return escape(printable(text))


@cache
def _asset(name: str) -> str:
    return (files("tui_vanish.report") / "assets" / name).read_text(encoding="utf-8").strip()


def _themes() -> str:
    light = drawing.style(drawing.LIGHT, "#1b1f24", "#8c959f")
    dark = drawing.style(drawing.DARK, "#e6edf3", "#7d8590")
    return f"{light}@media screen{{{within(':root[data-theme=dark]', dark)}}}"


def within(scope: str, rules: str) -> str:
    """A style sheet whose rules apply only inside of a selector."""
    return "".join(
        f"{','.join(f'{scope} {each}' for each in selector.split(','))}{{{rest}}}"
        for selector, _, rest in (rule.partition("{") for rule in rules.split("}") if rule)
    )


def _data(charts: Sequence[Chart]) -> str:
    """The numbers of the charts as JSON in which nothing ends the script element."""
    record = {
        "colours": {"light": drawing.LIGHT, "dark": drawing.DARK},
        "epoch": tr("epoch"),
        "charts": {
            chart.name: {
                "x": printable(chart.x_label),
                "y": printable(chart.y_label),
                "share": chart.is_share,
                "events": [x for x, _ in chart.events],
                "lines": [
                    {
                        "label": printable(line.label),
                        "colour": line.colour,
                        "per": line.per_epoch,
                        "xs": [int(x) for x in line.xs],
                        "ys": [None if y is None else float(f"{y:.{_DIGITS}g}") for y in line.ys],
                    }
                    for line in chart.lines
                ],
            }
            for chart in charts
        },
    }
    text = json.dumps(record, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# --------------------------------------------------------------------------------------- the parts


def table(content: Table, *, has_caption: bool = True) -> str:
    """A table that can be scrolled to the side, by keys too."""
    caption = f"<caption class='soft'>{text_of(content.title)}</caption>" if has_caption else ""
    head = "".join(f'<th scope="col">{text_of(each)}</th>' for each in content.columns)
    rows = "".join(map(_row, content.rows))
    name = text_of(content.title)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}"><table>{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(cells: Sequence[str]) -> str:
    first, *rest = map(text_of, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in rest)}</tr>'


def figure(content: Figure) -> str:
    """A figure: its picture, what it shows, and the table behind it."""
    heading = f"<h3>{text_of(content.title)}</h3>"
    shows = f"<figcaption>{text_of(content.about)}</figcaption>"
    listed = table(behind(content), has_caption=False)
    numbers = f"<details><summary>{text_of(tr('The numbers as a table'))}</summary>{listed}</details>"
    picture = drawing.svg(content)
    if isinstance(content, Chart) and not content.places:
        label = text_of(f"{content.title}. {keys()}")
        live = f'<div class="plot" role="group" tabindex="0" aria-label="{label}"></div>'
        live += '<output class="readout"></output>'
        return f'<figure data-figure="{content.name}">{heading}{live}{picture}{shows}{numbers}</figure>'
    return f"<figure>{heading}{picture}{shows}{numbers}</figure>"


def keys() -> str:
    """What the keys and the mouse do in a curve."""
    return tr(
        "Arrow keys read the numbers, + and - zoom, 0 shows everything. With the mouse: drag to zoom, double"
        " click to see everything."
    )


def behind(content: Figure) -> Table:
    """The numbers of a figure as a table; of a long curve, some that are evenly spaced."""
    match content:
        case Chart(places=()):
            return _behind_curve(content)
        case Chart():
            tops = [dict(zip(line.xs, line.ys, strict=True)) for line in content.lines]
            rows = tuple(
                (name, *(number(top.get(float(place)), is_share=content.is_share) for top in tops))
                for place, name in enumerate(content.places)
            )
            return Table(content.title, (content.x_label, *(line.label for line in content.lines)), rows)
        case Heat():
            chosen = _spread(len(content.columns), _MOST_COLUMNS)
            rows = tuple(
                (name, *(number(values[place], is_share=content.is_share) for place in chosen))
                for name, values in zip(content.rows, content.cells, strict=True)
            )
            columns = tuple(f"{content.x_label} {content.columns[place]}" for place in chosen)
            return Table(content.title, (content.y_label, *columns), rows)
        case Schedule():
            found = [
                (label, str(step), text)
                for label, _, stages, changes in content.rows
                for step, text in sorted((*stages, *changes))
            ]
            return Table(content.title, (tr("run"), tr("step"), tr("what")), tuple(found))


def _behind_curve(chart: Chart) -> Table:
    steps = sorted({x for line in chart.lines for x in line.xs})
    chosen = [steps[place] for place in _spread(len(steps), _MOST_ROWS)]
    rows = []
    for step in chosen:
        cells = []
        for line in chart.lines:
            known = [y for x, y in zip(line.xs, line.ys, strict=True) if x <= step and y is not None]
            ended = step > line.xs[-1] if line.xs else True
            cells.append("" if ended or not known else number(known[-1], is_share=chart.is_share))
        rows.append((f"{step:g}", *cells))
    return Table(chart.title, (chart.x_label, *(line.label for line in chart.lines)), tuple(rows))


def _spread(length: int, most: int) -> list[int]:
    """At most so many places, evenly spaced, with the first and the last."""
    if length <= most:
        return list(range(length))
    return sorted({round(place * (length - 1) / (most - 1)) for place in range(most)})


def again(runs: Sequence[ReportRun]) -> str:
    """How each run is made again: its command, its versions and all its settings."""
    return "".join(_again(each) for each in runs)


def _again(each: ReportRun) -> str:
    rows = tuple(tables.settings(each))
    listed = table(Table(tr("Settings of {run}", run=each.label), (tr("setting"), tr("value")), rows))
    return (
        f"<h3>{text_of(each.label)}</h3><pre tabindex='0'><code>{text_of(tables.command(each))}</code></pre>"
        f"<p class='soft'>{text_of(tables.versions(each))}</p>"
        f"<details><summary>{text_of(tr('All settings'))}</summary>{listed}</details>"
    )


def verdicts(runs: Sequence[ReportRun]) -> Iterator[str]:
    """The verdicts of each run, with what was not looked at."""
    for each in runs:
        yield f"<h3>{text_of(each.label)}</h3>"
        if each.findings:
            yield table(tables.findings(each), has_caption=False)
        elif each.run.watched is None:
            yield f"<p>{text_of(tr('No verdict yet.'))}</p>"
        yield from (f"<p>{text_of(line)}</p>" for line in tables.remarks(each))
