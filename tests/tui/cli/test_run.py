"""`vanish-tui run` in this process: what it trains, what it prints, and its exit code."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

import scenarios
from engine.data.fashion_mnist import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from engine.protocol.spec import RunSpec
from engine.storage.run_log import read_events
from engine.tracking.snapshot import RunView
from tui_vanish.cli.main import main
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.paths import default_runs_folder

SAMPLE = ["--data", "sample", "--epochs", "1"]


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that train for one step on twenty images, for tests that ignore the result of the training."""
    folder = tmp_path_factory.mktemp("small")
    write_data(folder, bytes(range(10)) * 2)
    return ["--data", str(folder), "--epochs", "1"]


def write_data(folder: Path, labels: bytes) -> None:
    """Write an IDX data set of grey images."""
    for images_name, labels_name in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        images = b"".join(bytes([10 * number]) * 784 for number in range(len(labels)))
        write_idx(folder / images_name, (len(labels), 28, 28), images)
        write_idx(folder / labels_name, (len(labels),), labels)


def write_idx(path: Path, shape: tuple[int, ...], content: bytes) -> None:
    path.write_bytes(struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + content)


def events(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The JSON lines of a run, which must succeed."""
    assert main(["run", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_settings_and_epochs_change_the_scenario(
    small_data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["--set", "model.init.std=0.3", "--set", "training.epochs=9"]
    scenario = events(capsys, "depth-3", *changes, *small_data)[0]["scenario"]
    assert scenario["model"]["init"]["std"] == 0.3
    assert scenario["training"]["epochs"] == 1


def test_options_may_come_before_the_command(
    small_data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--seed", "3", "run", "depth-3", *small_data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["seed"] == 3


def test_a_scenario_file_can_be_given_with_or_without_an_option(
    tmp_path: Path, small_data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.toml"
    path.write_text('extends = "depth-7"\n[model]\nhidden_layers = 2\n')
    first = events(capsys, str(path), *small_data)
    second = events(capsys, "--scenario", str(path), *small_data)
    assert first[0]["scenario"]["id"] == second[0]["scenario"]["id"] == "own"
    assert first[-1]["weights_sha256"] == second[-1]["weights_sha256"]


def test_another_seed_gives_other_weights(small_data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (events(capsys, "depth-3", "--seed", seed, *small_data)[-1] for seed in ("1", "2"))
    assert one["weights_sha256"] != other["weights_sha256"]


def test_a_person_gets_a_line_per_epoch_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "depth-3", *SAMPLE]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("epoch 1/1  loss 2.3")
    assert err.count("\n") == 1
    assert out.startswith("depth-3 finished: 1 epoch, 118 steps, ")
    (folder,) = default_runs_folder().iterdir()
    assert f"saved in  {folder}\n" in out
    assert "\x1b" not in out + err


def test_the_summary_of_a_diverged_run_names_the_step_and_the_layers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "linear-exploding", *SAMPLE]) == 3
    assert "  diverged  at step 2; not finite: " in capsys.readouterr().out


def test_the_summary_names_each_verdict_with_its_sentence_and_says_what_to_try(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "depth-7", *SAMPLE]) == 0
    lines = capsys.readouterr().out.splitlines()
    (log,) = (folder / EVENTS for folder in default_runs_folder().iterdir())
    view = RunView("run", RunSpec.of(scenarios.load("depth-7").resolved()), 42)
    for event in read_events(log):
        view.apply(event)
    found = view.snapshot().verdicts
    assert found[0].kind == "vanishing"
    assert found[0].suggestions
    expected = [f"  verdict   {each.kind.replace('_', ' ').upper()}: {each.text}" for each in found]
    names = dict.fromkeys(name for each in found for name in each.suggestions)
    expected.append(f"  try       {', '.join(names)}")
    assert [line for line in lines if line.startswith(("  verdict ", "  try "))] == expected


def test_a_failed_run_gives_the_reason_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(tmp_path, bytes([3, 12]))
    assert main(["run", "depth-3", "--data", str(tmp_path), "--epochs", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("depth-3 failed: ")
    assert "found 12" in out
    assert "Traceback" not in out + err


@pytest.mark.parametrize("name", ["file", "file/x", "n" * 300, "link"])
def test_a_folder_for_runs_that_cannot_be_used_is_refused_before_the_training(
    name: str, tmp_path: Path, small_data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for detach in ([], ["--detach"]):
        command = ["run", "depth-3", *small_data, "--runs-dir", str(tmp_path / name), *detach]
        assert main(command) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("vanish-tui: runs cannot be saved: ")
        assert err.count("\n") == 1


def test_training_continues_with_one_warning_if_the_runs_folder_is_not_writable(
    tmp_path: Path,
    small_data: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(file))
    assert main(["run", "depth-3", *small_data]) == 1  # because it is not saved
    out, err = capsys.readouterr()
    warning, last = [line for line in err.splitlines() if line.startswith("vanish-tui: ")]
    assert str(file) in warning
    assert last.startswith("vanish-tui: not saved: ")
    assert out.startswith("depth-3 finished: ")
    assert "saved in" not in out


def test_the_summary_uses_the_singular_for_one_step(
    small_data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "depth-3", *small_data]) == 0
    assert capsys.readouterr().out.startswith("depth-3 finished: 1 epoch, 1 step, ")


def test_the_summary_says_that_other_files_are_not_fashion_mnist(
    small_data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "depth-3", *small_data]) == 0
    said = f"  data      not the known Fashion-MNIST (its checksum differs): {small_data[1]}"
    assert said in capsys.readouterr().out.splitlines()
    assert main(["runs", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run["data"] == f"{small_data[1]} (not the known Fashion-MNIST)"


def test_a_missing_gpu_is_refused_with_a_one_line_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "depth-3", "--device", "cuda:99"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vanish-tui: cuda:99 is not available")
    assert err.count("\n") == 1


def test_an_engine_that_stopped_by_itself_is_reported(
    small_data: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.runtime.engine.Engine._work", lambda self: None)
    assert main(["run", "depth-3", *small_data]) == 1
    assert capsys.readouterr().err == (
        "vanish-tui: internal error: the engine has stopped. Runs are safe up to their last save:"
        " resume them with vanish-tui run --resume RUN\n"
    )
