"""`vanish-tui compare` and `reproduce` in this process, on images enough for three steps an epoch."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.protocol.events import RunStarted
from scenarios.published import published_for
from tests.engine.lab import write_data
from tui_vanish.cli.main import main
from tui_vanish.cli.printing import TableConsole


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    """The options for a small data set, and two scenario files that differ in their learning rate."""
    write_data(tmp_path / "data", train=96, test=20)
    for name, lr in (("slow", 0.01), ("quick", 0.1)):
        (tmp_path / f"{name}.toml").write_text(
            f'extends = "depth-7"\n[data]\nbatch_size = 32\n[optimizer]\nlr = {lr}\n'
        )
    return ["--data", str(tmp_path / "data"), "--runs-dir", str(tmp_path / "runs")]


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main([*arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_compare_ends_with_the_comparison(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    told = lines(capsys, "compare", *files, "--epochs", "2", *small)
    last = told[-1]
    assert last["event"] == "comparison"
    assert last["baseline"] == "slow"
    assert last["differences"] == [{"key": "optimizer.lr", "values": {"slow": 0.01, "quick": 0.1}}]
    assert {place["label"] for place in last["ranking"]["epochs"]["places"]} == {"slow", "quick"}
    assert [run["epochs"] for run in last["runs"]] == [2, 2]


def test_compared_runs_take_their_steps_in_turn(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    told = lines(capsys, "compare", *files, "--epochs", "1", *small)
    steps = [(line["step"], line["run"].split("-")[2]) for line in told if line["event"] == "sample"]
    assert steps == [(step, name) for step in (1, 2, 3) for name in ("slow", "quick")]


def test_a_compared_run_ends_in_the_bits_of_one_alone(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    compared = lines(capsys, "compare", *files, "--epochs", "2", *small)[-1]["runs"]
    alone = [lines(capsys, "run", file, "--epochs", "2", *small)[-1] for file in files]
    assert [run["weights_sha256"] for run in compared] == [run["weights_sha256"] for run in alone]


def test_seeds_count_up_from_the_first(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    told = lines(capsys, "compare", *files, "--epochs", "1", "--seeds", "2", "--seed", "5", *small)
    started = [line["seed"] for line in told if line["event"] == RunStarted.event]
    assert sorted(started) == [5, 5, 6, 6]
    assert {run["label"] for run in told[-1]["runs"]} == {"slow", "quick"}


def test_a_diverged_run_is_a_result(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = lines(capsys, "compare", str(tmp_path / "slow.toml"), "linear-exploding", "--epochs", "1", *small)
    assert [run["status"] for run in told[-1]["runs"]] == ["finished", "diverged"]


def test_compare_prints_the_ranking_and_what_differs_for_a_person(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    assert main(["compare", *files, "--epochs", "1", *small]) == 0
    printed = capsys.readouterr()
    assert "At equal epochs (1)" in printed.out
    assert "What differs" in printed.out
    assert "optimizer.lr" in printed.out
    assert "slow, seed 42: finished, epoch 1/1, loss 2.3" in printed.err
    assert "≈" not in printed.out  # one seed: nothing is inside a range


def test_compare_explains_its_mark_where_it_stands(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]  # both stand at 10 % after a step
    assert main(["compare", *files, "--epochs", "1", "--seeds", "2", *small]) == 0
    table, legend = capsys.readouterr().out.split("≈ inside the range of the seeds")
    assert "≈" in table
    assert "≈" not in legend


def test_compare_wants_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "depth-7", "depth-7"]) == 2
    assert "two different scenarios or more" in capsys.readouterr().err


def test_a_table_that_nobody_reads_to_the_end_is_left_to_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(sys, "stdout", os.fdopen(write, "w"))
    with pytest.raises(BrokenPipeError):  # for which `main` has an exit code
        TableConsole().print("a table")
    with suppress(BrokenPipeError):
        sys.stdout.close()


def test_reproduce_prints_a_row_a_stage_and_its_provenance(
    small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", "linear-exploding", "staged", "--epochs", "1", "--markdown", *small]) == 0
    printed = capsys.readouterr().out
    assert "| linear-exploding |" in printed
    assert [f"| staged, stage {stage} |" in printed for stage in range(1, 8)] == [True] * 7
    assert "fashion-mnist 96/20" in printed
    assert "The published runs trained on the whole set" in printed


def test_reproduce_shows_the_published_run_only_beside_one_of_its_length(
    small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", "relu", "--epochs", "1", *small]) == 0
    printed = capsys.readouterr().out
    assert "1 epoch " in printed
    assert "published (" not in printed
    assert "relu: published after 100 epochs, shown beside a run as long" in printed


def test_reproduce_says_where_the_published_numbers_are_from_and_what_its_marks_mean(
    small: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_vanish.cli.reproduction.published_for", lambda name, _: published_for(name, 100))
    assert main(["reproduce", "relu", "--epochs", "1", "--seeds", "2", *small]) == 0
    printed = capsys.readouterr().out
    assert "  published (A) " in printed
    assert "published (A): notebooks of the course's 2023 edition, github.com/Thangnn02" in printed
    assert "in spread: " in printed
    assert "published (H)" not in printed


def test_in_a_file_no_number_of_the_table_is_cut(
    small: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["reproduce", "init-std-10", "--epochs", "1", "--seeds", "2", *small]) == 0
    assert "…" not in capsys.readouterr().out


def test_a_compared_run_that_fails_says_why(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.toml").write_text(
        'extends = "depth-7"\n[model]\nnorm = "batch"\n[data]\nbatch_size = 95\n'
    )
    assert main(["compare", "depth-3", str(tmp_path / "odd.toml"), "--epochs", "1", *small]) == 1
    assert "failed: with data.batch_size = 95 the last of 96 images is a batch" in capsys.readouterr().err


@pytest.mark.parametrize("width", [60, 200])
def test_on_a_terminal_the_list_of_runs_is_cut_at_its_edge_and_in_a_file_it_is_whole(
    width: int,
    small: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines(capsys, "run", "depth-3", "--epochs", "1", *small)
    assert main(["runs", *small[2:]]) == 0
    whole = capsys.readouterr().out.splitlines()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["runs", *small[2:]]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line[:width] for line in shown] == shown
    assert all(
        cut.rstrip("…") == line[: len(cut.rstrip("…"))] for cut, line in zip(shown, whole, strict=True)
    )
    assert (shown == whole) == (width == 200)


def test_the_list_of_runs_to_a_closed_output_is_no_error(
    small: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(capsys, "run", "depth-3", "--epochs", "1", *small)
    monkeypatch.setattr("sys.stdout", None)
    assert main(["runs", *small[2:]]) == 0
