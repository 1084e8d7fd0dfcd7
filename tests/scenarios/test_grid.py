"""The values that a sweep gives to a setting."""

from typing import Any

import pytest

import scenarios
from scenarios.grid import Axis, axis, check_keys, parse_axis
from scenarios.problems import ScenarioError
from scenarios.sweep import MOST_CELLS, from_record, sweep_of, with_settings


@pytest.mark.parametrize(
    ("text", "values", "scale"),
    [
        ("model.hidden_layers=1,2,4,8", (1, 2, 4, 8), "list"),
        ("model.hidden_layers=2..8/2", (2, 4, 6, 8), "linear"),
        ("model.hidden_layers=2..9/3", (2, 5, 8), "linear"),
        ("model.hidden_layers=3..5", (3, 4, 5), "linear"),
        ("optimizer.lr=0.1..0.5/0.1", (0.1, 0.2, 0.3, 0.4, 0.5), "linear"),
        ("optimizer.lr=log:0.01:1:3", (0.01, 0.1, 1.0), "log"),
        ("model.init.std=log:0.02:2:5", (0.02, 0.0632, 0.2, 0.632, 2.0), "log"),
        ("model.hidden_layers=log:1:64:7", (1, 2, 4, 8, 16, 32, 64), "log"),
        ("model.hidden_layers=log:1:4:9", (1, 2, 3, 4), "log"),
        ("model.activation=relu, tanh", ("relu", "tanh"), "list"),
        ("model.skip=[[1, 3]],[]", ([[1, 3]], []), "list"),
        ("optimizer.lr=1e-3,.5", (0.001, 0.5), "list"),
        ("model.norm=batch", ("batch",), "list"),
    ],
)
def test_values(text: str, values: tuple[Any, ...], scale: str) -> None:
    found = parse_axis(text)
    assert (found.values, found.scale) == (values, scale)
    assert [type(value) for value in found.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("optimizer.lr", "KEY=VALUES"),
        ("=1,2", "KEY=VALUES"),
        ("optimizer.lr=", "has no values"),
        ("optimizer.lr=,,", "has no values"),
        ("optimizer.lr=1,1.0", "has the value 1.0 twice"),
        ("optimizer.lr=1..", "FIRST..LAST"),
        ("optimizer.lr=a..b", "FIRST..LAST"),
        ("optimizer.lr=5..1", "a first value that is not above the last"),
        ("optimizer.lr=1..5/0", "a step above 0"),
        ("optimizer.lr=1..5/-1", "a step above 0"),
        ("optimizer.lr=0..1e9/1e-9", "at most 1000 values"),
        ("optimizer.lr=0..1e308/1e-300", "at most 1000 values"),
        ("optimizer.lr=log:0:1:3", "two numbers above 0"),
        ("optimizer.lr=log:2:1:3", "two numbers above 0"),
        ("optimizer.lr=log:1:2", "log:FIRST:LAST:COUNT"),
        ("optimizer.lr=log:1:2:1", "2 to 1000"),
        ("optimizer.lr=log:1:2:2.5", "2 to 1000"),
        ("optimizer.lr=log:nan:2:3", "log:FIRST:LAST:COUNT"),
        ("optimizer.lr=[1,2", "a value such as"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse_axis(text)
    assert said in str(error.value)


def test_a_list_from_a_file_is_taken_as_it_is() -> None:
    assert axis("optimizer.lr", [0.1, 1]) == Axis("optimizer.lr", (0.1, 1))
    with pytest.raises(ScenarioError):
        axis("optimizer.lr", 3)


def test_keys_are_those_of_a_scenario() -> None:
    check_keys([axis("model.width", "8,16")])
    for keys, said in (
        (["model.wdith"], "model.width"),
        (["model.width"] * 2, "twice"),
        (["title"], "unknown"),
    ):
        with pytest.raises(ScenarioError) as error:
            check_keys([axis(key, "8,16") for key in keys])
        assert said in str(error.value)


def test_the_cells_are_all_combinations_in_order() -> None:
    base = scenarios.load("depth-7")
    axes = [parse_axis("model.hidden_layers=2,3"), parse_axis("optimizer.lr=0.1,1")]
    sweep = sweep_of("try", base, axes, seeds=2, seed=5)
    cells = sweep.cells()
    assert sweep.size == len(cells) == 8
    assert [(cell.number, *cell.values.values(), cell.seed) for cell in cells[:3]] == [
        (1, 2, 0.1, 5),
        (2, 2, 0.1, 6),
        (3, 2, 1, 5),
    ]
    wanted = scenarios.load("depth-7", ["model.hidden_layers=3", "optimizer.lr=1"])
    assert cells[-1].scenario.numbers() == wanted.numbers()
    assert cells[-1].scenario.title == "depth-7 with 3 layers, lr 1"


def test_every_cell_is_checked_and_one_mistake_is_said_once() -> None:
    base = scenarios.load("depth-7")
    axes = [parse_axis("model.hidden_layers=250..300"), parse_axis("optimizer.lr=0,1")]
    with pytest.raises(ScenarioError) as error:
        sweep_of("try", base, axes).cells()
    assert [problem.key for problem in error.value.problems] == ["optimizer.lr", "model.hidden_layers"]


def test_a_combination_that_is_no_scenario_is_refused() -> None:
    base = with_settings(scenarios.load("skip"), [])
    with pytest.raises(ScenarioError) as error:
        sweep_of("try", base, [parse_axis("model.hidden_layers=3,7")]).cells()
    assert "model.skip" in str(error.value)


def test_too_many_runs_are_refused_before_any_is_made() -> None:
    base = scenarios.load("depth-7")
    axes = [parse_axis("optimizer.lr=log:0.001:1:200"), parse_axis("model.width=1..100")]
    with pytest.raises(ScenarioError) as error:
        sweep_of("try", base, axes)
    assert f"20000 runs, expected at most {MOST_CELLS}" in str(error.value)


def test_a_record_gives_the_same_sweep() -> None:
    import json

    base = with_settings(scenarios.load("relu"), ["training.epochs=3"])
    axes = [parse_axis("model.init.std=log:0.02:2:5"), parse_axis("model.skip=[],[[1,3]]")]
    sweep = sweep_of("try", base, axes, seeds=3, seed=1, question="Where?")
    read = from_record(json.loads(json.dumps(sweep.to_record())))
    assert read == sweep
    assert [cell.scenario for cell in read.cells()] == [cell.scenario for cell in sweep.cells()]


@pytest.mark.parametrize(
    "changes",
    [
        {"base": {}},
        {"base": 3},
        {"grid": [{"key": "model.width", "values": 3, "scale": "list"}]},
        {"grid": [{"key": 3, "values": [1], "scale": "list"}]},
        {"grid": [{"key": "model.width", "values": [float("inf")], "scale": "list"}]},
        {"grid": []},
        {"grid": [{}]},
        {"seeds": "2"},
        {"seeds": 0},
        {"seeds": True},
        {"seed": -1},
        {"name": None},
    ],
)
def test_a_damaged_record_is_refused(changes: dict[str, Any]) -> None:
    sweep = sweep_of("try", scenarios.load("depth-7"), [parse_axis("model.width=8,16")])
    with pytest.raises((KeyError, TypeError, ValueError, ScenarioError)):
        from_record(sweep.to_record() | changes)
