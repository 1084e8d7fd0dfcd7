"""`vanish-tui compare` and `reproduce` in this process, with images for three steps per epoch."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from scenarios.published import published_for
from tests.engine.lab import write_data
from tui_vanish.cli.live_table import LiveTable
from tui_vanish.cli.main import main
from tui_vanish.cli.printing import TableConsole
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunStarted


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
    printed = lines(capsys, "compare", *files, "--epochs", "2", *small)
    last = printed[-1]
    assert last["event"] == "comparison"
    assert last["baseline"] == "slow"
    assert last["differences"] == [{"key": "optimizer.lr", "values": {"slow": 0.01, "quick": 0.1}}]
    assert {place["label"] for place in last["ranking"]["epochs"]["places"]} == {"slow", "quick"}
    assert [run["epochs"] for run in last["runs"]] == [2, 2]


def test_compared_runs_take_their_steps_in_turn(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    printed = lines(capsys, "compare", *files, "--epochs", "1", *small)
    steps = [(line["step"], line["run"].split("-")[2]) for line in printed if line["event"] == "sample"]
    assert steps == [(step, name) for step in (1, 2, 3) for name in ("slow", "quick")]


def test_a_compared_run_is_bit_identical_to_a_single_run(
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
    printed = lines(capsys, "compare", *files, "--epochs", "1", "--seeds", "2", "--seed", "5", *small)
    started = [line["seed"] for line in printed if line["event"] == RunStarted.event]
    assert sorted(started) == [5, 5, 6, 6]
    assert {run["label"] for run in printed[-1]["runs"]} == {"slow", "quick"}


def test_a_diverged_run_is_a_result(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    printed = lines(
        capsys, "compare", str(tmp_path / "slow.toml"), "linear-exploding", "--epochs", "1", *small
    )
    assert [run["status"] for run in printed[-1]["runs"]] == ["finished", "diverged"]


def test_compare_prints_the_ranking_and_the_settings_that_differ(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    assert main(["compare", *files, "--epochs", "1", *small]) == 0
    printed = capsys.readouterr()
    assert "At equal epochs (1)" in printed.out
    assert "Settings that differ" in printed.out
    assert "optimizer.lr" in printed.out
    assert "slow, seed 42: finished, epoch 1/1, loss 2.3" in printed.err
    assert "≈" not in printed.out  # one seed has no range


def test_compare_explains_its_mark_if_it_uses_it(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]  # both have 10 % after one step
    assert main(["compare", *files, "--epochs", "1", "--seeds", "2", *small]) == 0
    table, legend = capsys.readouterr().out.split("≈ the difference is within the range of the seeds")
    assert "≈" in table
    assert "≈" not in legend


def test_the_line_of_a_compared_run_shows_loss_and_accuracy_of_the_same_epoch(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(tmp_path / "slow.toml"), str(tmp_path / "quick.toml")]
    ends: dict[str, EpochFinished] = {}
    write = LiveTable.on_event

    def seen(table: LiveTable, event: RunEvent) -> None:
        if isinstance(event, EpochFinished):
            ends[event.run] = event
        write(table, event)

    monkeypatch.setattr(LiveTable, "on_event", seen)
    assert main(["compare", *files, "--epochs", "2", *small]) == 0
    printed = capsys.readouterr().err
    for end in ends.values():
        numbers = f"loss {end.train_loss:.4f}, accuracy train {100 * end.train_accuracy:.1f} %"
        assert f"epoch 2/2, {numbers}, test {100 * end.test_accuracy:.1f} %" in printed


def test_compare_needs_two_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "depth-7", "depth-7"]) == 2
    assert "at least two different scenarios" in capsys.readouterr().err


def test_a_table_raises_a_broken_pipe_when_the_reader_closes_the_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(sys, "stdout", os.fdopen(write, "w"))
    with pytest.raises(BrokenPipeError):  # `main` has an exit code for it
        TableConsole().print("a table")
    with suppress(BrokenPipeError):
        sys.stdout.close()


def test_reproduce_prints_a_row_per_stage_and_the_provenance(
    small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", "linear-exploding", "staged", "--epochs", "1", "--markdown", *small]) == 0
    printed = capsys.readouterr().out
    assert "| linear-exploding |" in printed
    assert [f"| staged, stage {stage} |" in printed for stage in range(1, 8)] == [True] * 7
    assert "fashion-mnist 96/20" in printed
    assert "The published runs were trained on the whole set" in printed


def test_reproduce_shows_only_a_published_run_of_the_same_length(
    small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", "relu", "--epochs", "1", *small]) == 0
    printed = capsys.readouterr().out
    assert "1 epoch " in printed
    assert "published (" not in printed
    assert "relu: published after 100 epochs; to compare: --epochs 100" in printed


def test_reproduce_explains_the_source_of_the_published_numbers_and_its_marks(
    small: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_vanish.cli.reproduction.published_for", lambda name, _: published_for(name, 100))
    assert main(["reproduce", "relu", "--epochs", "1", "--seeds", "2", *small]) == 0
    printed = capsys.readouterr().out
    assert "  published (A) " in printed
    assert "published (A): notebooks of the course's 2023 edition, github.com/Thangnn02" in printed
    assert "within spread: " in printed
    assert "published (H)" not in printed


def test_the_table_is_not_cut_in_a_file(
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
    assert (
        "failed: with data.batch_size = 95 only one of the 96 images is left for the last"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("width", [60, 200])
def test_the_list_of_runs_is_cut_at_the_edge_of_a_terminal_but_not_in_a_file(
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
