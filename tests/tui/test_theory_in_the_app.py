"""The theory opened from the lab."""

from pathlib import Path

import pytest

import scenarios
from engine.storage.run_log import RunLog
from scenarios.theory import page_for, page_ids
from tests.engine.lab import origin
from tests.tui.lab_bench import NARROW, opened
from tui_vanish.lab.screen import LabScreen
from tui_vanish.runs.screen import RunsScreen
from tui_vanish.theory.page_view import Contents
from tui_vanish.theory.screen import TheoryScreen
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.summary import Summary, write_summary


async def test_t_opens_the_page_that_explains_the_highlighted_scenario(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("linear-exploding")
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "chain"
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)


async def test_t_on_a_scenario_without_a_page_opens_the_list_then_the_last_page(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("broken")
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id is None
        await bench.press("enter", "escape", "escape", "t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "learning-circle"


async def test_a_second_click_opens_a_page_of_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("broken")
        await bench.press("t")
        theory = bench.app.screen
        assert isinstance(theory, TheoryScreen)
        for opened_page in (None, page_ids()[3]):
            await bench.pilot.click(Contents, offset=(5, 3))
            assert theory.query_one(Contents).page_id == page_ids()[3]
            assert theory.page_id == opened_page


@pytest.mark.parametrize("key", ["d", "w", "question_mark"])
async def test_t_opens_the_page_of_the_shown_run_from_the_screens_over_the_lab(
    key: str, tmp_path: Path
) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("linear-exploding")
        run.sample(1)
        await bench.settle()
        await bench.press(key)
        before = bench.app.screen
        assert not isinstance(before, LabScreen)
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "chain"
        await bench.press("escape")
        assert bench.app.screen is before


async def test_in_a_comparison_t_opens_the_page_of_the_focused_entrant(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        for scenario in ("depth-7", "linear-exploding"):
            await bench.highlight(scenario)
            await bench.press("space")
        await bench.press("c", "j", "t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "chain"


async def test_among_the_saved_runs_t_opens_the_page_of_the_highlighted_run(tmp_path: Path) -> None:
    scenario = scenarios.load("adam").resolved()
    run = tmp_path / "runs" / "20260101-120000-adam-ab12"
    RunLog(run, scenario, 42, origin()).close()
    write_summary(run, Summary("adam", 42, Status.STOPPED))
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = run.parent
        await bench.press("r")
        runs = bench.app.screen
        assert isinstance(runs, RunsScreen)
        assert runs._reading is not None
        await runs._reading
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "optimizers"


def test_a_variant_has_the_page_of_its_original() -> None:
    assert page_for("relu-2") == page_for("relu") == "activations"
    assert page_for("my-own-2") is None


@pytest.mark.parametrize("before", ["", "t"], ids=["from the lab", "from a page"])
async def test_the_palette_opens_a_page_by_its_title(before: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("depth-7")
        await bench.press(*([before] if before else []), "colon", *"Theory: SDAGD")
        await bench.app.workers.wait_for_complete()
        await bench.press("enter")
        await bench.settle()
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "sdagd"
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)


async def test_training_continues_behind_a_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        await bench.press("t")
        run.sample(10)
        await bench.settle()
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)
        assert bench.app.session.snapshot.runs[0].step == 10


async def test_with_ascii_a_whole_page_is_ascii(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW, ascii=True) as bench:
        await bench.highlight("depth-7")
        await bench.press("t")
        assert "Gioi thieu van de" in bench.text
        assert "slides:" in bench.text
