"""A full disk: training continues with a warning, and saves again as soon as there is space."""

import resource
import signal
from pathlib import Path

import pytest

from engine.storage.run_log import EVENTS
from tests.e2e.processes import SMALL, command, measured, read_until, run_names, saved, training
from tests.engine.lab import write_data

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
    assert process.returncode == 0
    (run,) = run_names(tmp_path)
    log = (tmp_path / run / EVENTS).read_bytes()
    assert len(log) == LIMIT
    assert len(out.encode()) > LIMIT
    assert out.encode().startswith(log)
    assert errors.startswith(f"vanish-tui: not saved, {tmp_path / run}: File too large. Training continues.")


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
    assert done.returncode == 0
    assert f"not saved, {tmp_path / 'state'}" in done.stderr
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
