"""`vanish-tui compare` with saved runs, and `@last`, in this process."""

import os
from pathlib import Path

import pytest

from tests.tui.cli.test_many_runs import lines, small
from tui_vanish.cli.main import main
from tui_vanish.jobs.resume import find_run

__all__ = ["small"]  # a fixture


def saved_runs(tmp_path: Path) -> list[str]:
    """The names of all runs, the one that was started first in front."""
    folders = (folder for folder in (tmp_path / "runs").iterdir() if not folder.name.startswith("."))
    return [
        folder.name for folder in sorted(folders, key=lambda each: (each / "run.json").stat().st_mtime_ns)
    ]


def test_runs_are_compared_from_their_logs_without_training(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines(capsys, "run", str(tmp_path / "slow.toml"), "--epochs", "3", *small)
    lines(capsys, "run", str(tmp_path / "quick.toml"), "--epochs", "1", *small)
    slow, quick = saved_runs(tmp_path)
    (record,) = lines(capsys, "compare", slow, quick, *small)
    assert [run["run"] for run in record["runs"]] == [slow, quick]
    assert [run["epochs"] for run in record["runs"]] == [3, 1]
    assert record["ranking"]["epochs"]["at"] == 1, "the last that both have"
    assert saved_runs(tmp_path) == [slow, quick], "nothing was trained"
    assert main(["compare", "slow", quick, *small]) == 0
    assert "At equal epochs (1, the last that all have)" in capsys.readouterr().out


def test_a_run_is_compared_with_a_scenario_that_trains(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines(capsys, "run", str(tmp_path / "slow.toml"), "--epochs", "2", *small)
    (before,) = saved_runs(tmp_path)
    folder = str(tmp_path / "runs" / before)
    *_, record = lines(capsys, "compare", str(tmp_path / "quick.toml"), folder, "--epochs", "2", *small)
    assert record["baseline"] == "quick"
    assert [run["run"] for run in record["runs"]] == [saved_runs(tmp_path)[1], before]


def test_last_is_the_run_that_was_started_last(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "@last", "--csv", *small[2:]]) == 2
    assert "there are no runs in" in capsys.readouterr().err
    for name in ("quick", "slow"):
        lines(capsys, "run", str(tmp_path / f"{name}.toml"), "--epochs", "1", *small)
    quick, slow = saved_runs(tmp_path)
    (tmp_path / "runs" / "zzz").mkdir()  # listed first, and not a run
    os.utime(tmp_path / "runs" / quick)  # as a save would, later
    assert find_run("@last", tmp_path / "runs").name == slow
    (record,) = lines(capsys, "compare", quick, "@last", *small)
    assert [run["run"] for run in record["runs"]] == [quick, slow]
    assert main(["run", "--resume", "@last", "--epochs", "2", *small[2:]]) == 0
    assert "epoch 2/2" in capsys.readouterr().err
    assert main(["compare", slow, "@last", *small]) == 2
    assert "at least two different scenarios or runs" in capsys.readouterr().err


def test_what_is_neither_a_scenario_nor_a_run_is_refused(
    small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "depth-7", "dept-7", *small]) == 2
    assert capsys.readouterr().err == (
        "vanish-tui: there is no scenario and no run 'dept-7'; did you mean depth-7 or depth-5 or depth-3?\n"
    )


def test_epochs_and_seeds_are_refused_for_saved_runs(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("quick", "slow"):
        lines(capsys, "run", str(tmp_path / f"{name}.toml"), "--epochs", "1", *small)
    runs = saved_runs(tmp_path)
    options = ("--epochs=2", "--seeds=2", "--budget=2s", "--set=optimizer.lr=1", "--sweep=optimizer.lr=1,2")
    for option in options:
        assert main(["compare", *runs, option, *small]) == 2
        assert "are for scenarios" in capsys.readouterr().err


def test_of_two_runs_of_the_same_settings_and_seed_the_one_that_is_left_out_is_named(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        lines(capsys, "run", str(tmp_path / "quick.toml"), "--epochs", "1", *small)
    first, second = saved_runs(tmp_path)
    assert main(["compare", first, second, *small]) == 0
    assert f"{first} is left out" in capsys.readouterr().err


def test_a_budget_in_seconds_stops_each_run_and_is_no_error(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / f"{name}.toml") for name in ("quick", "slow")]
    *events, record = lines(
        capsys, "compare", *files, "--budget", "0.2 s", "--set", "data.batch_size=48", *small
    )
    ends = [event for event in events if event["event"] == "run_finished"]
    assert [(end["status"], end["reason"]) for end in ends] == [("stopped", "budget")] * 2
    assert all(end["seconds"] >= 0.2 for end in ends)
    starts = [event for event in events if event["event"] == "run_started"]
    assert {start["scenario"]["data"]["batch_size"] for start in starts} == {48}, "--set is for all"
    assert [place["ended"] for place in record["ranking"]["seconds"]["places"]] == ["", ""], "both are ranked"


def test_the_stages_of_a_run_share_a_budget_of_epochs(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    quick, staged = tmp_path / "quick.toml", tmp_path / "staged.toml"
    stages = "[[stages]]\nsub_models = [7]\ntrain = [1]\n" * 2
    staged.write_text(quick.read_text() + stages)
    *_, record = lines(capsys, "compare", str(quick), str(staged), "--budget", "4 epochs", *small)
    assert [run["epochs"] for run in record["runs"]] == [4, 4]
    *_, record = lines(capsys, "compare", str(quick), str(staged), "--epochs", "2", *small)
    assert [run["epochs"] for run in record["runs"]] == [2, 4], "--epochs is for each stage"


def test_each_value_of_a_sweep_is_one_entrant_that_is_called_by_its_value(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    quick, slow = (str(tmp_path / f"{name}.toml") for name in ("quick", "slow"))
    sweep = ("--sweep", "model.hidden_layers=1..3/2", "--budget", "1 epoch")
    *_, record = lines(capsys, "compare", quick, *sweep, *small)
    assert [run["label"] for run in record["runs"]] == ["hidden_layers=1", "hidden_layers=3"]
    assert [run["scenario"] for run in record["runs"]] == ["quick-hidden_layers-1", "quick-hidden_layers-3"]
    assert [row["key"] for row in record["differences"]] == ["model.hidden_layers"]
    *_, record = lines(
        capsys, "compare", quick, slow, "@last", "--sweep", "optimizer.lr=0.2", *sweep[2:], *small
    )
    labels = [run["label"] for run in record["runs"]]
    assert labels == ["quick lr=0.2", "slow lr=0.2", "quick-hidden_layers-3"], (
        "with the name if there are several"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--budget", "soon"], "expected a budget such as 10 epochs, 60 s or 2 min, found 'soon'"),
        (["--budget", "1", "--epochs", "1"], "give either --epochs or --budget"),
        (["--sweep", "optimizer.lr"], '--sweep: found "optimizer.lr"'),
        (["--sweep", "optimizer.rate=1,2"], "unknown key"),
        (["--sweep", "optimizer.lr=-1,2"], "--sweep"),
        (["--sweep", "model.width=1..99"], "at most 64"),
    ],
)
def test_a_budget_or_a_sweep_that_cannot_be_used_is_refused_before_anything_trains(
    options: list[str], message: str, tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path / "quick.toml"), *options, *small]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
