"""A full disk: training continues with a warning, and saves again as soon as there is space."""

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.storage.checkpoint import CHECKPOINT
from tests.e2e.processes import SMALL, command, measured, read_until, run_names, saved, training
from tests.e2e.pseudo_terminal import PATIENCE, child_environment
from tests.engine.lab import write_data
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import LOCK
from vanish_recorder.storage.summary import SUMMARY

LIMIT = 60_000  # bytes per file


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path_factory.mktemp("data"), train=800))


def limit_files() -> None:
    """Limit the size of files, which acts like a full disk; the limit can be lifted again."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))


def test_training_continues_while_nothing_can_be_saved(data: tuple[str, str], tmp_path: Path) -> None:
    options = (*SMALL, *data, "--epochs", "20")
    with training("depth-3", *options, "--runs-dir", str(tmp_path), prepare=limit_files) as process:
        out, errors = process.communicate()
    assert process.returncode == 1
    (run,) = run_names(tmp_path)
    log = (tmp_path / run / EVENTS).read_bytes()
    assert len(log) == LIMIT
    assert len(out.encode()) > LIMIT
    assert out.encode().startswith(log)
    assert errors.startswith(f"vanish-tui: not saved, {tmp_path / run}: File too large. Training continues.")
    reason, remedy = errors.splitlines()[-1].split("; ")
    assert reason == f"vanish-tui: not saved: {tmp_path / run}: File too large"
    assert remedy == f"make room, then continue from its last save: vanish-tui run --resume {run}"


def test_unsaved_data_is_saved_when_there_is_space_again(data: tuple[str, str], tmp_path: Path) -> None:
    with training(
        "depth-3", *SMALL, *data, "--epochs", "40", "--runs-dir", str(tmp_path), prepare=limit_files
    ) as process:
        read_until(process, lambda record: record["epoch"] == 20)
        assert ((tmp_path / run_names(tmp_path)[0]) / EVENTS).stat().st_size == LIMIT
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
        _, errors = process.communicate()
    assert process.returncode == 0
    (run,) = run_names(tmp_path)
    assert f"vanish-tui: saved again, {tmp_path / run}" in errors
    assert saved(run, tmp_path)[-1]["status"] == "finished"
    assert command("run", "depth-3", *SMALL, *data, "--epochs", "40").returncode == 0
    assert measured(saved(run, tmp_path)) == measured(saved(run_names()[0]))


def test_training_continues_if_the_folder_is_not_writable(
    data: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    done = command("run", "depth-3", *SMALL, *data, "--epochs", "1")
    assert done.returncode == 1
    assert f"not saved, {tmp_path / 'state'}" in done.stderr
    assert "make room or name another folder with --runs-dir, then train it again" in done.stderr
    assert "depth-3 finished: 1 epoch" in done.stdout
    assert "saved in" not in done.stdout


def test_a_detached_run_that_cannot_be_saved_is_refused(data: tuple[str, str], tmp_path: Path) -> None:
    def fill_the_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    runs = ("--runs-dir", str(tmp_path / "runs"))
    done = command("run", "depth-3", *SMALL, *data, *runs, "--detach", preexec_fn=fill_the_disk)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("vanish-tui: not started, because the run cannot be saved: ")
    assert "File too large. Make room there, or name another folder with --runs-dir." in done.stderr
    assert done.stderr.count("\n") == 1
    assert run_names(tmp_path / "runs") == []


@pytest.mark.parametrize("how", ["moved", "removed", "runs folder removed"])
def test_a_folder_that_is_gone_is_made_again(how: str, data: tuple[str, str], tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    options = (*SMALL, *data, "--epochs", "40", "--runs-dir", str(runs))
    with training("depth-3", *options) as process:
        read_until(process, lambda record: record["epoch"] == 10)
        (run,) = run_names(runs)
        if how == "moved":
            (runs / run).rename(tmp_path / "moved")
        else:
            shutil.rmtree(runs / run if how == "removed" else runs)
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert saved(run, runs)[-1]["status"] == "finished"
    assert {path.name for path in (runs / run).iterdir()} >= {DESCRIPTION, EVENTS, CHECKPOINT, SUMMARY, LOCK}
    assert command("run", "depth-3", *SMALL, *data, "--epochs", "40").returncode == 0
    assert measured(saved(run, runs)) == measured(saved(run_names()[0]))


def test_a_folder_that_cannot_be_made_again_is_reported(data: tuple[str, str], tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with training("depth-3", *SMALL, *data, "--epochs", "40", "--runs-dir", str(runs)) as process:
        read_until(process, lambda record: record["epoch"] == 10)
        (run,) = run_names(runs)
        runs.rename(tmp_path / "moved")
        runs.write_text("a file in its place")
        out, errors = process.communicate()
    assert process.returncode == 1
    assert '"finished"' in out
    last = errors.splitlines()[-1]
    assert last.startswith(f"vanish-tui: not saved: {runs / run}: ")
    assert last.endswith("; make room or name another folder with --runs-dir, then train it again")


def test_memory_that_runs_out_during_a_save_is_no_traceback(data: tuple[str, str], tmp_path: Path) -> None:
    code = (
        "import sys, torch\n"
        "from tui_vanish.__main__ import main\n"
        "save = torch.save\n"
        "left = iter([False, True, True, True])\n"
        "def out_of_memory(*arguments):\n"
        "    if next(left, False):\n"
        "        raise MemoryError\n"
        "    save(*arguments)\n"
        "torch.save = out_of_memory\n"
        "sys.exit(main())"
    )
    options = ("--epochs", "60", "--save-every", "0.05", "--runs-dir", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "depth-3", *SMALL, *data, *options],
        capture_output=True,
        text=True,
        env=child_environment({}),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert f"not saved, {tmp_path / run_names(tmp_path)[0]}: there is not enough memory." in done.stderr
    assert saved(run_names(tmp_path)[0], tmp_path)[-1]["status"] == "finished"


def test_a_run_stopped_on_a_full_disk_ends_promptly(data: tuple[str, str], tmp_path: Path) -> None:
    with training(
        "depth-3", *SMALL, *data, "--epochs", "9999", "--runs-dir", str(tmp_path), prepare=limit_files
    ) as process:
        read_until(process, lambda record: record["epoch"] == 12)
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate()
    assert process.returncode == 143
    assert '"stopped"' in out
    assert "not saved" in errors
