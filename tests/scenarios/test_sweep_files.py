"""Sweep files, and the sweeps that are part of the program."""

from pathlib import Path

import pytest

from scenarios.problems import ScenarioError
from scenarios.sweep_files import built_in_sweeps, is_sweep_file, load_sweep

_FILE = """
title = "lr × depth"
base = "depth-7"
epochs = 2
seeds = 3
[set]
"model.activation" = "relu"
optimizer.momentum = 0.5
[grid]
"model.hidden_layers" = [1, 2]
optimizer.lr = "log:0.01:1:3"
"""


def test_a_file_says_base_settings_and_grid(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_FILE)
    assert is_sweep_file(path)
    sweep = load_sweep(path, seed=7)
    assert (sweep.name, sweep.title, sweep.seeds, sweep.seed, sweep.size) == ("mine", "lr × depth", 3, 7, 18)
    assert [axis.key for axis in sweep.axes] == ["model.hidden_layers", "optimizer.lr"]
    base = sweep.base
    assert (base.mlp.activation, base.training.epochs) == ("relu", 2)
    assert base.numbers()["optimizer.momentum"] == 0.5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('base = "depth-7"', "", "base: missing"),
        ('base = "depth-7"', 'base = "depth-77"', "depth-7"),
        ("epochs = 2", "epochs = true", "epochs: found true"),
        ("epochs = 2", "epochs = 0", "training.epochs"),
        ("seeds = 3", "seeds = 0", "seeds: found 0"),
        ("seeds = 3", "sedes = 3", "did you mean seeds?"),
        ('title = "lr × depth"', 'title = "\\u001b[31m"', "control characters"),
        ("[grid]", "[grid]\nmodel.wdith = [1]", "did you mean model.width?"),
        ('"log:0.01:1:3"', '"log:0.01:1"', "log:FIRST:LAST:COUNT"),
        ("[1, 2]", "[1, 1]", "twice"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_FILE.replace(old, new))
    with pytest.raises(ScenarioError) as error:
        load_sweep(path)
    assert said in str(error.value)


def test_a_scenario_is_no_sweep(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "depth-7"\n')
    assert not is_sweep_file(path)
    assert not is_sweep_file(tmp_path / "missing.toml")


def test_the_larger_form_replaces_values_epochs_and_seeds(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'{_FILE}[large]\nepochs = 9\ngrid.optimizer.lr = "log:0.01:1:5"')
    large = load_sweep(path, large=True)
    assert (large.name, large.seeds, large.base.training.epochs) == ("mine-large", 3, 9)
    assert [len(axis.values) for axis in large.axes] == [2, 5]
    assert load_sweep(path).size == 18


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "large: missing"),
        ("[large]\nbase = 'depth-3'", "large.base: unknown key"),
        ("[large]\nepoch = 3", "did you mean epochs?"),
        ("[large]\nseeds = 0", "large.seeds: found 0"),
        ("[large.grid]\nmodel.wdith = [1]", "did you mean model.width?"),
        ("[[large]]\nepochs = 3", "large: found"),
    ],
)
def test_what_is_wrong_in_a_larger_form_is_named(table: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_FILE + table)
    with pytest.raises(ScenarioError) as error:
        load_sweep(path, large=True)
    assert said in str(error.value)


@pytest.mark.parametrize("name", sorted(built_in_sweeps()))
def test_the_sweeps_of_the_program_are_valid_in_both_forms(name: str) -> None:
    sweep, large = load_sweep(built_in_sweeps()[name]), load_sweep(built_in_sweeps()[name], large=True)
    assert 4 * sweep.size < large.size < 1000
    assert len(sweep.cells()) == sweep.size > 1
    assert len(large.cells()) == large.size
    assert sweep.title
    assert sweep.question
