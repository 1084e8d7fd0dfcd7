"""The recorded runs on the command line: shown and compared like others, and never changed."""

import json
from pathlib import Path

import pytest

from tests.tui.cli.test_many_runs import lines, small
from tui_vanish.cli.main import main

__all__ = ["small"]  # a fixture

RUN = "recorded:depth-7"


def test_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--recorded", "--json"]) == 0
    runs = {run["run"]: run for run in json.loads(capsys.readouterr().out)}
    assert (runs[RUN]["epoch"], runs[RUN]["train_images"], runs[RUN]["verdict"]) == (100, 60_000, "vanishing")
    assert main(["runs", "--recorded"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(RUN))
    assert row.split()[:3] == [RUN, "recorded", "100/100"]


def test_the_runs_of_the_user_are_listed_without_them(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines(capsys, "run", str(tmp_path / "quick.toml"), "--epochs", "1", *small)
    assert main(["runs", "--runs-dir", str(tmp_path / "runs")]) == 0
    assert "recorded" not in capsys.readouterr().out


def test_one_is_shown_watched_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", RUN]) == 0
    assert "recorded, finished · step 11 800" in capsys.readouterr().out
    assert main(["watch", RUN]) == 0
    assert f"{RUN} finished" in capsys.readouterr().err
    assert main(["export", RUN, "--csv", str(tmp_path / "run.csv")]) == 0
    rows = (tmp_path / "run.csv").read_text(encoding="utf-8").splitlines()
    assert sum(row.startswith("epoch_finished") for row in rows) == 100


def test_one_is_compared_with_a_run_of_the_user(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    *_, record = lines(capsys, "compare", RUN, str(tmp_path / "quick.toml"), "--epochs", "1", *small)
    assert [run["label"] for run in record["runs"]] == ["depth-7 recorded", "quick"]
    assert [run["epochs"] for run in record["runs"]] == [100, 1]
    assert record["ranking"]["epochs"]["at"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--resume", RUN], "comes with the program; to train it: vanish-tui run depth-7"),
        (
            ["watch", "recorded:depth-8"],
            "there is no recorded run of 'depth-8'; did you mean recorded:depth-7?",
        ),
        (["compare", RUN, "recorded:"], "there is no recorded run of ''; there are recorded:"),
    ],
)
def test_what_is_impossible_is_said_in_one_line(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
