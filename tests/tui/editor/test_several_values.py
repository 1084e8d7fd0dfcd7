"""Several values in a field of the editor: each combination is a variant, and all are compared."""

from pathlib import Path

import pytest

import scenarios
from scenarios.branches import Branch
from scenarios.schema import Scenario, Sgd
from tests.tui.editor.test_form import typed
from tests.tui.editor.test_screen import edit
from tests.tui.lab_bench import NARROW, Bench, opened
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.compare.terms_dialog import TermsDialog
from tui_vanish.editor import several
from tui_vanish.editor.screen import EditorScreen
from tui_vanish.lab.screen import LabScreen

MOST = 8


def branches(**changes: str) -> list[Branch]:
    read = several.read_all(scenarios.load("depth-7"), typed(**changes), MOST)
    assert isinstance(read, list)
    return read


def problems(**changes: str) -> dict[str, str]:
    read = several.read_all(scenarios.load("depth-7"), typed(**changes), MOST)
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("0.01, 0.03, 0.1", [0.01, 0.03, 0.1]),
        ("0.01,0.02", [0.01, 0.02]),
        ("0.1..0.3/0.1", [0.1, 0.2, 0.3]),
        ("log:0.01:1:3", [0.01, 0.1, 1.0]),
    ],
)
def test_a_field_takes_the_values_of_a_grid(text: str, rates: list[float]) -> None:
    made = branches(optimizer__lr=text)
    optimizers = [branch.scenario.optimizer for branch in made]
    assert [each.lr for each in optimizers if isinstance(each, Sgd)] == rates
    assert len({branch.scenario.id for branch in made}) == len(rates)


def test_titles_say_what_differs_from_the_edited_scenario() -> None:
    made = branches(optimizer__lr="0.02, 0.03", model__hidden_layers="9")
    assert [branch.label for branch in made] == ["lr=0.02", "lr=0.03"]
    assert [branch.scenario.title for branch in made] == [
        "depth-7 with 9 layers, lr 0.02",
        "depth-7 with 9 layers, lr 0.03",
    ]


def test_a_decimal_comma_is_not_taken_for_two_values() -> None:
    (said,) = problems(optimizer__lr="1,5").values()
    assert said == "write 1.5 for one value, or 1, 5 with a space for two"
    assert problems(optimizer__lr="0,05").keys() == {"optimizer.lr"}
    assert len(branches(optimizer__lr="1, 5")) == 2
    assert {each.scenario.mlp.hidden_layers for each in branches(model__hidden_layers="3,5")} == {3, 5}


def test_values_in_two_fields_are_combined() -> None:
    made = branches(optimizer__lr="0.02, 0.03", model__hidden_layers="3, 5")
    assert len({branch.label for branch in made}) == 4
    assert {each.scenario.mlp.hidden_layers for each in made} == {3, 5}


def test_one_value_is_no_comparison() -> None:
    read = several.read_all(scenarios.load("depth-7"), typed(optimizer__lr="0.02"), MOST)
    assert isinstance(read, Scenario)


def test_what_is_wrong_is_said_of_its_field() -> None:
    assert problems(optimizer__lr="0.01, nine").keys() == {"optimizer.lr"}
    assert problems(optimizer__lr="0.01, -1").keys() == {"optimizer.lr"}
    assert "twice" in problems(optimizer__lr="0.01, 0.01")["optimizer.lr"]
    assert problems(optimizer__lr="0.01, 0.1", model__width="x").keys() == {"model.width"}
    many = problems(optimizer__lr="1, 2, 3", model__hidden_layers="1, 2, 3")
    assert many == {"optimizer.lr": "9 variants, but at most 8 are compared; vanish-tui sweep trains more"}


def test_a_field_that_does_not_apply_is_not_read() -> None:
    read = several.read_all(scenarios.load("depth-7"), typed(model__beta="1, 2, 3"), MOST)
    assert isinstance(read, Scenario)


async def layers(bench: Bench, *keys: str) -> None:
    """Edit depth-7, and type another number of layers, the first field."""
    await edit(bench, "backspace", *keys)


async def test_several_values_start_a_comparison(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await layers(bench, *"3,5", "enter")
        assert isinstance(bench.app.screen, TermsDialog)
        assert "Compare hidden_layers=3, hidden_layers=5" in bench.text
        await bench.press("enter")
        assert isinstance(bench.app.screen, CompareScreen)
        assert [run.scenario.mlp.hidden_layers for run in bench.engine.runs] == [3, 5]
        bench.engine.be_ready()
        for run in bench.engine.runs:
            run.start()
        await bench.settle()
        assert "hidden_layers=3" in bench.text
        await bench.press("escape")
        ids = [entry.id for entry in bench.app.session.catalogue.entries]
        assert ids[-2:] == ["depth-7-2-hidden_layers-3", "depth-7-2-hidden_layers-5"]


async def test_nothing_is_listed_if_the_user_cancels(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        before = bench.app.session.catalogue.entries
        await layers(bench, *"3,5", "enter", "escape")
        assert isinstance(bench.app.screen, LabScreen)
        assert bench.engine.runs == []
        assert bench.app.session.catalogue.entries == before


async def test_the_same_values_again_are_new_variants(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        for _ in range(2):
            await layers(bench, *"3,5", "enter", "enter")
            await bench.press("escape")
        assert len({run.scenario.id for run in bench.engine.runs}) == 4


async def test_the_form_says_what_enter_does(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await edit(bench)
        assert "0.01, 0.1 in a field compares both" in bench.text
        assert bench.footer.startswith("⏎ train")
        await bench.press("backspace", *"3,5")
        assert "compare hidden_layers=3, hidden_layers=5" in bench.text
        assert bench.footer.startswith("⏎ compare")


async def test_several_values_are_not_saved(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.app.session.catalogue.user_dir = tmp_path / "own"
        await layers(bench, *"3,5", "ctrl+s")
        assert isinstance(bench.app.screen, EditorScreen)
        assert "A file has one value in each field" in bench.text
        assert not (tmp_path / "own").exists()
