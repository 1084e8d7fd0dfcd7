"""Watched runs in the compare screen, beside each other and beside a scenario's run."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine import made_up_watched as made_up
from tests.tui.lab.test_models import Watched
from tests.tui.lab_bench import LARGE, NARROW, WIDE, Bench, opened
from tui_vanish.compare.screen import CompareScreen

OTHER = "20260102-120000-gpt-wide"


async def compared(bench: Bench, *runs: str) -> None:
    """Compare these runs, as `c` in the list of runs does."""
    bench.app.session.comparison.begin_with_runs(runs)
    bench.app.navigation.open_comparison()
    await bench.settle()
    assert isinstance(bench.app.screen, CompareScreen)


def two(bench: Bench) -> Watched:
    """Two runs of other depths, of which the second one has got further."""
    Watched(bench, made_up.course(range(1, 102, 10)))
    deep = made_up.structure(6)
    about: dict[str, Any] = {"config": {"optimizer.lr": 0.001, "model.layers": 6, "batch": 64}}
    start = made_up.started(made_up.description("gpt-wide", **about))
    samples = [made_up.measured(step, deep, loss=3 / step) for step in range(1, 202, 10)]
    return Watched(bench, [start, deep, *samples], run=OTHER, name="gpt-wide", **about)


@pytest.mark.parametrize("size", [NARROW, WIDE, LARGE], ids=str)
async def test_two_are_compared_by_what_their_scripts_log(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size) as bench:
        run = two(bench)
        await bench.settle()
        await compared(bench, made_up.RUN, OTHER)
        text = bench.text
        assert "gpt-small" in text
        assert "gpt-wide" in text
        assert "loss at step 101" in text
        assert "2 runs · step 201" in text
        assert "test acc." not in text, "none of them has one"
        run.add(made_up.measured(211, made_up.structure(6)))
        await bench.settle()
        assert "step 211" in bench.text
        while "0.001" not in bench.text:
            await bench.press("v")
        assert "optimizer.lr" in bench.text
        assert "batch" not in bench.text, "both have the same"


async def test_their_blocks_are_in_one_row_by_name(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        two(bench)
        await bench.settle()
        await compared(bench, made_up.RUN, OTHER)
        rows = [line for line in bench.text.splitlines() if "h." in line]
        assert [next(word for word in row.split() if word.startswith("h.")) for row in rows] == [
            f"h.{number}" for number in range(6)
        ]


async def test_beside_a_scenario_it_is_said_which_numbers_only_one_has(tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        run = await bench.train("depth-3")
        run.train_epochs(2)
        Watched(bench, made_up.course(range(1, 102, 10)))
        await bench.settle()
        await compared(bench, run.name, made_up.RUN)
        text = bench.text
        assert "only A has test accuracy" in text
        assert "3 before the last" in text
        await bench.press("x")
        assert "which alone can start it again" in bench.text


async def test_what_only_its_script_can_do_is_not_offered(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        two(bench)
        await bench.settle()
        await compared(bench, made_up.RUN, OTHER)
        assert bench.label_of["pause_one"] == bench.label_of["stop_one"] == ""
        screen = bench.app.screen
        assert isinstance(screen, CompareScreen)
        assert screen.scenario_id is None
        await bench.press("enter")
        shown = bench.lab.shown_run
        assert shown is not None
        assert shown.run == made_up.RUN


async def test_l_shows_what_both_log(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        what = made_up.structure()
        sample = made_up.measured(1, what, logged={"loss": 2.0, "reward": 7.0})
        Watched(bench, [made_up.started(), what, sample])
        start = made_up.started(made_up.description("gpt-wide"))
        Watched(bench, [start, what, sample], run=OTHER, name="gpt-wide")
        await bench.settle()
        await compared(bench, made_up.RUN, OTHER)
        assert "reward" not in bench.text
        await bench.press("l")
        assert "reward" in bench.text
