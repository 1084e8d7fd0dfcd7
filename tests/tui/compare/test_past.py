"""The cursor of the shared axis shows every compared run as it was: ranks, profiles, verdicts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import goldens
from tests.tui.compare.test_screen import mark
from tests.tui.fake_engine import STEPS_PER_EPOCH
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.compare import cursor
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.monitor.playback import WHOLE_SECONDS

EPOCHS = 8
ACCURACIES = ((20, 30, 40, 50, 50, 50, 50, 50), (10, 15, 20, 45, 60, 70, 75, 80))  # in %, after each epoch


@asynccontextmanager
async def compared(folder: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[Bench, CompareScreen]]:
    """depth-3 leads until epoch 4; then depth-7 passes it, and gets a verdict."""
    async with opened(folder, size) as bench:
        bench.engine.runs_folder = folder / "runs"
        await mark(bench, "depth-3", "depth-7")
        await bench.press("c", "enter")
        bench.engine.be_ready()
        for run, accuracies in zip(bench.engine.runs, ACCURACIES, strict=True):
            run.start()
            run.save()
            for epoch, accuracy in enumerate(accuracies, 1):
                run.sample((epoch - 1) * STEPS_PER_EPOCH + 1)
                run.epoch = epoch
                run.finish_epoch(test_loss=2.3 - accuracy / 100, test_accuracy=accuracy / 100)
        bench.engine.runs[1].find("healthy", "It learns.", since=STEPS_PER_EPOCH * EPOCHS)
        await bench.settle()
        screen = bench.app.screen
        assert isinstance(screen, CompareScreen)
        screen.playback.clock = lambda: 0.0  # a test plays by hand
        yield bench, screen


async def press(bench: Bench, *keys: str) -> None:
    """Press keys, and wait until the logs have been read."""
    await bench.press(*keys)
    past = bench.app.session.past
    while any(past.reading(run.name) for run in bench.engine.runs):
        await bench.pilot.pause()
    await bench.settle()


def standing(bench: Bench, label: str) -> list[str]:
    row = next(line for line in bench.text.splitlines() if f" {label} " in line and "/100" in line)
    return row.split()


async def test_the_ranks_are_those_of_that_epoch(tmp_path: Path) -> None:
    async with compared(tmp_path) as (bench, _):
        assert "healthy" in bench.text
        now = [standing(bench, label) for label in ("depth-3", "depth-7")]
        assert [row[row.index("%") - 1] for row in now] == ["50.0", "80.0"]
        await press(bench, "left", "shift+left", "shift+left")
        assert "at epoch 4 of 8 · end returns to now" in bench.text
        then = [standing(bench, label) for label in ("depth-3", "depth-7")]
        assert [row[row.index("%") - 1] for row in then] == ["50.0", "45.0"]
        assert "healthy" not in bench.text
        await press(bench, "end")
        assert [standing(bench, label) for label in ("depth-3", "depth-7")] == now


async def test_the_runs_continue_and_esc_returns_to_now_first(tmp_path: Path) -> None:
    async with compared(tmp_path) as (bench, screen):
        await press(bench, "home")
        for run in bench.engine.runs:
            run.sample(run.step + 1)
        await bench.settle()
        assert "at epoch 0 of" in bench.text
        await press(bench, "escape")
        assert bench.app.screen is screen
        assert "returns to now" not in bench.text
        await press(bench, "escape")
        assert bench.app.screen is not screen


async def test_it_plays_to_the_end(tmp_path: Path) -> None:
    async with compared(tmp_path) as (bench, screen):
        await press(bench, "comma")
        screen.playback.advance(1.0)
        await press(bench)
        assert f"playing 1× · at epoch {EPOCHS / WHOLE_SECONDS:.2f} of 8" in bench.text
        await press(bench, "greater_than_sign")
        assert "playing 2×" in bench.text
        for _ in range(int(WHOLE_SECONDS)):
            screen.playback.advance(1.0)
        await press(bench)
        assert screen.playback.speed is None
        assert "returns to now" not in bench.text


async def test_a_run_that_has_not_come_so_far_is_shown_as_it_is(tmp_path: Path) -> None:
    async with compared(tmp_path) as (bench, screen):
        bench.engine.runs[1].sample(EPOCHS * STEPS_PER_EPOCH + 3 * STEPS_PER_EPOCH)
        await bench.settle()
        await press(bench, "left", "left")
        entrants = screen._entrants
        seen = cursor.seen_at(bench.app.session.past, entrants, cursor.newest(entrants) * 39 / 40)
        assert seen[0] == entrants[0]
        assert seen[1].present.step < entrants[1].present.step


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_the_past_matches_its_goldens(size: tuple[int, int], tmp_path: Path) -> None:
    async with compared(tmp_path, size) as (bench, _):
        await press(bench, "left", "shift+left", "shift+left")
        text = bench.text
    goldens.check(f"compare/past-{size[0]}x{size[1]}", text)
