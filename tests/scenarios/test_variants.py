import tomllib
from pathlib import Path

import pytest

import scenarios
from scenarios import variants
from scenarios.variants import file_text, free_id, variant_title
from tui_vanish.session.catalogue import save

ALL = tuple(entry.id for entry in scenarios.entries())


@pytest.mark.parametrize("scenario_id", ALL)
def test_a_saved_scenario_loads_unchanged(scenario_id: str, tmp_path: Path) -> None:
    scenario = scenarios.load(scenario_id).model_copy(update={"id": "mine"})
    path = save(scenario, tmp_path / "new")
    assert scenarios.load(path) == scenario


@pytest.mark.parametrize("overrides", [["model.init.scheme=he"], ["optimizer.name=adam"], ["model.width=64"]])
def test_a_changed_scenario_is_saved_and_loaded_with_its_changes(
    overrides: list[str], tmp_path: Path
) -> None:
    for scenario_id in ("depth-7", "relu", "skip"):
        scenario = scenarios.load(scenario_id, overrides).model_copy(update={"id": f"mine-{scenario_id}"})
        assert scenarios.load(save(scenario, tmp_path)) == scenario


def test_the_file_states_only_what_differs_from_depth_7() -> None:
    scenario = scenarios.load("depth-7", ["optimizer.lr=0.1", "model.init.scheme=he"])
    stated = tomllib.loads(file_text(scenario.model_copy(update={"id": "x", "title": "t"})))
    prose = {"section", "slide", "question", "watch_for", "lesson", "title"}
    assert {key: value for key, value in stated.items() if key not in prose} == {
        "extends": "depth-7",
        "model": {"init": {"scheme": "he"}},
        "optimizer": {"lr": 0.1},
    }


@pytest.mark.parametrize("scenario_id", ALL)
def test_overrides_turn_depth_7_into_the_scenario(scenario_id: str) -> None:
    scenario = scenarios.load(scenario_id)
    assert scenarios.load("depth-7", variants.overrides(scenario)).numbers() == scenario.numbers()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    scenario = scenarios.load("relu").model_copy(update={"id": "mine"})
    save(scenario, tmp_path)
    before = (tmp_path / "mine.toml").read_text()
    with pytest.raises(FileExistsError):
        save(scenarios.load("adam").model_copy(update={"id": "mine"}), tmp_path)
    assert (tmp_path / "mine.toml").read_text() == before


@pytest.mark.parametrize(
    ("base", "overrides", "title"),
    [
        ("depth-7", ["optimizer.lr=0.1", "model.init.scheme=he"], "depth-7 with He init, lr 0.1"),
        ("depth-7", ["model.hidden_layers=9"], "depth-7 with 9 layers"),
        ("relu", ["model.norm=batch", "training.epochs=5"], "relu with batch norm, 5 epochs"),
        ("momentum", ["optimizer.momentum=0.0"], "momentum with no momentum"),
        ("depth-7", ["optimizer.name=adam"], "depth-7 with Adam, lr 0.001"),
        ("depth-7", ["optimizer.name=sdagd", "optimizer.radius=0.5"], "depth-7 with SDAGD, radius 0.5"),
        ("skip", ["model.skip=[]"], "skip with no skip"),
        ("depth-7", ["model.skip=[[1, 3], [4, 7]]"], "depth-7 with skip 1-3 4-7"),
        ("depth-7", ["training.loss=bce", "data.batch_size=64"], "depth-7 with batch 64, BCE"),
        ("staged", ["stages=[]"], "staged with no stages"),
        ("depth-7", [], "7 hidden layers"),
    ],
)
def test_a_variant_s_title_says_what_differs(base: str, overrides: list[str], title: str) -> None:
    assert variant_title(scenarios.load(base), scenarios.load(base, overrides)) == title


def test_a_title_of_many_changes_stays_short_enough_for_a_scenario() -> None:
    changed = scenarios.load(
        "sigmoid-beta-works", ["model.width=64", "model.norm=layer", "data.batch_size=64"]
    )
    title = variant_title(scenarios.load("adam"), changed)
    assert len(title) <= variants.MOST_TITLE
    assert title.endswith("and more")


def test_a_free_id_is_not_in_use() -> None:
    assert free_id("relu", {"relu"}) == "relu-2"
    assert free_id("relu", {"relu", "relu-2", "relu-3"}) == "relu-4"
    assert len(free_id("x" * 64, set())) <= 64
