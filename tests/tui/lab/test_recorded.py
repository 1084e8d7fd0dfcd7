"""The recorded runs in the app: opened at once, marked as recorded, compared, never changed."""

from pathlib import Path

import pytest

import scenarios
from engine.protocol.commands import RunCommand
from tests import goldens
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.monitor.charts import accuracy_chart, loss_chart, published_of
from tui_vanish.monitor.looks import ChartLooks
from tui_vanish.runs.screen import RunsScreen

RUN = "recorded:depth-7"


async def press(bench: Bench, *keys: str) -> None:
    """Press keys, and wait until what they need has been read."""
    await bench.press(*keys)
    past = bench.app.session.past
    while any(past.reading(run.run) for run in bench.app.session.snapshot.runs):
        await bench.pilot.pause()
    await bench.settle()


async def list_of_runs(bench: Bench, *keys: str) -> RunsScreen:
    """Open the list of runs, and press keys there."""
    await bench.press("r", *keys)
    screen = bench.app.screen
    assert isinstance(screen, RunsScreen)
    while not screen.is_filled:
        await bench.pilot.pause()
    await bench.settle()
    return screen


async def test_b_opens_the_recorded_run_at_once_and_nothing_is_trained(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert bench.label_of["recorded"] == "recorded"
        await press(bench, "b")
        assert "◆ recorded · epoch 100/100" in bench.text
        assert "VANISHING since step 1" in bench.text
        sent: list[RunCommand] = bench.engine.sent
        assert (bench.engine.runs, sent) == ([], [])
        assert "done" not in bench.text.splitlines()[0]
        row = next(line for line in bench.text.splitlines() if "▸ depth-7" in line)
        assert "10.0 ◆" in row


async def test_its_past_is_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await press(bench, "b", "home")
        seen = bench.lab.seen_run
        assert seen is not None
        assert (seen.run, seen.step, seen.layers_step) == (RUN, 1, 1)
        assert "at step 1 of 11 800" in bench.text


async def test_a_scenario_opens_at_a_step_and_plays(tmp_path: Path) -> None:
    """The interface for a lecture: the run may not have been read yet."""
    async with opened(tmp_path) as bench:
        bench.lab.playback.clock = lambda: 0.0
        bench.app.navigation.open_recorded("depth-7", step=1_180, speed=2.0)
        await press(bench)
        assert bench.lab.visit is not None
        assert (bench.lab.visit.step, bench.lab.playback.speed) == (1_180, 2.0)
        bench.app.navigation.open_recorded("depth-7", step=590)
        await press(bench)
        assert bench.lab.visit is not None
        assert (bench.lab.visit.step, bench.lab.playback.speed) == (590, None)


async def test_b_again_shows_the_run_of_the_user(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        own = await bench.train()
        own.train_epochs(1)
        await press(bench, "b")
        assert bench.lab.shown_run is not None
        assert bench.lab.shown_run.run == RUN
        await press(bench, "b")
        assert bench.lab.shown_run.run == own.name
        await press(bench, "b", "enter")
        assert [run.name for run in bench.engine.runs] != [own.name], "enter trains it again"
        assert not bench.lab.shown_run.is_recorded


async def test_a_scenario_without_a_recorded_run_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("broken")
        await press(bench, "b")
        assert "There is no recorded run of this scenario." in bench.text
        assert bench.engine.followed == []


async def test_the_list_of_runs_adds_them_and_compares_them_with_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        await list_of_runs(bench)
        assert "No runs yet; b shows the recorded ones." in bench.text
        await press(bench, "escape")
        screen = await list_of_runs(bench, "b")
        assert len(screen._entries) >= 2
        rows = [line for line in bench.text.splitlines() if " recorded " in line and " 60 000 " in line]
        assert len(rows) == len(screen._entries)
        assert all("◆" in row for row in rows)
        for name in ("recorded:depth-7", "recorded:linear-exploding"):
            screen._list.select(name)
            await press(bench, "space")
        await press(bench, "c")
        assert isinstance(bench.app.screen, CompareScreen)
        assert bench.engine.followed == ["recorded:depth-7", "recorded:linear-exploding"]
        assert "◆ depth-7 recorded" in bench.text


@pytest.mark.parametrize("key", ["p", "e", "a", "x"])
async def test_a_recorded_run_cannot_be_changed(key: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await list_of_runs(bench, "b")
        await press(bench, key)
        assert "A recorded run comes with the program; it is never changed." in bench.text
        assert bench.engine.sent == []


async def test_the_charts_have_the_published_results(tmp_path: Path) -> None:
    async with opened(tmp_path, entries=scenarios.entries()) as bench:
        for name in ("depth-7", "relu"):
            await bench.highlight(name)
            await press(bench, "b")
        unpublished, relu = bench.app.session.snapshot.runs
        assert published_of(unpublished) is None
        line = loss_chart(relu, ChartLooks()).lines[-1]
        assert (line.xs, line.ys) == ((100.0, 100.0), (0.534, 0.668))
        line = accuracy_chart(relu, ChartLooks()).lines[-1]
        assert line.ys == (0.799, 0.75)
        assert line.label == "published train 79.9 % test 75.0 %"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_a_recorded_run_matches_its_goldens(size: tuple[int, int], tmp_path: Path) -> None:
    async with opened(tmp_path, size, entries=scenarios.entries()) as bench:
        await bench.highlight("relu")
        await press(bench, "b")
        text = bench.text
    goldens.check(f"lab/recorded-{size[0]}x{size[1]}", text)
