"""A comparison from its first sampled steps on: its curves, its progress, and the room that it has."""

from pathlib import Path

import pytest

from tests.tui.compare.test_screen import SIX, compare, entrants, mark, race_two, six
from tests.tui.fake_engine import FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.compare import tables
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.instruments.line_chart import LineChart
from vanish_recorder.protocol.status import Status


def letters_in_the_chart(bench: Bench) -> set[str]:
    chart = bench.app.screen.query_one(LineChart)
    rows = bench.text.splitlines()[chart.region.y : chart.region.bottom]
    inside = "".join(row[8 : chart.region.right] for row in rows)
    return {letter for letter in "ABCDEF" if letter in inside}


async def begin(bench: Bench) -> list[FakeRun]:
    runs = await compare(bench, "depth-7", "depth-3")
    for run in runs:
        for step in range(1, 11):
            run.sample(step)
    await bench.settle()
    return runs


@pytest.mark.parametrize("metric", ["test_accuracy", "train_loss"])
async def test_the_first_ten_steps_are_curves(tmp_path: Path, metric: str) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await begin(bench)
        chart = tables.chart(entrants(bench), metric)
        assert [len(line.xs) for line in chart.lines] == [10, 10]
        assert chart.y_percent == (metric == "test_accuracy")
        assert letters_in_the_chart(bench) == {"A", "B"}
        assert "batch accuracy at first" in bench.text


async def test_from_the_second_epoch_on_the_chosen_metric_is_shown(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        runs = await begin(bench)
        for epochs, words in ((1, "batch accuracy at first"), (2, "Compare  test accuracy ─")):
            for run in runs:
                run.epoch = epochs
                run.finish_epoch()
            await bench.settle()
            assert words in bench.text
        assert all(len(line.xs) == 2 for line in tables.chart(entrants(bench), "test_accuracy").lines)


async def test_the_progress_of_the_whole_comparison_is_shown_until_it_ends(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        runs = await compare(bench, "depth-7", "depth-3")
        for run in runs:
            run.train_epochs(25)
        await bench.settle()
        assert "2 runs · 25 % · " in bench.text
        for run in runs:
            run.end(Status.FINISHED)
        await bench.settle()
        assert "2 runs ─╮" in bench.text


async def test_runs_that_have_not_begun_are_not_counted_as_left_out(tmp_path: Path) -> None:
    async with opened(tmp_path, entries=six(tmp_path)) as bench:
        await mark(bench, *SIX)
        await bench.press("c", "enter")
        assert isinstance(bench.app.screen, CompareScreen)
        assert "shown at once" not in bench.text


@pytest.mark.parametrize(("size", "least"), [(NARROW, 11), (WIDE, 16)], ids=["80x24", "120x36"])
async def test_the_chart_of_six_runs_has_room(tmp_path: Path, size: tuple[int, int], least: int) -> None:
    async with opened(tmp_path, size, entries=six(tmp_path)) as bench:
        for run in await compare(bench, *SIX):
            run.train_epochs(5)
        await bench.settle()
        assert bench.app.screen.query_one(LineChart).size.height >= least


async def test_differences_without_room_are_a_view(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE, entries=six(tmp_path)) as bench:
        for run in await compare(bench, *SIX):
            run.train_epochs(5)
        await bench.settle()
        assert "more ↓" in bench.text
        assert "optimizer.eps" not in bench.text
        await bench.press("v")
        assert "optimizer.eps" in bench.text
        assert bench.text.count("differs") == 1
        assert "more ↓" not in bench.text


async def test_the_lowest_line_says_where_the_runs_train(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        runs = await race_two(bench)
        assert "╰─ each run: 1 core, 50 % of the time ─" in bench.text
        for run in runs:
            run.pause()
        await bench.settle()
        assert "each run" not in bench.text
