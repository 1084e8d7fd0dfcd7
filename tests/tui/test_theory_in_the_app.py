"""The theory opened from the lab."""

from pathlib import Path

import pytest

import scenarios
from engine.protocol.spec import RunSpec
from engine.storage.run_log import RunLog
from engine.tracking.snapshot import RunView
from scenarios.theory import page_for, page_ids
from tests.engine import made_up_watched as made_up
from tests.engine.lab import origin
from tests.tui.lab.test_models import shown
from tests.tui.lab_bench import NARROW, opened
from tui_vanish.lab.screen import LabScreen
from tui_vanish.monitor.tensor_screen import TensorScreen
from tui_vanish.monitor.theory_page import page_of
from tui_vanish.runs.screen import RunsScreen
from tui_vanish.theory.page_view import Contents
from tui_vanish.theory.screen import TheoryScreen
from vanish_recorder.protocol.events import VerdictChanged
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
        await bench.press("c", "enter", "j", "t")
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


def found(kind: str, page: str) -> VerdictChanged:
    """A verdict on a watched run, as the recorder writes it."""
    return VerdictChanged(
        **made_up.at(3),
        state="began",
        kind=kind,
        layer="h.0",
        since_step=3,
        evidence={},
        text="Made up.",
        suggestions=(),
        page=page,
    )


@pytest.mark.parametrize("name", ["gpt-small", "relu"], ids=["a name of its own", "the id of a scenario"])
async def test_on_a_watched_run_t_opens_the_page_of_its_worst_verdict(name: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        steps = made_up.course(range(1, 4))
        verdicts = (found("immovable", "optimizers"), found("vanishing", "chain"))
        await shown(bench, (*steps, *verdicts), name=name)
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "chain"
        await bench.press("escape", "enter")
        assert isinstance(bench.app.screen, TensorScreen)
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == "chain"


def test_a_watched_run_has_no_page_if_its_verdict_names_one_that_does_not_exist() -> None:
    view = RunView(made_up.RUN, RunSpec.of_watched(made_up.description(name="relu")), 0)
    for event in made_up.course(range(1, 4)):
        view.apply(event)
    assert page_of(view.snapshot()) is None
    view.apply(found("vanishing", "a-page-of-the-future"))
    assert page_of(view.snapshot()) is None
    view.apply(found("immovable", "optimizers"))
    assert page_of(view.snapshot()) == "optimizers"


@pytest.mark.parametrize(("verdict", "page"), [("vanishing", "chain"), ("", None)])
async def test_among_the_saved_runs_t_opens_the_page_of_a_watched_run(
    verdict: str, page: str | None, tmp_path: Path
) -> None:
    run = made_up.write(tmp_path / "runs", made_up.course(range(1, 4)))
    write_summary(run, Summary("relu", None, Status.FINISHED, kind="watched", verdict=verdict))
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        await bench.press("r")
        runs = bench.app.screen
        assert isinstance(runs, RunsScreen)
        assert runs._reading is not None
        await runs._reading
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert bench.app.screen.page_id == page


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
