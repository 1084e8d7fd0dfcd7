import math
from dataclasses import replace
from pathlib import Path

import pytest

import scenarios
from tests import goldens
from tests.tui.fake_engine import SECONDS_PER_STEP, STEPS_PER_EPOCH, FakeEngine, FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.monitor import chart_controls, charts
from tui_vanish.monitor.axis import RunAxis
from tui_vanish.monitor.charts import smoothed
from tui_vanish.monitor.looks import ChartLooks, Unit
from vanish_recorder.protocol.status import Status


def trained(epochs: int = 12) -> FakeRun:
    run = FakeRun(FakeEngine(), "r", scenarios.load("depth-7"), 42)
    run.start()
    run.train_epochs(epochs)
    return run


# ------------------------------------------------------------------------------- zoom and cursor


def test_zooming_in_halves_the_view_and_keeps_the_newest_point() -> None:
    looks = chart_controls.zoomed(ChartLooks(), 100.0, 1)
    assert looks.window == (50.0, 100.0)
    assert chart_controls.zoomed(looks, 100.0, 1).window == (75.0, 100.0)


def test_zooming_in_keeps_the_cursor_in_the_middle_if_possible() -> None:
    assert chart_controls.zoomed(ChartLooks(cursor=60.0), 100.0, 1).window == (35.0, 85.0)
    assert chart_controls.zoomed(ChartLooks(cursor=5.0), 100.0, 1).window == (0.0, 50.0)


def test_zooming_out_ends_with_the_whole_run() -> None:
    looks = ChartLooks(window=(75.0, 100.0))
    looks = chart_controls.zoomed(looks, 100.0, -1)
    assert looks.window == (50.0, 100.0)
    assert chart_controls.zoomed(looks, 100.0, -1).window is None


def test_the_zoom_is_limited_and_an_empty_run_cannot_be_zoomed() -> None:
    looks = ChartLooks()
    for _ in range(100):
        looks = chart_controls.zoomed(looks, 100.0, 1)
    assert looks.window is not None
    assert looks.window[1] - looks.window[0] >= 100 / 1024
    assert chart_controls.zoomed(ChartLooks(), 0.0, 1).window is None


def test_the_cursor_appears_at_the_newest_point_and_stays_on_the_run() -> None:
    looks = chart_controls.moved(ChartLooks(), 80.0, -1)
    assert looks.cursor == 80.0
    assert chart_controls.moved(looks, 80.0, -1).cursor == 78.0
    assert chart_controls.moved(looks, 80.0, 1).cursor == 80.0
    assert chart_controls.moved(looks, 80.0, -1000).cursor == 0.0
    assert chart_controls.moved(ChartLooks(), 0.0, 1).cursor is None


def test_the_view_follows_the_cursor() -> None:
    looks = ChartLooks(window=(40.0, 80.0), cursor=40.0)
    assert chart_controls.moved(looks, 80.0, -1).window == (39.0, 79.0)
    assert chart_controls.moved(looks, 80.0, 10).window == (40.0, 80.0)


def test_another_unit_resets_zoom_and_cursor() -> None:
    looks = ChartLooks(window=(1.0, 2.0), cursor=1.5, y_log=True)
    assert chart_controls.in_next_unit(looks) == ChartLooks(unit="step", y_log=True)


# --------------------------------------------------------------------------------------- charts


def test_the_legend_of_the_accuracy_keeps_its_width_from_a_few_per_cent_on() -> None:
    run = trained(2).view.snapshot()
    last = run.charts.test_accuracy[-1]
    widths = set()
    for accuracy in (0.088, 0.1, 0.871):
        points = (*run.charts.test_accuracy[:-1], last._replace(value=accuracy))
        chart = charts.accuracy_chart(
            replace(run, charts=replace(run.charts, test_accuracy=points)), ChartLooks()
        )
        widths.add(len(chart.lines[-1].label))
    assert widths == {len("test 10.0 %")}


@pytest.mark.parametrize(
    ("unit", "place"),
    [("epoch", 12.0), ("step", 12.0 * STEPS_PER_EPOCH), ("second", 12 * STEPS_PER_EPOCH * SECONDS_PER_STEP)],
)
def test_x_is_an_epoch_a_step_or_a_second(unit: Unit, place: float) -> None:
    chart = charts.loss_chart(trained().view.snapshot(), ChartLooks(unit=unit))
    assert chart.lines[1].xs[-1] == pytest.approx(place)


def test_the_time_of_a_step_between_two_measured_ones_is_interpolated() -> None:
    axis = RunAxis(trained().view.snapshot(), "second")
    for step in (1, 57, 118, 999):
        assert axis.at_step(step) == pytest.approx(step * SECONDS_PER_STEP, abs=10 * SECONDS_PER_STEP)
    assert (
        RunAxis(FakeRun(FakeEngine(), "r", scenarios.load("depth-7"), 1).view.snapshot(), "second").at_step(5)
        == 0.0
    )


def test_the_label_shows_the_last_value_before_the_cursor() -> None:
    snapshot = trained().view.snapshot()
    points = snapshot.charts.train_loss
    chart = charts.loss_chart(snapshot, ChartLooks(cursor=5.5))
    assert chart.lines[1].label == f"train {points[4].value:.4f}"
    assert [mark.letter for mark in chart.marks if mark.kind == "cursor"] == ["epoch 5.5"]
    before = charts.loss_chart(snapshot, ChartLooks(cursor=0.5))
    assert before.lines[1].label == ""


def test_the_label_shows_the_measured_value_not_the_smoothed_one() -> None:
    snapshot = trained().view.snapshot()
    plain, smooth = (charts.loss_chart(snapshot, ChartLooks(smoothing=level)) for level in (0, 2))
    assert plain.lines[1].label == smooth.lines[1].label
    assert plain.lines[1].ys != smooth.lines[1].ys


def test_smoothing_keeps_a_constant_and_the_beginning() -> None:
    assert smoothed([2.0] * 5, 0.9) == pytest.approx((2.0,) * 5)
    assert smoothed([1.0, 0.0], 0.5) == pytest.approx((1.0, 1 / 3))
    assert smoothed([3.0, 1.0, 2.0], 0.0) == (3.0, 1.0, 2.0)


def test_values_that_are_not_finite_do_not_change_the_smoothed_line() -> None:
    values = smoothed([1.0, math.nan, 1.0, math.inf, 1.0], 0.9)
    assert math.isnan(values[1])
    assert values[3] == math.inf
    assert [values[place] for place in (0, 2, 4)] == pytest.approx([1.0] * 3)


# ------------------------------------------------------------------------------------------ keys


async def training(bench: Bench, folder: Path) -> FakeRun:
    bench.engine.runs_folder = folder
    run = await bench.train()
    run.save()
    run.train_epochs(12, final_loss=0.4, final_accuracy=0.8)
    await bench.settle()
    return run


async def test_each_key_changes_how_the_charts_are_drawn(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench, tmp_path / "runs")
        await bench.press("y", "o", "u")
        assert bench.lab.looks.charts == ChartLooks(unit="step", y_log=True, smoothing=1)
        await bench.press("y", "o", "o", "u", "u")
        assert bench.lab.looks.charts == ChartLooks()
        await bench.press("right", "left", "shift+left", "z")
        looks = bench.lab.looks.charts
        assert looks.cursor == pytest.approx(12 - 11 * 12 / 40)
        assert looks.window is not None
        await bench.press("Z")
        assert bench.lab.looks.charts == replace(looks, window=None)


async def test_esc_removes_the_cursor_first_and_then_the_zoom(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench, tmp_path / "runs")
        await bench.press("z", "left")
        await bench.press("escape")
        assert bench.lab.looks.charts.cursor is None
        assert bench.lab.looks.charts.window is not None
        await bench.press("escape")
        assert bench.lab.looks.charts.window is None


async def test_another_scenario_is_shown_without_zoom(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench, tmp_path / "runs")
        await bench.press("y", "z", "left")
        await bench.highlight("depth-3")
        assert bench.lab.looks.charts == ChartLooks(y_log=True)


async def test_another_run_of_the_scenario_is_shown_without_zoom(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await training(bench, tmp_path / "runs")
        await bench.press("y", "z", "left")
        run.end(Status.STOPPED)
        await bench.settle()
        assert bench.lab.looks.charts.window is not None
        await bench.press("enter")
        bench.engine.runs[-1].start()
        await bench.settle()
        assert bench.lab.looks.charts == ChartLooks(y_log=True)


async def test_without_a_run_the_chart_keys_do_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        before = bench.text
        await bench.press("left", "right", "z", "Z")
        assert bench.text == before


LOOKS: dict[str, tuple[str, ...]] = {
    "cursor": ("2", "left", "shift+left"),
    "zoom": ("2", "left", "shift+left", "z", "z"),
    "log-smooth-steps": ("2", "y", "o", "u"),
}


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("looks", LOOKS)
async def test_the_charts_match_their_goldens(
    looks: str, size: tuple[int, int], ascii: bool, tmp_path: Path
) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        run = await training(bench, tmp_path / "runs")
        await bench.press(*LOOKS[looks])
        while bench.app.session.past.reading(run.name):
            await bench.pilot.pause()
        await bench.settle()
        text = bench.text
    goldens.check(f"lab/charts-{looks}-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)
