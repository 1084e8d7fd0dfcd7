from dataclasses import replace
from unittest.mock import patch

from textual.app import App, ComposeResult
from textual.geometry import Region

from tui_vanish.drawing.chart import Chart, Line
from tui_vanish.drawing.chart_drawing import render
from tui_vanish.instruments.line_chart import LineChart


def falling(points: int, title: str = "loss") -> Chart:
    xs = tuple(x / 10 for x in range(points))
    return Chart(title, (Line("train", xs, tuple(2.3 - x / 10 for x in xs)),), "epoch", (0, 20), (-10, 3))


class Bench(App[None]):
    def compose(self) -> ComposeResult:
        chart = LineChart()
        chart.styles.width, chart.styles.height = 60, 9
        yield chart

    @property
    def chart(self) -> LineChart:
        return self.query_one(LineChart)

    def lines(self) -> list[str]:
        return [self.chart.render_line(y).text for y in range(self.chart.size.height)]


def axis(app: Bench) -> int:
    return next(line.index("│") for line in app.lines() if "│" in line)


async def test_it_shows_the_rendered_chart() -> None:
    app = Bench()
    async with app.run_test(size=(80, 20)):
        app.chart.show(falling(100))
        canvas = render(falling(100), 60, 9)
        assert app.lines() == [canvas.line(y) for y in range(9)]


async def test_ascii_follows_the_app() -> None:
    app = Bench()
    app.add_class("-ascii", update=False)
    async with app.run_test(size=(80, 20)):
        app.chart.show(falling(100))
        assert all(line.isascii() for line in app.lines())


async def test_the_same_chart_is_drawn_once() -> None:
    app = Bench()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.show(falling(100))
        with patch("tui_vanish.instruments.line_chart.render", side_effect=render) as rendered:
            app.chart.show(falling(100))
            app.chart.refresh()
            await pilot.pause()
            assert rendered.call_count == 0
            app.chart.show(falling(101))
            await pilot.pause()
            assert rendered.call_count == 1


async def test_a_further_point_repaints_a_few_cells() -> None:
    app = Bench()
    async with app.run_test(size=(80, 20)):
        app.chart.show(falling(100))
        asked: list[Region] = []
        with patch.object(app.chart, "refresh", lambda *regions: asked.extend(regions)):
            app.chart.show(falling(105))
        assert asked
        assert sum(region.width for region in asked) <= 8


async def test_the_plot_does_not_jump_when_labels_get_shorter() -> None:
    app = Bench()
    async with app.run_test(size=(80, 20)):
        huge = Chart("loss", (Line("train", (0, 1), (1.2e8, 1.3e8)),))
        app.chart.show(huge)
        wide = axis(app)
        app.chart.show(replace(huge, lines=(Line("train", (0, 1), (2.0, 1.0)),)))
        assert axis(app) == wide
        app.chart.show(falling(50, "another"))
        assert axis(app) < wide
