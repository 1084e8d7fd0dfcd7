"""The editor's screen: its fields in terminals of several sizes, and what its keys do."""

import tomllib
from pathlib import Path
from unittest.mock import patch

import pytest

import scenarios
from tests import goldens
from tests.tui.lab_bench import LARGE, NARROW, WIDE, Bench, opened
from tui_vanish.editor import form
from tui_vanish.editor.screen import EditorScreen
from tui_vanish.lab.screen import LabScreen


async def edit(bench: Bench, *keys: str) -> None:
    await bench.highlight("depth-7")
    await bench.press("e", *keys)


async def test_the_title_of_a_variant_says_what_differs(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await edit(bench, "backspace", "9", "enter")
        (run,) = bench.engine.runs
        assert run.scenario.mlp.hidden_layers == 9
        assert run.scenario.title == "depth-7 with 9 layers"
        assert bench.lab.highlighted is not None
        assert bench.lab.highlighted.id == "depth-7-2"
        run.start()
        await bench.settle()
        assert "depth-7-2  depth-7 with 9 layers" in bench.text
        assert "Made here" in bench.text


async def test_a_variant_can_be_trained_again_and_edited_in_turn(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await edit(bench, "backspace", "9", "enter")
        await bench.press("s", "enter")
        assert [run.scenario.mlp.hidden_layers for run in bench.engine.runs] == [9, 9]
        await bench.press("e", "backspace", "4", "enter")
        assert bench.engine.runs[-1].scenario.mlp.hidden_layers == 4
        assert bench.engine.runs[-1].scenario.id == "depth-7-2-2"


async def test_the_command_line_of_a_variant_lists_its_changes(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await edit(bench, "backspace", "9", "enter")
        bench.engine.runs[-1].start()
        await bench.settle()
        with patch.object(bench.app, "copy_to_clipboard") as copied:
            await bench.press("Y")
        assert copied.call_args.args == ("vanish-tui run depth-7 --set model.hidden_layers=9 --seed 42",)


async def test_with_a_problem_the_form_stays_open_and_nothing_is_trained(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await edit(bench, "backspace", "x", "enter")
        assert isinstance(bench.app.screen, EditorScreen)
        assert "! a whole number from 1 to 256" in bench.text
        assert bench.engine.runs == []
        await bench.press("escape")
        await bench.press("enter")  # discard
        assert isinstance(bench.app.screen, LabScreen)
        assert [entry.id for entry in bench.app.session.catalogue.entries] == [
            "depth-3",
            "depth-7",
            "linear-exploding",
            "broken",
        ]


async def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await edit(bench, "up", "up", "backspace", "backspace", "enter")
        assert isinstance(bench.app.screen, EditorScreen)
        assert "! this name is taken" in bench.text


async def test_a_variant_is_saved_as_a_file_of_the_user(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.app.session.catalogue.user_dir = tmp_path / "own"
        await edit(bench, "down", "down", "right", "right", "ctrl+s")
        path = tmp_path / "own" / "depth-7-2.toml"
        assert tomllib.loads(path.read_text())["model"] == {"activation": "relu"}
        assert scenarios.load(path).title.startswith("depth-7 with")
        assert "Saved as" in bench.text
        assert bench.app.session.catalogue.entries[-1].path == path


async def test_an_error_while_saving_is_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        (tmp_path / "own").write_text("a file, no folder")
        bench.app.session.catalogue.user_dir = tmp_path / "own"
        await edit(bench, "ctrl+s")
        assert "Not saved" in bench.text


async def test_a_scenario_with_an_invalid_file_cannot_be_edited(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("broken")
        await bench.press("e")
        assert isinstance(bench.app.screen, LabScreen)


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_the_form_matches_its_golden(size: tuple[int, int], ascii: bool, tmp_path: Path) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        await edit(bench, "backspace", "x", "down", "down", "left")
        text = bench.text
    goldens.check(f"lab/editor-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)


async def test_a_large_terminal_shows_the_form_in_two_columns(tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        await edit(bench, "backspace", "x", "down", "down", "left")
        text = bench.text
    goldens.check("lab/editor-200x60-utf8", text)


@pytest.mark.parametrize(("size", "rows"), [((120, 36), 2), ((150, 40), 1), (LARGE, 1)])
async def test_the_stages_of_the_slides_are_readable_in_full(
    size: tuple[int, int], rows: int, tmp_path: Path
) -> None:
    staged = scenarios.load("staged")
    async with opened(tmp_path, size) as bench:
        await bench.app.push_screen(EditorScreen(staged, (), "mine"))
        await bench.settle()
        assert form.texts(staged, "mine")["stages"] in bench.text
        assert "such as 2: 1 / 2 2: 2, or empty" in bench.text
        assert bench.app.screen.query_one("#row-stages").size.height == rows


async def test_down_visits_every_field_in_the_order_of_the_form(tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        await edit(bench)
        visited = []
        for _ in form.fields():
            assert bench.app.screen.focused is not None
            visited.append(bench.app.screen.focused.id)
            await bench.pilot.press("down")
            await bench.pilot.pause()
        typed = form.texts(scenarios.load("depth-7"), "mine")
        order = [f"value-{each.key.replace('.', '-')}" for each in form.fields() if form.applies(each, typed)]
        first = order.index("value-model-hidden_layers")
        assert visited[: len(order)] == order[first:] + order[:first]


@pytest.mark.parametrize("field", ["#value-model-hidden_layers", "#value-id", "#value-model-activation"])
async def test_a_question_mark_opens_the_help_from_every_field(tmp_path: Path, field: str) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.press("e")
        editor = bench.app.screen
        editor.query_one(field).focus()
        await bench.settle()
        assert "? help" in bench.footer
        before = bench.text
        await bench.press("question_mark")
        assert "Help" in bench.text.splitlines()[0]
        await bench.press("question_mark")
        assert bench.text == before  # nothing was typed


async def test_esc_asks_before_it_discards_changes_and_f1_opens_the_help(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("e")
        await bench.press("backspace", "4")
        await bench.press("f1")
        assert "Help" in bench.text.splitlines()[0]
        await bench.press("escape")
        await bench.press("escape")
        assert "Discard the changes to " in bench.text
        await bench.press("escape")
        assert bench.app.screen.query("#form")
        await bench.press("escape")
        await bench.press("enter")
        assert bench.app.screen is bench.lab
        await bench.press("e")
        await bench.press("escape")  # nothing was changed
        assert bench.app.screen is bench.lab


async def test_the_form_is_checked_when_it_opens(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("e")
        assert "7 hidden layers ─" in bench.text.splitlines()[0]
        assert "⏎ train" in bench.text.splitlines()[-1]
