"""Inheritance, overrides, and the user's own files."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

import scenarios
from scenarios import ScenarioError
from scenarios.schema import Adam, NormalInit, ScaledInit, Scenario, Sgd
from tests.scenarios.conftest import WriteScenario


def test_a_file_inherits_what_it_does_not_state(write: WriteScenario) -> None:
    scenario = scenarios.load(write("mine", 'extends = "depth-7"\n[model]\nwidth = 64'))
    assert scenarios.differences(scenarios.load("depth-7"), scenario) == (("model.width", 128, 64),)


def test_a_file_does_not_inherit_prose(write: WriteScenario) -> None:
    scenario = scenarios.load(write("mine", 'extends = "depth-7"'))
    assert (scenario.id, scenario.title, scenario.section) == ("mine", "mine", "Your own")
    assert (scenario.slide, scenario.question, scenario.watch_for, scenario.lesson) == ("", "", "", "")


def test_a_file_may_extend_one_in_the_same_folder(write: WriteScenario) -> None:
    base = Path(scenarios.entries()[4].path).read_text(encoding="utf-8")
    write("base", base.replace("width = 128", "width = 32"))
    assert scenarios.load(write("mine", 'extends = "base"')).mlp.width == 32


def test_another_optimizer_or_scheme_drops_the_keys_of_the_inherited_one(write: WriteScenario) -> None:
    text = 'extends = "depth-7"\n[optimizer]\nname = "adam"\n[model.init]\nscheme = "orthogonal"'
    scenario = scenarios.load(write("mine", text))
    assert scenario.optimizer == Adam(name="adam", lr=0.001, betas=(0.9, 0.999), eps=1e-8)
    assert scenario.mlp.init == ScaledInit(scheme="orthogonal", gain=1.0)


def test_a_built_in_file_is_a_template_to_copy(write: WriteScenario) -> None:
    for entry in scenarios.entries():
        copy = scenarios.load(write("copy", entry.path.read_text(encoding="utf-8")))
        assert copy.model_copy(update={"id": entry.id}) == scenarios.load(entry.id)


def test_overrides_are_read_as_toml_and_bare_words_as_text() -> None:
    scenario = scenarios.load(
        "depth-7",
        ["model.init.std=0.3", "optimizer.lr = .5", "model.activation=relu", "model.skip=[[1, 3]]"],
    )
    assert scenario.mlp.init == NormalInit(scheme="normal", std=0.3)
    assert scenario.optimizer == Sgd(name="sgd", lr=0.5)
    assert scenario.mlp.activation == "relu"
    assert scenario.mlp.skip == ((1, 3),)


def test_if_a_key_is_overridden_twice_the_last_value_wins() -> None:
    assert scenarios.load("depth-7", ["training.epochs=3", "training.epochs=4"]).training.epochs == 4


@pytest.mark.parametrize(
    "overrides",
    [
        ("optimizer.lr=0.01", "optimizer.name=adam"),
        ("optimizer.name=adam", "optimizer.lr=0.01"),
    ],
)
def test_the_order_of_overrides_of_different_keys_does_not_matter(overrides: tuple[str, ...]) -> None:
    assert scenarios.load("depth-7", overrides).optimizer == Adam(name="adam", lr=0.01)


def test_overriding_the_activation_drops_beta() -> None:
    scenario = scenarios.load("sigmoid-beta-works", ["model.activation=sigmoid"])
    assert scenario.mlp.beta is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.init.stdd=1", "--set: model.init.stdd: unknown key; did you mean model.init.std?"),
        ("lr=1", "--set: lr: unknown key; did you mean optimizer.lr?"),
        ("init.std=1", "--set: init: unknown key; did you mean model.init?"),
        ("model.width", '--set: found "model.width", expected KEY=VALUE, such as model.init.std=0.3'),
        ("=3", '--set: found "=3", expected KEY=VALUE, such as model.init.std=0.3'),
        (
            "model.skip=[[1, 3]",
            "--set: model.skip: found [[1, 3], expected a value such as 0.3, relu or [[1, 3]]",
        ),
        (
            "model.width=wide",
            '--set: model.width: found "wide", expected a whole number from 1 to 8192',
        ),
        ("training.loss=", '--set: training.loss: found "", expected one of cross_entropy, bce'),
        ("model.init.gain=2", '--set: model.init.gain: cannot be used with scheme = "normal"'),
        (
            "optimizer.name=sdg",
            '--set: optimizer.name: found "sdg", expected one of sgd, adam, sdagd, adamw, rmsprop',
        ),
        ("model.dropout=1", "--set: model.dropout: found 1, expected a number from 0 to below 1"),
        ("training.clip_norm=0", "--set: training.clip_norm: found 0, expected a number above 0"),
        ("training.warmup_steps=0.5", "--set: training.warmup_steps: found 0.5, expected a whole number"),
        ("training.cosine_to=2", "--set: training.cosine_to: found 2, expected a number from 0 to 1"),
        ("optimizer.weight_decay=0.1", '--set: optimizer.weight_decay: cannot be used with name = "sgd"'),
        ("id=mine", "--set: id: cannot be set"),
        ("extends=relu", "--set: extends: cannot be set"),
        ("model.skip=[[1, 8]]", "--set: model.skip: found [1, 8], expected an earlier and a later layer"),
    ],
)
def test_a_bad_override_gives_one_clear_message(override: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenarios.load("depth-7", [override])
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.dropout=0.5", "sdagd's curvature h is not defined with dropout"),
        ("training.clip_norm=1", 'training.clip_norm: cannot be used with name = "sdagd", whose radius'),
    ],
)
def test_what_sdagd_excludes_is_named(override: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)):
        scenarios.load("sdagd", [override])


def test_bad_overrides_are_reported_together() -> None:
    with pytest.raises(ScenarioError) as caught:
        scenarios.load("depth-7", ["model.width=0", "training.epochs=0"])
    assert [problem.key for problem in caught.value.problems] == ["model.width", "training.epochs"]


def test_the_users_files_follow_the_built_in_ones(write: WriteScenario, tmp_path: Path) -> None:
    write("b", 'extends = "depth-7"\ntitle = "B"\nsection = "Mine"')
    write("a", 'extends = "depth-7"')
    (tmp_path / "notes.txt").write_text("no scenario")
    own = scenarios.entries(tmp_path)[len(scenarios.entries()) :]
    assert [(entry.id, entry.title, entry.section) for entry in own] == [
        ("a", "a", "Your own"),
        ("b", "B", "Mine"),
    ]
    assert not any(entry.built_in or entry.of_slides or entry.problems for entry in own)
    assert scenarios.load("b", user_dir=tmp_path).title == "B"


def test_a_users_invalid_file_is_listed_with_its_problems(write: WriteScenario, tmp_path: Path) -> None:
    write("broken", 'extends = "depth-7"\n[model]\nwidth = 0\ndepth = 3')
    entry = scenarios.entries(tmp_path)[-1]
    assert [problem.key for problem in entry.problems] == ["model.width", "model.depth"]


def test_a_users_file_may_not_use_the_id_of_a_built_in_scenario(write: WriteScenario, tmp_path: Path) -> None:
    write("relu", 'extends = "depth-7"')
    entry = scenarios.entries(tmp_path)[-1]
    assert [str(problem) for problem in entry.problems] == [
        "relu is the id of a built-in scenario,"
        " expected a file name that is not the id of a built-in scenario"
    ]
    assert scenarios.load("relu", user_dir=tmp_path).mlp.activation == "relu"


def test_a_missing_folder_for_own_scenarios_is_not_a_problem(tmp_path: Path) -> None:
    assert scenarios.entries(tmp_path / "nowhere") == scenarios.entries()


def test_an_unreadable_folder_is_listed_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    entry = scenarios.entries(tmp_path / "file")[-1]
    assert "cannot be read: Not a directory" in str(entry.problems[0])


def test_a_scenario_is_frozen_and_always_refuses_conflicts() -> None:
    scenario = scenarios.load("depth-7")
    with pytest.raises(ValidationError, match="frozen"):
        scenario.title = "other"
    whole = scenario.resolved()
    whole["model"]["skip"] = [[1, 9]]
    with pytest.raises(ValidationError, match=r"model.skip: found \[1, 9\]"):
        Scenario.model_validate(whole)


@pytest.mark.parametrize("name", ["file", "file/x", "n" * 300, "loop", "missing"])
def test_a_folder_of_own_scenarios_that_cannot_be_read_hides_no_built_in_one(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert scenarios.load("depth-3", user_dir=tmp_path / name).id == "depth-3"
    with pytest.raises(scenarios.UnknownScenario):
        scenarios.load("depth-33", user_dir=tmp_path / name)
