"""SIGKILL at any moment loses nothing: the resumed run ends with identical weights and an identical log."""

import signal
from contextlib import suppress
from pathlib import Path

import pytest

from engine.storage.checkpoint import CHECKPOINT
from tests.e2e.processes import (
    SMALL,
    command,
    kill_at_step,
    measured,
    read_until,
    run_names,
    saved,
    training,
)
from tests.e2e.pseudo_terminal import PATIENCE
from tests.engine.lab import write_data
from vanish_recorder.storage.paths import default_runs_folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """800 images: 25 steps per epoch."""
    return "--data", str(write_data(tmp_path_factory.mktemp("data"), train=800))


@pytest.mark.parametrize(
    ("scenario", "epochs", "moments"),
    [("depth-3", "40", (9, 160)), ("batchnorm", "12", (30, 110)), ("staged", "2", (40, 210))],
)
def test_a_run_that_was_killed_twice_ends_with_identical_weights_and_log(
    scenario: str, epochs: str, moments: tuple[int, int], data: tuple[str, str], tmp_path: Path
) -> None:
    options = (*SMALL, *data, "--epochs", epochs)
    assert command("run", scenario, *options, "--runs-dir", str(tmp_path)).returncode == 0
    (whole,) = run_names(tmp_path)

    kill_once_saved(moments[0], scenario, *options, "--save-every", "0.05")
    (run,) = run_names()
    kill_once_saved(moments[1], "--resume", run, "--save-every", "0.05")
    done = command("run", "--resume", run)
    assert (done.returncode, done.stderr.count("\n") > 0) == (0, True)
    records = saved(run)
    assert measured(records) == measured(saved(whole, tmp_path))
    assert [record["reason"] for record in records if record["event"] == "resumed"] == ["after a crash"] * 2
    assert records[-1]["weights_sha256"]


def kill_once_saved(step: int, *arguments: str) -> None:
    """Train, and kill at a step by which this process has written a checkpoint.

    Without one, the next process starts the run from the beginning, and writes no `resumed` line.
    """

    def checkpoints() -> set[int]:
        found: set[int] = set()
        for path in default_runs_folder().glob(f"*/{CHECKPOINT}"):
            with suppress(FileNotFoundError):  # for a moment, while the next one takes its place
                found.add(path.stat().st_mtime_ns)
        return found

    before = checkpoints()
    with training(*arguments) as process:
        read_until(process, lambda record: bool(record["step"] >= step) and bool(checkpoints() - before))
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL


def test_a_run_that_was_killed_is_abandoned_until_it_is_resumed(data: tuple[str, str]) -> None:
    kill_at_step(30, "depth-3", *SMALL, *data, "--epochs", "3000")
    (run,) = run_names()
    table = command("runs").stdout
    assert run in table
    assert "abandoned" in table
    watched = command("watch", run)
    assert f"no process trains it any more; to continue: vanish-tui run --resume {run}" in watched.stderr


def test_a_run_killed_before_its_first_checkpoint_starts_from_the_beginning(
    data: tuple[str, str], tmp_path: Path
) -> None:
    options = (*SMALL, *data, "--epochs", "2")
    assert command("run", "depth-3", *options, "--runs-dir", str(tmp_path)).returncode == 0
    kill_at_step(0, "depth-3", *options)
    (run,) = run_names()
    for checkpoint in (default_runs_folder() / run).glob("checkpoint*"):
        checkpoint.unlink()
    assert command("run", "--resume", run).returncode == 0
    (whole,) = run_names(tmp_path)
    assert measured(saved(run)) == measured(saved(whole, tmp_path))
