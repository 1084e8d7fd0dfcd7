import math
from pathlib import Path
from unittest.mock import PropertyMock, patch

import pytest

from engine.measure.inspection import Histogram
from engine.protocol.commands import Inspect
from engine.runtime.state import Notice
from tests import goldens
from tests.tui.fake_engine import FakeRun, bell
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.drawing.glyphs import ASCII, UTF8
from tui_vanish.instruments.histogram import HistogramView
from tui_vanish.lab.screen import LabScreen
from tui_vanish.monitor.layer_screen import LayerScreen


async def looking(bench: Bench) -> FakeRun:
    run = await bench.train()
    run.train_epochs(2)
    await bench.settle()
    await bench.press("3", "j", "j", "d")
    return run


async def test_d_measures_the_selected_layer_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await looking(bench)
        assert isinstance(bench.app.screen, LayerScreen)
        assert bench.engine.sent == [Inspect(run.name, "layer2")]
        assert "layer 2" in bench.text
        assert "at step 236" in bench.text
        await bench.press("enter")
        assert bench.engine.sent == [Inspect(run.name, "layer2")] * 2


async def test_j_and_k_show_the_neighbours_and_the_lab_selects_the_last_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await looking(bench)
        await bench.press("j", "k", "k", "k", "k")
        layers = [sent.layer for sent in bench.engine.sent if isinstance(sent, Inspect)]
        assert layers == ["layer2", "layer3", "layer2", "layer1"]
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)
        assert bench.lab.looks.layer == "layer1"


async def test_without_a_selected_layer_the_accused_one_is_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.sample(1)
        run.find("vanishing", "it does", layer="layer3")
        await bench.settle()
        await bench.press("d")
        assert bench.engine.sent == [Inspect(run.name, "layer3")]


async def test_the_histogram_of_the_old_layer_is_not_shown_while_the_new_one_is_measured(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        await looking(bench)
        with patch.object(bench.engine, "send", lambda command: None):
            await bench.press("j")
            assert "measuring" in bench.text
            assert "█" not in bench.text


async def test_before_the_first_measurement_the_screen_shows_what_it_waits_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.train_epochs(1)
        await bench.settle()
        with patch.object(bench.engine, "send", lambda command: None):
            await bench.press("3", "j", "d")
            assert "layer 1" in bench.text
            assert bench.text.count("measuring…") == 4


@pytest.mark.parametrize("about", ["the run", "the engine"])
async def test_a_refusal_ends_the_wait(about: str, tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        run = await bench.train()
        run.train_epochs(1)
        bench.engine.notify(Notice(1, run.name, "warning", "an earlier warning"))
        await bench.settle()
        why = "trained by process 77: T takes it over"

        def refuse(command: object) -> None:
            bench.engine.notify(Notice(2, run.name if about == "the run" else "", "warning", why))

        with patch.object(bench.engine, "send", refuse):
            await bench.press("3", "j", "d")
            await bench.settle()
        assert "measuring" not in bench.text
        assert bench.text.count("not measured") == 4
        assert why in bench.text
        await bench.press("enter")
        await bench.settle()
        assert "not measured" not in bench.text


async def test_without_a_run_no_layer_can_be_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("d")
        assert isinstance(bench.app.screen, LabScreen)
        assert "This scenario has no run yet; enter trains it." in bench.text


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_the_layer_screen_matches_its_golden(
    size: tuple[int, int], ascii: bool, tmp_path: Path
) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        await looking(bench)
        text = bench.text
    if ascii:
        assert text.isascii()
    goldens.check(f"lab/detail-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)


def drawn(histogram: Histogram | None, width: int = 70, height: int = 6, hint: str = "") -> list[str]:
    view = HistogramView("Weights")
    view.show(histogram, hint)
    with patch.object(HistogramView, "alphabet", PropertyMock(return_value=UTF8)):
        canvas = view.draw(width, height)
    return [canvas.line(y).rstrip() for y in range(height)]


def test_a_bin_with_a_single_value_is_visible() -> None:
    counts = (1, *[0] * 62, 1_000_000)
    lines = drawn(Histogram(-1.0, 1.0, counts, 0.0, 1.0, 0, 0))
    assert lines[-2][2] == "▁"
    assert lines[-2][3:65].strip() == ""
    assert [line[65] for line in lines[1:-1]] == ["█"] * 4


def test_the_shares_of_zeros_and_of_values_that_are_not_finite_are_shown() -> None:
    seen = Histogram(0.0, 1.0, (50, *[0] * 62, 30), 0.2, 0.1, 50, 20)
    text = "\n".join(drawn(seen))
    assert "zero 50 %" in text
    assert "not finite 20 %" in text


@pytest.mark.parametrize("size", [(0, 0), (10, 2), (30, 3), (70, 6), (200, 20)])
def test_a_histogram_is_drawn_at_any_size_and_with_any_values(size: tuple[int, int]) -> None:
    nothing = Histogram(math.nan, math.nan, (0,) * 64, math.nan, math.nan, 0, 5)
    for histogram in (bell(0.1), nothing, None):
        assert len(drawn(histogram, *size)) == size[1]


def test_in_ascii_mode_a_histogram_has_only_ascii() -> None:
    view = HistogramView("Weights")
    view.show(bell(0.1))
    with patch.object(HistogramView, "alphabet", PropertyMock(return_value=ASCII)):
        assert view.draw(70, 6).text().isascii()
