import tomllib
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal
from unittest.mock import patch

import pytest
from pydantic import Field

import scenarios
from scenarios.schema import Adam, Data, Model, Sgd, Stage, Table, Training
from tests import goldens
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.editor import form
from tui_vanish.editor.screen import EditorScreen
from tui_vanish.lab.screen import LabScreen

ALL = tuple(entry.id for entry in scenarios.entries())


def typed(**changes: str) -> dict[str, str]:
    """The form of depth-7 with some fields changed; a dot in a key is a double underscore here."""
    texts = form.texts(scenarios.load("depth-7"), "mine")
    return texts | {key.replace("__", "."): text for key, text in changes.items()}


def problems(**changes: str) -> dict[str, str]:
    read = form.read(scenarios.load("depth-7"), typed(**changes))
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("scenario_id", ALL)
def test_an_unchanged_form_reads_back_as_the_scenario(scenario_id: str) -> None:
    scenario = scenarios.load(scenario_id)
    read = form.read(scenario, form.texts(scenario, "mine"))
    assert not isinstance(read, dict)
    assert read.numbers() == scenario.numbers()
    assert (read.id, read.title) == ("mine", scenario.title)


def test_every_value_of_a_scenario_file_has_a_field() -> None:
    from scenarios.fields import known_keys
    from scenarios.numbers import PROSE

    missing = set(known_keys()) - PROSE - {field.key for field in form.fields()}
    assert missing == {"data.name"}  # there is one data set


class _Model(Model):
    dropout: float = Field(default=0.1, ge=0, lt=1)
    residual_every: int | None = Field(default=None, ge=1)
    pooling: Literal["mean", "max"] = "max"
    pairs: tuple[tuple[int, int], ...] = ((1, 2), (3, 4))
    only_one: Literal["so"] = "so"


class _Lion(Table):
    name: Literal["lion"]
    sign: float = Field(gt=0, title="sign of g")
    decays: tuple[float, float] = (0.9, 0.99)


class _Extended(Table):
    id: str = Field(title="name")
    model: _Model
    data: Data
    optimizer: Annotated[Sgd | Adam | _Lion, Field(discriminator="name")]
    training: Training
    stages: tuple[Stage, ...] = ()
    noise: float = 0.5


def test_a_new_key_of_the_schema_gets_a_field_automatically() -> None:
    fields = form.fields(_Extended)
    new = [field for field in fields if field not in form.fields()]
    lion = ("optimizer.name", ("lion",))
    assert new == [
        form.Field("model.dropout", "dropout", "number", first="0.1"),
        form.Field("model.residual_every", "residual every", "number"),
        form.Field("model.pooling", "pooling", "choice", ("mean", "max"), first="max"),
        form.Field("model.pairs", "pairs", "pairs", hint="1-3 4-7, or empty", first="1-2 3-4"),
        form.Field("optimizer.name", "optimizer", "choice", ("sgd", "adam", "lion"), first="sgd"),
        form.Field("optimizer.sign", "sign of g", "number", where=lion),
        form.Field("optimizer.decays", "decays", "numbers", where=lion, first="0.9 0.99"),
        form.Field("noise", "noise", "number", first="0.5"),
    ]
    tables = [key for key, _ in groupby(field.key.partition(".")[0] for field in fields)]
    assert tables == ["id", "model", "optimizer", "data", "training", "stages", "noise"]


def test_a_type_without_a_notation_in_the_form_is_refused() -> None:
    class Switched(Table):
        switch: bool = False

    with pytest.raises(TypeError, match="the form has no notation for <class 'bool'>"):
        form.fields(Switched)


def test_errors_are_shown_at_their_fields_in_the_words_of_the_schema() -> None:
    found = problems(model__hidden_layers="0", optimizer__lr="fast", data__batch_size="")
    assert found == {
        "model.hidden_layers": "a whole number from 1 to 256",
        "optimizer.lr": "a number above 0, at most 1000",
        "data.batch_size": "a whole number from 1 to 60000",
    }


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("model__skip", "1-9", "an earlier and a later layer, from 1 to 7"),
        ("model__skip", "a-b", "such as 1-3 4-7"),
        ("stages", "2 2", "such as 2: 1 / 2 2: 2"),
        ("stages", "2: 1 / 2 2: 2", "all 7 hidden layers in the last stage"),
        ("optimizer__betas", "0.9 x", "two numbers from 0 to below 1"),
        ("id", "a b", "a file name"),
        ("model__init__std", "nan", "a number above 0"),
    ],
)
def test_a_text_that_cannot_be_read_or_is_invalid_is_reported_at_its_field(
    key: str, text: str, words: str
) -> None:
    other = {"optimizer__name": "adam"} if key == "optimizer__betas" else {}
    found = problems(**{key: text}, **other)
    assert list(found) == [key.replace("__", ".")]
    assert words in next(iter(found.values()))


def test_half_a_pair_is_reported_at_its_field_even_if_another_field_cannot_be_read() -> None:
    assert problems(model__skip="1", stages="x") == {
        **problems(model__skip="1"),
        "stages": "such as 2: 1 / 2 2: 2, or empty",
    }


def test_a_choice_shows_its_own_fields_and_hides_the_others() -> None:
    shown = {field.key for field in form.fields() if form.applies(field, typed(optimizer__name="sdagd"))}
    assert {"optimizer.radius", "optimizer.norm"} <= shown
    assert not {"optimizer.lr", "optimizer.momentum", "optimizer.betas"} & shown
    for changes in ({"optimizer__name": "sdagd"}, {"optimizer__name": "adam"}, {"model__init__scheme": "he"}):
        assert not isinstance(form.read(scenarios.load("depth-7"), typed(**changes)), dict)
    beta = form.read(scenarios.load("depth-7"), typed(model__activation="sigmoid_beta"))
    assert not isinstance(beta, dict)
    assert beta.model.beta == 0.05


async def edit(bench: Bench, *keys: str) -> None:
    await bench.highlight("depth-7")
    await bench.press("e", *keys)


async def test_the_title_of_a_variant_says_what_differs(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await edit(bench, "backspace", "9", "enter")
        (run,) = bench.engine.runs
        assert run.scenario.model.hidden_layers == 9
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
        assert [run.scenario.model.hidden_layers for run in bench.engine.runs] == [9, 9]
        await bench.press("e", "backspace", "4", "enter")
        assert bench.engine.runs[-1].scenario.model.hidden_layers == 4
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
        await edit(bench, "up", "backspace", "backspace", "enter")
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
