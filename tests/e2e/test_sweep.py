"""`vanish-tui sweep` with real processes: the bits of `run`, and no run lost or trained twice."""

import json
import os
import random
import signal
import subprocess
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from engine.storage.checkpoint import CHECKPOINT
from tests.e2e.processes import SMALL, command, measured, saved, training, wait_for_end
from tests.e2e.pseudo_terminal import PATIENCE
from tests.engine.lab import write_data
from vanish_recorder.storage.run_lock import owner_of

Record = dict[str, Any]
GRID = ("--grid", "model.hidden_layers=1,2,3", "--grid", "optimizer.lr=0.1,1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """800 images: 25 steps per epoch."""
    return "--data", str(write_data(tmp_path_factory.mktemp("data"), train=800))


@pytest.fixture(scope="module")
def whole(data: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Any, ...]]:
    """The table of a sweep of 12 epochs that was not interrupted."""
    runs = str(tmp_path_factory.mktemp("whole"))
    code, lines, said = sweep("depth-3", *GRID, *SMALL, *data, "--epochs", "12", "--runs-dir", runs)
    assert code == 0, said
    return table(lines)


def sweep(*arguments: str) -> tuple[int, list[Record], str]:
    """Run the command to its end: its exit code, its JSON lines, and what it says to people."""
    done = command("sweep", *arguments, "--json")
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


sweeping = partial(training, command="sweep")  # the command while it trains


def table(lines: list[Record]) -> dict[int, tuple[Any, ...]]:
    """What must not depend on interruptions, by cell."""
    kept = ("values", "seed", "status", "step", "epoch", "test_accuracy", "best_test_accuracy", "verdict")
    return {line["cell"]: tuple(str(line[key]) for key in kept) for line in lines if line["event"] == "cell"}


def folder_of(runs: Path) -> Path:
    (found,) = [path.parent for path in runs.glob("*/sweep.json")]
    return found


def owners(folder: Path) -> list[int]:
    """The processes that train its runs now."""
    found = [owner_of(path) for path in folder.iterdir() if path.is_dir()]
    return [owner.pid for owner in found if owner is not None]


def test_each_run_has_the_bits_of_run(data: tuple[str, str], tmp_path: Path) -> None:
    options = (*SMALL, *data, "--epochs", "4", "--runs-dir", str(tmp_path / "sweep"))
    code, lines, said = sweep("depth-3", *GRID, *options)
    assert code == 0, said
    cells, last = lines[:-1], lines[-1]
    assert [line["event"] for line in cells] == ["cell"] * 6
    assert (last["event"], last["cells"], last["finished"], last["missing"]) == ("sweep", 6, 6, 0)
    folder = folder_of(tmp_path / "sweep")
    for cell in (cells[0], cells[-1]):
        values = [word for item in cell["values"].items() for word in ("--set", "{}={}".format(*item))]
        alone = command(
            "run",
            "depth-3",
            *SMALL,
            *values,
            *data,
            "--epochs",
            "4",
            "--json",
            "--runs-dir",
            str(tmp_path / "run"),
        )
        whole = [json.loads(line) for line in alone.stdout.splitlines()]
        short = saved(cell["run"], folder)
        assert short[-1]["weights_sha256"] == whole[-1]["weights_sha256"]
        kept = measured(short)
        assert kept == [line for line in measured(whole) if line in kept]
        assert not (folder / cell["run"] / CHECKPOINT).exists()
        theory = cell["theory"]
        assert 0 < theory["chi"] < 1 < 1 / theory["chi"]
    listed = json.loads(command("runs", "--json", "--runs-dir", str(tmp_path / "sweep")).stdout)
    assert [(entry["kind"], entry["epoch"], entry["epochs"], entry["status"]) for entry in listed] == [
        ("sweep", 6, 6, "finished")
    ]


def test_checkpoints_and_samples_can_be_kept(data: tuple[str, str], tmp_path: Path) -> None:
    options = (*SMALL, *data, "--epochs", "4", "--runs-dir", str(tmp_path), "--keep-checkpoints")
    code, lines, said = sweep("depth-3", "--grid", "optimizer.lr=0.1", *options)
    assert code == 0, said
    folder = folder_of(tmp_path)
    assert (folder / lines[0]["run"] / CHECKPOINT).exists()
    assert sum(line["event"] == "sample" for line in saved(lines[0]["run"], folder)) == 19


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it_and_resume_does_the_rest(
    ended_by: signal.Signals, data: tuple[str, str], whole: dict[int, tuple[Any, ...]], tmp_path: Path
) -> None:
    options = (*SMALL, *data, "--epochs", "12", "--runs-dir", str(tmp_path))
    with sweeping("depth-3", *GRID, *options) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(ended_by)
        rest, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + ended_by
    assert f"vanish-tui sweep --resume {folder_of(tmp_path).name}" in said
    assert json.loads(rest.splitlines()[-1])["missing"] > 0
    assert owners(folder_of(tmp_path)) == []
    code, lines, said = sweep("--resume", "depth-3", "--runs-dir", str(tmp_path))
    assert code == 0, said
    assert first in lines
    assert table(lines) == whole


def test_kills_at_random_moments_change_nothing(
    data: tuple[str, str], whole: dict[int, tuple[Any, ...]], tmp_path: Path
) -> None:
    chance = random.Random(7)
    options = (*SMALL, *data, "--epochs", "12", "--runs-dir", str(tmp_path))
    arguments: tuple[str, ...] = ("depth-3", *GRID, *options)
    for _ in range(3):
        with sweeping(*arguments) as process:
            wait_for_work(tmp_path, process)
            folder = folder_of(tmp_path)
            victims = [process.pid, *owners(folder)]
            os.kill(chance.choice(victims), signal.SIGKILL)
            until = monotonic() + chance.uniform(0.0, 1.0)
            while monotonic() < until and process.poll() is None:
                assert process.stdout is not None
                if not process.stdout.readline():
                    break
            process.kill()
            process.communicate(timeout=PATIENCE)
        for pid in victims[1:]:
            wait_for_end(pid)
        arguments = ("--resume", folder.name, "--runs-dir", str(tmp_path))
    code, lines, said = sweep(*arguments)
    assert code == 0, said
    assert table(lines) == whole


def wait_for_work(runs: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until a process trains one of the runs."""
    until = monotonic() + PATIENCE
    while monotonic() < until and process.poll() is None:
        if any(owners(path.parent) for path in runs.glob("*/sweep.json")):
            return
    assert process.poll() is None, process.communicate()
    raise AssertionError("no run has begun")


def test_a_detached_sweep_outlives_its_starter(data: tuple[str, str], tmp_path: Path) -> None:
    options = (*SMALL, *data, "--epochs", "4", "--runs-dir", str(tmp_path))
    done = command("sweep", "depth-3", *GRID, *options, "--detach")
    assert done.returncode == 0, done.stderr
    name = done.stdout.strip()
    owner = owner_of(tmp_path / name)
    if owner is not None:
        wait_for_end(owner.pid)
    code, lines, said = sweep("--resume", name, "--runs-dir", str(tmp_path))
    assert code == 0, said
    assert "6 are done" in said
    assert lines[-1]["finished"] == 6
    again = command("sweep", "--resume", name, "--runs-dir", str(tmp_path), "--detach")
    assert (again.returncode, again.stdout.strip()) == (0, name)
    assert "all 6 runs are done" in again.stderr
    assert "background" not in again.stderr


def test_two_processes_cannot_lead_one_sweep(data: tuple[str, str], tmp_path: Path) -> None:
    options = (*SMALL, *data, "--epochs", "1000", "--runs-dir", str(tmp_path))
    with sweeping("depth-3", *GRID, *options) as process:
        wait_for_work(tmp_path, process)
        code, _, said = sweep("--resume", "depth-3", "--runs-dir", str(tmp_path))
        assert code == 2
        assert "is being trained by process" in said
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_a_sweep_does_not_continue_on_other_data(tmp_path: Path) -> None:
    data, runs = tmp_path / "data", ("--runs-dir", str(tmp_path / "runs"))
    options = (*SMALL, "--data", str(write_data(data, train=800)), "--epochs", "1", *runs)
    code, _, said = sweep("depth-3", "--grid", "optimizer.lr=0.1,1", *options)
    assert code == 0, said
    assert sweep("--resume", "depth-3", *runs)[0] == 0
    write_data(data, train=640)
    code, lines, said = sweep("--resume", "depth-3", *runs)
    assert (code, lines) == (2, [])
    assert f"its runs were trained on other data than those in {data} now" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "sweep needs a scenario"),
        (("nope", *GRID), "there is no scenario 'nope'"),
        (("depth-7",), "nothing varies"),
        (("depth-7", "--grid", "optimizer.l=1"), "did you mean optimizer.lr?"),
        (("depth-7", "--grid", "optimizer.lr=1", "--grid", "optimizer.lr=2"), "same setting twice"),
        (("depth-7", "--grid", "model.hidden_layers=0..4"), "found 0, expected a whole number from 1 to 256"),
        (("depth-7", *GRID, "--threads", "auto"), "uses the cores for several runs"),
        (("--resume", "nope"), "there is no sweep 'nope'"),
        (("--resume", "nope", "--epochs", "3"), "--resume takes no --epochs"),
        (("depth-7", "--resume", "nope", "--keep-checkpoints"), "takes no BASE, --keep-checkpoints"),
        (("depth-7", *GRID, "--jobs", "0"), "expected a whole number from 1"),
        (("depth-7", *GRID, "--data", "/nowhere"), "/nowhere"),
    ],
)
def test_wrong_use_is_one_message(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    code, lines, words = sweep(*arguments, "--runs-dir", str(tmp_path))
    assert (code, lines) == (2, [])
    assert said in words
    assert "Traceback" not in words
    assert list(tmp_path.iterdir()) == []
