"""The dialog before a comparison: its defaults, what it refuses, and what it remembers."""

import json
from pathlib import Path

import pytest

import scenarios
from engine.protocol.budget import Budget
from tests import goldens
from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import NARROW, Bench, catalogue, opened
from tui_vanish.app import VanishApp
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.compare.terms_dialog import TermsDialog
from tui_vanish.lab.screen import LabScreen
from tui_vanish.language import use
from tui_vanish.session.preferences import Preferences, recall
from tui_vanish.session.terms import Terms, terms_of


async def ask(bench: Bench) -> None:
    """Mark two scenarios from where the app begins, and ask for the terms."""
    await bench.press("space", "space", "c")
    assert isinstance(bench.app.screen, TermsDialog)


async def test_from_the_start_of_the_app_a_comparison_of_two_takes_four_keys(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.app.session.prefer(race_budget=Preferences().race_budget)
        keys = ("space", "space", "c", "enter")
        assert len(keys) <= 8
        await bench.press(*keys)
        assert isinstance(bench.app.screen, CompareScreen)
        runs = bench.engine.runs
        assert len({run.scenario.id for run in runs}) == len(runs) == 2
        assert [run.scenario.training.epochs for run in runs] == [10, 10], "the default"


async def test_the_labels_have_room_in_vietnamese(tmp_path: Path) -> None:
    use("vi")
    async with opened(tmp_path) as bench:
        bench.app.session.prefer(race_budget=Preferences().race_budget)
        await ask(bench)
        assert "  Ngân sách 10 epochs " in bench.text
        assert "  Bắt đầu   < " in bench.text


async def test_seconds_and_seeds_are_given_to_each_run_and_remembered(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await ask(bench)
        await bench.press("2", "space", "m", "i", "n")
        await bench.press("tab", "3", "enter")
        runs = bench.engine.runs
        assert [run.seed for run in runs] == [42, 43, 44] * 2
        assert {run.budget for run in runs} == {120.0}
        assert {run.scenario.training.epochs for run in runs} == {100}, "the scenario's"
        assert terms_of(bench.app.session.preferences) == Terms(Budget(seconds=120), 3)
        for run in runs:
            run.start()
        await bench.settle()
        await bench.press("x")
        assert {run.budget for run in bench.engine.runs} == {120.0}, "another seed has the same budget"


async def test_the_choice_is_shown_at_the_next_start(tmp_path: Path) -> None:
    memory = tmp_path / "ui.json"
    memory.write_text(json.dumps({"race_budget": "90 s", "race_seeds": 500, "race_existing": True}))
    app = VanishApp(FakeEngine(), memory=memory)
    assert terms_of(app.session.preferences) == Terms(Budget(seconds=90), 20, existing=True)
    app.session.remember()
    assert recall(memory).race_budget == "90 s"
    assert terms_of(Preferences(race_budget="soon")).budget == Budget(epochs=10)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("s", "o", "o", "n"), "Budget: expected a budget such as 10 epochs, 60 s"),
        (("tab", "0"), "Seeds: enter a whole number from 1 to 20."),
    ],
)
async def test_a_field_that_cannot_be_read_says_why_and_starts_nothing(
    keys: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    async with opened(tmp_path) as bench:
        await ask(bench)
        await bench.press(*keys, "enter")
        assert words in " ".join(bench.text.replace("│", " ").split())
        assert isinstance(bench.app.screen, TermsDialog)
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)
        assert bench.engine.runs == []
        assert len(bench.app.session.comparison.marked) == 2, "the marks are kept"


async def test_runs_that_exist_take_part_as_they_are_if_the_user_wants_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        run.train_epochs(95)
        await bench.settle()
        for name in ("depth-7", "depth-3"):
            await bench.highlight(name)
            await bench.press("space")
        await bench.press("c", "up", "space", "enter")
        assert [each.scenario.id for each in bench.engine.runs] == ["depth-7", "depth-3"], "one is new"
        assert bench.app.session.comparison.lineup.runs == tuple(each.name for each in bench.engine.runs)


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
async def test_picture(ascii: bool, tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW, ascii=ascii, entries=catalogue(tmp_path)) as bench:
        bench.app.session.prefer(race_budget="10 epochs")
        await ask(bench)
        goldens.check(f"compare/terms-80x24-{'ascii' if ascii else 'utf8'}", bench.text)


async def test_it_says_what_the_budget_means_for_a_run_with_stages(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW, entries=None) as bench:
        bench.app.session.catalogue.entries = tuple(scenarios.entries(None))
        bench.app.session.prefer(race_budget="15 epochs")
        await bench.press("C")
        assert isinstance(bench.app.screen, TermsDialog)
        assert "staged: 2 epochs in each of its 7 stages" in bench.text
        await bench.press("6")
        words = " ".join(bench.text.replace("│", " ").split())
        assert "staged: 1 epoch in each of its 7 stages, which is more" in words
        await bench.press("space", "s")
        assert "staged: 100 epochs in each of its 7 stages" in bench.text
        await bench.press("backspace", "backspace", "1", "enter")
        epochs = {run.scenario.id: run.scenario.training.epochs for run in bench.engine.runs}
        assert epochs["staged"] * 7 < 61
        assert epochs["depth-7"] == 61
