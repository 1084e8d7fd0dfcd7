import math
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from scenarios.index import race
from tests.tui.lab_bench import WIDE, Bench, opened
from tui_vanish.drawing.chart import SERIES_ROLES, series_role
from tui_vanish.instruments.line_chart import LineChart
from tui_vanish.themes import DARK, LIGHT, PLAIN, SAFE, THEMES, next_theme
from tui_vanish.widgets.table import TableRows


def brightness(colour: str) -> float:
    """Relative luminance as in WCAG 2."""
    parsed = Color.parse(colour)
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (parsed.r / 255, parsed.g / 255, parsed.b / 255)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)


def heat(theme: Theme) -> list[str]:
    return [theme.variables[f"heat-{number}"] for number in range(1, 6)]


def test_the_themes_form_a_cycle() -> None:
    name = DARK.name
    seen = []
    for _ in THEMES:
        _, theme = next_theme(name)
        name = theme.name
        seen.append(name)
    assert seen == [LIGHT.name, SAFE.name, PLAIN.name, DARK.name]
    assert next_theme("an unknown theme")[1] is DARK


@pytest.mark.parametrize("theme", [DARK, LIGHT, SAFE], ids=lambda theme: theme.name)
def test_the_heatmap_s_colours_get_steadily_stronger_against_the_background(theme: Theme) -> None:
    steps = [contrast(colour, theme.background or "") for colour in heat(theme)]
    assert steps == sorted(steps)
    assert all(later / earlier > 1.15 for earlier, later in pairwise(steps))


@pytest.mark.parametrize("theme", [DARK, LIGHT, SAFE], ids=lambda theme: theme.name)
def test_every_text_has_enough_contrast(theme: Theme) -> None:
    background = theme.background or ""
    colours = (theme.primary, theme.secondary, theme.accent, theme.success, theme.warning, theme.error)
    assert all(contrast(colour or "", background) >= 4.5 for colour in (*colours, theme.foreground))
    assert contrast(theme.variables["quiet"], background) >= 4.5


async def trained(bench: Bench) -> None:
    run = await bench.train()
    run.train_epochs(3)
    run.intervene("lr", value=0.02)
    run.find("vanishing", "it does", layer="layer1", suggestions=("depth-3",))
    await bench.settle()
    await bench.app.workers.wait_for_complete()
    await bench.press("h")


async def test_the_plain_theme_sends_only_the_terminal_s_own_colours(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        await trained(bench)
        bench.app.theme = PLAIN.name
        await bench.settle()
        colours = set()
        for strip in bench.app.screen._compositor.render_strips(bench.app.size):
            for segment in strip:
                style = segment.style
                if style is not None:
                    colours |= {colour for colour in (style.color, style.bgcolor) if colour is not None}
    assert colours
    assert not [colour for colour in colours if colour.triplet is not None]


async def test_no_color_leaves_no_colour_after_the_theme_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path, WIDE) as bench:
        await trained(bench)
        await bench.press("ctrl+t")
        assert "NO_COLOR is set, so the theme cannot be changed." in bench.text
        assert bench.app.theme == PLAIN.name


LINE_COLOURS = [f"series-{number}" for number in range(1, SERIES_ROLES + 1)]


def lab_of(colour: str) -> tuple[float, float, float]:
    """The colour in CIELAB (D65), where distances are about as large as they look."""
    parsed = Color.parse(colour)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (parsed.r / 255, parsed.g / 255, parsed.b / 255)
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str) -> float:
    return math.dist(lab_of(one), lab_of(other))


@pytest.mark.parametrize("theme", [DARK, LIGHT, SAFE], ids=lambda theme: theme.name)
def test_the_lines_of_a_chart_are_clear_of_the_background_and_of_each_other(theme: Theme) -> None:
    colours = [theme.variables[name] for name in LINE_COLOURS]
    assert all(contrast(colour, theme.background or "") >= 3 for colour in colours)
    assert all(distance(one, other) >= 30 for one, other in combinations(colours, 2))
    train, test, batch = colours[:3]  # in the lab
    assert distance(train, test) >= 90
    assert distance(test, batch) >= 60


def test_the_terminal_s_own_colours_differ_for_each_line() -> None:
    assert len({PLAIN.variables[name] for name in LINE_COLOURS}) == SERIES_ROLES


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
async def test_each_run_of_a_race_has_its_own_colour_in_chart_and_table(theme: Theme, tmp_path: Path) -> None:
    entrants = len(race())
    async with opened(tmp_path) as bench:
        bench.app.theme = theme.name
        chart, table = LineChart(), TableRows()
        await bench.app.screen.mount(chart, table)
        for widget in (chart, table):
            styles = [
                widget.get_component_rich_style(f"canvas--{series_role(number)}")
                for number in range(entrants)
            ]
            assert len({style.color for style in styles}) == entrants
        for number in range(entrants):
            name = f"canvas--{series_role(number)}"
            assert chart.get_component_styles(name).color == table.get_component_styles(name).color
