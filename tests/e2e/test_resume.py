"""`run --resume` and `run --detach`: what they print, what they refuse, and which process owns the run."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from engine.data.fashion_mnist import TEST_LABELS
from tests.e2e.processes import (
    SMALL,
    command,
    kill_at_step,
    measured,
    read_until,
    run_names,
    saved,
    training,
    wait_for_end,
)
from tests.e2e.pseudo_terminal import PATIENCE
from tests.engine.lab import write_data
from vanish_recorder.storage.log_file import DESCRIPTION
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import owner_of

ENDLESS = ("--epochs", "100000")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path_factory.mktemp("data"), train=800))


def test_a_run_that_was_stopped_by_a_signal_can_be_resumed(data: tuple[str, str], tmp_path: Path) -> None:
    options = (*SMALL, *data, "--epochs", "6")
    assert command("run", "depth-3", *options, "--runs-dir", str(tmp_path)).returncode == 0
    with training("depth-3", *options) as process:
        read_until(process, lambda record: bool(record["step"] >= 30))
        process.send_signal(signal.SIGTERM)
        process.communicate()
        assert process.returncode == 143
    (run,) = run_names()
    assert saved(run)[-1]["status"] == "stopped"
    assert command("run", "--resume", run).returncode == 0
    (whole,) = run_names(tmp_path)
    assert measured(saved(run)) == measured(saved(whole, tmp_path))


def test_two_processes_never_train_one_run(data: tuple[str, str]) -> None:
    with training("depth-3", *SMALL, *data, *ENDLESS) as process:
        name = read_until(process, lambda record: record["event"] == "sample")["run"]
        refused = command("run", "--resume", name)
        assert refused.returncode == 2
        assert f"{name} is being trained by process {process.pid}" in refused.stderr
        (entry,) = json.loads(command("runs", "--json").stdout)
        assert (entry["run"], entry["state"], entry["owner"]["pid"]) == (name, "live", process.pid)
        read_until(process, lambda record: record["event"] == "sample")


def test_if_two_processes_resume_a_run_at_once_only_one_gets_it(data: tuple[str, str]) -> None:
    kill_at_step(30, "depth-3", *SMALL, *data, *ENDLESS)
    (run,) = run_names()
    with training("--resume", run) as first, training("--resume", run) as second:
        both = (first, second)
        ready = {}
        for process in both:
            assert process.stdout is not None
            ready[process] = process.stdout.readline()
        # A run that was killed before its first checkpoint was written starts from the beginning.
        first_events = ('"resumed"', '"run_started"')
        started = [process for process in both if any(event in ready[process] for event in first_events)]
        refused = [process for process in both if process not in started]
        assert len(started) == 1
        started[0].send_signal(signal.SIGTERM)
        assert started[0].communicate() is not None
        _, errors = refused[0].communicate()
        assert "is being trained by process" in errors + ready[refused[0]]
        assert refused[0].returncode in (1, 2)


def test_a_detached_run_has_its_own_session_and_is_saved_on_sighup(data: tuple[str, str]) -> None:
    done = command("run", "depth-3", *SMALL, *data, *ENDLESS, "--detach")
    assert done.returncode == 0
    (run,) = run_names()
    assert done.stdout == f"{run}\n"
    owner = owner_of(default_runs_folder() / run)
    assert owner is not None
    try:
        assert os.getsid(owner.pid) == owner.pid
        assert os.getpgid(0) != os.getpgid(owner.pid)
        assert parent_of(owner.pid) != os.getpid()
        os.kill(owner.pid, signal.SIGHUP)
        wait_for_end(owner.pid)
        assert saved(run)[-1]["status"] == "stopped"
    finally:
        if owner.is_alive:
            os.kill(owner.pid, signal.SIGKILL)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_all_runs_of_a_comparison_are_resumed_together(data: tuple[str, str]) -> None:
    for scenario in ("depth-3", "relu"):
        kill_at_step(30, scenario, *SMALL, *data, "--epochs", "4")
    runs = run_names()
    assert len(runs) == 2
    done = command("run", "--resume", *runs)
    assert done.returncode == 0
    assert all(saved(run)[-1]["status"] == "finished" for run in runs)
    assert all(f"{run}  epoch 4/4" in done.stderr for run in runs)
    assert "depth-3 finished: 4 epochs" in done.stdout
    assert "relu finished: 4 epochs" in done.stdout


def test_a_finished_run_trains_longer_when_asked(data: tuple[str, str]) -> None:
    assert command("run", "depth-3", *SMALL, *data, "--epochs", "1").returncode == 0
    (run,) = run_names()
    refused = command("run", "--resume", run)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"{run} finished at epoch 1: use a larger --epochs to train it longer" in refused.stderr
    assert command("run", "--resume", run, "--epochs", "2").returncode == 0
    assert saved(run)[-1]["epochs"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--resume", "nothing"), "there is no run 'nothing'"),
        (("--resume", "nothing", "--seed", "3"), "--resume takes no scenario, --set or --seed"),
        (("depth-3", "--save-every", "0"), "expected a number above 0"),
    ],
)
def test_impossible_requests_are_refused_with_a_one_line_error(
    arguments: tuple[str, ...], words: str
) -> None:
    done = command("run", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_other_data_are_refused_with_advice(data: tuple[str, str]) -> None:
    kill_at_step(30, "depth-3", *SMALL, *data, *ENDLESS)
    (run,) = run_names()
    done = command("run", "--resume", run, "--data", "sample")
    assert done.returncode == 2
    assert "it was trained on 800/20 images" in done.stderr
    assert "pass the same data with --data" in done.stderr


def killed_at_start(*arguments: str) -> str:
    """Kill a run with SIGKILL as soon as its `run.json` exists; returns its name."""
    with training(*arguments) as process:
        while not (born := list(default_runs_folder().glob(f"*/{DESCRIPTION}"))):
            assert process.poll() is None
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL
    return born[0].parent.name


def test_a_run_that_was_killed_at_its_start_continues_on_its_own_data(tmp_path: Path) -> None:
    run = killed_at_start("depth-3", *SMALL, "--data", "sample", "--epochs", "1")
    assert command("run", "--resume", run).returncode == 0
    (started, *_) = saved(run)
    assert started["data"]["source"] == "sample"
    options = (*SMALL, "--data", "sample", "--epochs", "1", "--runs-dir", str(tmp_path))
    assert command("run", "depth-3", *options).returncode == 0
    (whole,) = run_names(tmp_path)
    assert measured(saved(run)) == measured(saved(whole, tmp_path))


def test_a_run_whose_folder_was_copied_is_resumed_by_its_new_name(data: tuple[str, str]) -> None:
    assert command("run", "depth-3", *SMALL, *data, "--epochs", "1").returncode == 0
    (run,) = run_names()
    shutil.copytree(default_runs_folder() / run, default_runs_folder() / "copy")
    assert command("run", "--resume", "copy", "--epochs", "2").returncode == 0
    resumed = [record for record in saved("copy") if record["epoch"] == 2]
    assert {record["run"] for record in resumed} == {"copy"}
    both = command("run", "--resume", "copy", run, "--epochs", "3")
    assert both.returncode == 0
    assert saved(run)[-1]["weights_sha256"] == saved("copy")[-1]["weights_sha256"]
    detached = command("run", "--resume", "copy", "--epochs", "4", "--detach")
    assert (detached.returncode, detached.stdout) == (0, "copy\n")


def test_moved_or_changed_data_are_refused(tmp_path: Path) -> None:
    own = write_data(tmp_path / "own", train=800)
    assert command("run", "depth-3", *SMALL, "--data", str(own), "--epochs", "1").returncode == 0
    (run,) = run_names()
    before = saved(run)
    own.rename(tmp_path / "away")
    moved = command("run", "--resume", run, "--epochs", "2")
    assert (moved.returncode, moved.stdout) == (2, "")
    assert f"{own}: expected a folder with" in moved.stderr
    shutil.copytree(tmp_path / "away", own)
    content = bytearray((own / TEST_LABELS).read_bytes())
    content[-1] = (content[-1] + 1) % 10
    (own / TEST_LABELS).write_bytes(content)
    changed = command("run", "--resume", run, "--epochs", "2")
    assert (changed.returncode, changed.stdout) == (2, "")
    assert "it was trained on other images" in changed.stderr
    assert saved(run) == before
    assert command("run", "--resume", run, "--epochs", "2", "--data", str(tmp_path / "away")).returncode == 0
