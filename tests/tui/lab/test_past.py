"""The cursor shows the run as it was: bars, numbers, verdict, timeline, all from the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.tracking.snapshot import Snapshot
from tests import goldens
from tests.tui.fake_engine import STEPS_PER_EPOCH, FakeRun, vanishing_profile
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.lab.run_pane import RunPane
from tui_vanish.monitor.playback import SPEEDS, WHOLE_SECONDS
from tui_vanish.monitor.why_screen import WhyScreen
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.status import Status

EPOCHS = 12
LAST = EPOCHS * STEPS_PER_EPOCH
FOUND = 4 * STEPS_PER_EPOCH  # the step at which a verdict begins


@asynccontextmanager
async def trained(
    folder: Path, size: tuple[int, int] = WIDE, *, saved: bool = True, ascii: bool = False
) -> AsyncIterator[tuple[Bench, FakeRun]]:
    """A run that trains, whose gradient doubles in every epoch, with a verdict from its fifth epoch on."""
    async with opened(folder, size, ascii=ascii) as bench:
        bench.engine.runs_folder = folder / "runs"
        bench.lab.playback.clock = lambda: 0.0  # a test plays by hand
        run = await bench.train()
        if saved:
            run.save()
        for epoch in range(1, EPOCHS + 1):
            train_epoch(run, epoch)
            if run.step == FOUND:
                run.find("vanishing", "Layer 1 gets little.", layer="layer1", since=FOUND - 8)
        await bench.settle()
        yield bench, run


def train_epoch(run: FakeRun, epoch: int) -> None:
    loss = 2.4 - 0.1 * epoch
    for step in range((epoch - 1) * STEPS_PER_EPOCH + 1, epoch * STEPS_PER_EPOCH, 10):
        run.sample(step, loss=loss, layers=profile(run, epoch))
    run.epoch = epoch
    run.finish_epoch(test_loss=loss, test_accuracy=0.05 * epoch)


def profile(run: FakeRun, epoch: int) -> list[LayerSample]:
    layers = vanishing_profile(run.names)
    return [replace(layer, grad_norm=(layer.grad_norm or 0.0) * 2**epoch) for layer in layers]


async def press(bench: Bench, *keys: str) -> None:
    """Press keys, and wait until the log has been read."""
    await bench.press(*keys)
    past = bench.app.session.past
    while any(past.reading(run.name) for run in bench.engine.runs):
        await bench.pilot.pause()
    await bench.settle()


def seen(bench: Bench) -> Snapshot:
    run = bench.lab.seen_run
    assert run is not None
    return run


def live_at(run: FakeRun, step: int) -> Snapshot:
    """What the screen showed when the run was at that step."""
    copy = FakeRun(run.engine, run.name, run.scenario, run.seed)
    for event in run.events:
        if event.step <= step:
            copy._say(event)
    return copy.view.snapshot()


def drawn(bench: Bench) -> str:
    """The run's pane without its charts and its first line, which says where the cursor is."""
    pane = bench.lab.query_one(RunPane)
    rows = bench.text.splitlines()[pane.region.y : pane.region.bottom]
    below = pane.query_one("#layers-top").region.y - pane.region.y
    return "\n".join(row[pane.region.x :] for row in rows[below:])


async def test_the_screen_shows_what_it_showed_at_that_step(tmp_path: Path) -> None:
    """Bars, numbers and verdict below the charts, sign by sign."""
    async with trained(tmp_path) as (bench, run):
        for step in (1, 11, FOUND - 1, FOUND, 700, LAST):
            bench.lab.go_to(step)
            await press(bench)
            assert seen(bench) == live_at(run, step)
            then = drawn(bench)
            bench.engine.runs[:] = [copy := FakeRun(bench.engine, run.name, run.scenario, run.seed)]
            for event in run.events:
                if event.step <= step:
                    copy._say(event)
            bench.lab.go_to(None)
            await bench.settle()
            assert drawn(bench) == then
            bench.engine.runs[:] = [run]
            bench.engine.sequence += 1
            await bench.settle()


async def test_the_cursor_moves_everything_and_end_returns_to_now(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, run):
        await press(bench, "left", "shift+left", "shift+left")
        step = round(LAST / 2)
        assert bench.lab.visit is not None
        assert bench.lab.visit.step == step
        assert seen(bench) == live_at(run, step)
        assert f"at step {step} of 1 416 · end returns to now" in bench.text
        assert bench.label_of["moment"] == "now"
        await press(bench, "end")
        assert bench.lab.visit is None
        assert seen(bench).step == LAST
        assert "returns to now" not in bench.text


async def test_home_goes_to_the_first_step(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, run):
        await press(bench, "2", "home")
        assert seen(bench) == live_at(run, 1)
        assert "at step 1 of 1 416" in bench.text


async def test_without_a_run_in_sight_home_and_end_go_to_the_ends_of_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await press(bench, "end")
        assert bench.lab.scenario_id == "broken"
        await press(bench, "home")
        assert bench.lab.scenario_id == "depth-3"


async def test_a_run_continues_to_train_while_its_past_is_shown(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, run):
        bench.lab.go_to(FOUND)
        await press(bench)
        then = drawn(bench)
        train_epoch(run, EPOCHS + 1)
        await bench.settle()
        assert drawn(bench) == then
        assert f"at step {FOUND} of 1 534" in bench.text
        bench.lab.go_to(LAST + 50)
        await press(bench)
        assert seen(bench) == live_at(run, LAST + 50)
        await press(bench, "end")
        assert seen(bench) == run.view.snapshot()


async def test_a_verdict_of_later_is_not_known_yet(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, _):
        bench.lab.go_to(FOUND - 1)
        await press(bench)
        assert "VANISHING" not in bench.text
        await press(bench, "w")
        assert isinstance(bench.app.screen, WhyScreen)
        assert "No verdict yet." in bench.text
        await press(bench, "escape")
        bench.lab.go_to(FOUND)
        await press(bench)
        assert "VANISHING" in bench.text


async def test_another_unit_keeps_the_step(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, _):
        bench.lab.go_to(FOUND)
        for _ in range(4):
            await press(bench, "u")
            assert bench.lab.visit is not None
            assert FOUND - 10 <= bench.lab.visit.step <= FOUND


async def test_a_run_plays_from_its_first_step_and_ends_at_now(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, run):
        playback = bench.lab.playback
        await press(bench, "comma")
        assert playback.speed == 1
        playback.advance(WHOLE_SECONDS / 60)
        await press(bench)
        assert bench.lab.visit is not None
        assert bench.lab.visit.step == pytest.approx(LAST / 60, abs=15)
        assert seen(bench) == live_at(run, bench.lab.visit.step)
        assert "playing 1× · at step" in bench.text
        assert bench.label_of["play"] == "pause"
        await press(bench, "comma")
        assert playback.speed is None
        await press(bench, "greater_than_sign", "greater_than_sign", "greater_than_sign", "greater_than_sign")
        assert playback.speed == SPEEDS[-1]
        before = bench.lab.visit.step
        for _ in range(int(WHOLE_SECONDS)):
            playback.advance(1.0)
        assert before < LAST
        assert playback.speed is None
        assert bench.lab.visit is None


async def test_a_key_that_moves_the_cursor_pauses(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, _):
        for keys in (("right",), ("escape",), ("home",), ("end",)):
            bench.lab.go_to(100, play=2.0)
            assert bench.lab.playback.speed == 2
            await press(bench, *keys)
            assert bench.lab.playback.speed is None


async def test_slower_and_faster_have_an_end(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, _):
        bench.lab.go_to(1, play=1.0)
        for keys, speed in (("<", SPEEDS[0]), (">", SPEEDS[-1])):
            for _ in SPEEDS:
                await bench.press({"<": "less_than_sign", ">": "greater_than_sign"}[keys])
            assert bench.lab.playback.speed == speed


async def test_nothing_is_played_behind_another_screen(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, _):
        bench.lab.go_to(100, play=1.0)
        await press(bench, "w")
        bench.lab.playback.advance(1.0)
        assert bench.lab.looks.charts.cursor == pytest.approx(100 / STEPS_PER_EPOCH)


async def test_without_a_log_only_the_charts_show_the_past(tmp_path: Path) -> None:
    async with trained(tmp_path, saved=False) as (bench, run):
        bench.lab.go_to(100)
        await press(bench)
        assert seen(bench) == run.view.snapshot()
        assert "Only the charts show the past: not a run: run.json is missing." in bench.text


async def test_a_run_that_ended_shows_its_past(tmp_path: Path) -> None:
    async with trained(tmp_path) as (bench, run):
        run.end(Status.STOPPED)
        await bench.settle()
        bench.lab.go_to(FOUND)
        await press(bench)
        assert seen(bench).status is Status.RUNNING
        bench.lab.go_to(LAST)
        await press(bench)
        assert seen(bench) == run.view.snapshot()


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("what", ["bars", "heatmap", "playing"])
async def test_the_past_matches_its_goldens(
    what: str, size: tuple[int, int], ascii: bool, tmp_path: Path
) -> None:
    async with trained(tmp_path, size, ascii=ascii) as (bench, _):
        bench.lab.go_to(6 * STEPS_PER_EPOCH + 20, play=2.0 if what == "playing" else None)
        bench.lab.look(over_time=what == "heatmap")
        await press(bench)
        text = bench.text
    goldens.check(f"lab/past-{what}-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)
