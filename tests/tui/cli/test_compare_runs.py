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
    for option in ("--epochs", "--seeds"):
        assert main(["compare", *runs, option, "2", *small]) == 2
        assert "are for scenarios" in capsys.readouterr().err


def test_of_two_runs_of_the_same_settings_and_seed_the_one_that_is_left_out_is_named(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        lines(capsys, "run", str(tmp_path / "quick.toml"), "--epochs", "1", *small)
    first, second = saved_runs(tmp_path)
    assert main(["compare", first, second, *small]) == 0
    assert f"{first} is left out" in capsys.readouterr().err
