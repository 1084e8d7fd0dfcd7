import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests import goldens
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.instruments.heatmap import Heat, HeatMap, Moment
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.quantities import QUANTITIES

NAMES = ("layer1", "layer2", "layer3", "output")


def moment(x: float, *norms: float | None, frozen: str = "") -> Moment:
    """Gradient norms from layer 1 on; None where a layer has none."""
    layers = (
        LayerSample(name=name, grad_norm=norm, saturated=norm, frozen=name == frozen)
        for name, norm in zip(NAMES, norms, strict=False)
    )
    return Moment(x, tuple(layers))


# Layer 1 wakes up at epoch 5, layer 2 dies at epoch 8, layer 3 is built at epoch 3 and frozen at epoch 6.
STORY = Heat(
    NAMES,
    tuple(
        moment(
            epoch / 10,
            1e-7 if epoch < 50 else 1e-2,
            1e-3 if epoch < 80 else 0.0,
            *(() if epoch < 30 else (None if epoch > 60 else 1e-4, 0.5)),
            frozen="layer3" if epoch > 60 else "",
        )
        for epoch in range(101)
    ),
)


class MapApp(App[None]):
    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__()
        self.set_class(ascii_only, "-ascii", update=False)

    def compose(self) -> ComposeResult:
        heat = HeatMap()
        heat.styles.width, heat.styles.height = 60, 6
        yield heat

    @property
    def map(self) -> HeatMap:
        return self.query_one(HeatMap)

    def row(self, name: str) -> str:
        lines = (self.map.render_line(y).text for y in range(6))
        return next(line for line in lines if line[1:].startswith(name))[9:].rstrip()


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
async def test_the_map_looks_as_it_was_found_right(ascii: bool) -> None:
    app = MapApp(ascii)
    async with app.run_test(size=(80, 20)):
        app.map.show(replace(STORY, selected="layer2"))
        lines = [app.map.render_line(y).text.rstrip() for y in range(6)]
    goldens.check(f"heatmap/story-60x6-{'ascii' if ascii else 'utf8'}", "\n".join(lines))


async def test_a_layer_that_wakes_up_is_seen_at_its_time_without_colour() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 20)):
        app.map.show(STORY)
        row = app.row("layer 1")
    asleep, awake = row[0], row[-1]
    assert "▁▂▃▄▅▆▇█".index(awake) > "▁▂▃▄▅▆▇█".index(asleep)
    assert row.index(awake) == pytest.approx(len(row) / 2, abs=1)


async def test_zero_what_is_frozen_and_what_is_not_built_have_signs_of_their_own() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 20)):
        app.map.show(STORY)
        assert app.row("layer 2").endswith("0" * 5)
        layer3 = app.row("layer 3")
    assert layer3.startswith(" " * 10)
    assert layer3.endswith("░" * 10)


async def test_numbers_that_are_not_finite_ruin_neither_the_scale_nor_the_map() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 20)):
        moments = (moment(0, 1e-3, math.inf, math.nan, 1.0), moment(1, math.nan, 1e-3, 1e300, 1e-300))
        app.map.show(Heat(NAMES, moments))
        assert app.row("layer 1")[-1] == "×"
        assert app.row("layer 2")[0] == "×"
        head = app.map.render_line(0).text
    assert "1e-300" in head
    assert "1e300" in head


async def test_saturation_is_shown_on_a_scale_from_none_to_all() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 20)):
        app.map.show(Heat(NAMES, (moment(0, 0.0, 1.0),), quantity=QUANTITIES["saturated"]))
        assert app.row("layer 1") == "▁"
        assert app.row("layer 2") == "█"
        assert "0 % ▁▂▃▄▅▆▇█ 100 %" in app.map.render_line(0).text


async def test_a_further_measurement_repaints_its_columns_only() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 20)):
        app.map.show(replace(STORY, moments=STORY.moments[:95]))
        asked: list[Region] = []
        with patch.object(app.map, "refresh", lambda *regions: asked.extend(regions)):
            app.map.show(replace(STORY, moments=STORY.moments[:97]))
        assert asked
        assert sum(region.width for region in asked) <= 8


@pytest.mark.parametrize(("width", "height"), [(0, 0), (5, 5), (17, 3), (60, 3), (60, 2)])
def test_no_size_breaks_it(width: int, height: int) -> None:
    app = MapApp()
    heat = HeatMap()
    with patch.object(HeatMap, "app", app):
        heat._heat = STORY
        canvas = heat.draw(width, height)
    assert (canvas.width, canvas.height) == (width, height)


async def woken(bench: Bench) -> None:
    run = await bench.train()
    for step in range(1, 800, 10):
        grown = 1e-7 * 10 ** (step / 160)
        layers = [
            LayerSample(name=name, grad_norm=grown * 7.2**place, delta_norm=grown * 3**place, saturated=0.1)
            for place, name in enumerate(run.names)
        ]
        run.sample(step, layers=layers)
    await bench.settle()
    await bench.app.workers.wait_for_complete()
    await bench.press("h")


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_h_shows_the_layers_over_time_as_they_were_found_right(
    size: tuple[int, int], ascii: bool, tmp_path: Path
) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        await woken(bench)
        text = bench.text
    if ascii:
        assert text.isascii()
    goldens.check(f"lab/over-time-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)


async def test_v_changes_what_the_map_shows_and_h_leads_back_to_the_bars(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await woken(bench)
        assert "Weight gradient by layer over time" in bench.text
        await bench.press("v")
        assert "Delta by layer over time" in bench.text
        await bench.press("v", "v", "v")
        assert "0 % ▁▂▃▄▅▆▇█ 100 %" in bench.text
        await bench.press("h")
        assert "Saturation by layer ─" in bench.text
        assert "▁▂▃▄▅▆▇█" not in bench.text


async def test_a_layer_can_be_selected_in_the_map(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await woken(bench)
        await bench.press("3", "j", "j")
        assert "▸layer 2" in bench.text
