from itertools import pairwise
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme

from scenarios.index import race
from tests.tui.lab_bench import WIDE, Bench, opened
from tui_vanish.drawing.chart import series_role
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


class Lines(App[None]):
    """A chart, and a table with a row per line."""

    def compose(self) -> ComposeResult:
        yield LineChart()
        yield TableRows()


@pytest.mark.parametrize("theme", [DARK, LIGHT, SAFE], ids=lambda theme: theme.name)
async def test_each_run_of_a_race_has_its_own_colour_in_chart_and_table(
    theme: Theme,
) -> None:
    entrants = len(race())
    app = Lines()
    async with app.run_test():
        app.register_theme(theme)
        app.theme = theme.name
        chart, table = app.query_one(LineChart), app.query_one(TableRows)
        for widget in (chart, table):
            styles = [
                widget.get_component_rich_style(f"canvas--{series_role(number)}")
                for number in range(entrants)
            ]
            assert len({style.color for style in styles}) == entrants
        for number in range(entrants):
            name = f"canvas--{series_role(number)}"
            assert chart.get_component_styles(name).color == table.get_component_styles(name).color
