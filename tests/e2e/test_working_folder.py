"""In a project of the user, with files that have the names of our modules and of Python's."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import SMALL, command, run_names
from tests.e2e.pseudo_terminal import PATIENCE, PseudoTerminal, child_environment
from tests.e2e.test_hangup import brief, epoch_of, train
from tests.engine.lab import write_data
from tui_vanish.working_folder import ROOT
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import owner_of

Open = Callable[..., PseudoTerminal]

_FILES = (
    "engine.py",
    "random.py",
    "json.py",
    "torch.py",
    "signal.py",
    "argparse.py",
    "rich.py",
    "socket.py",
    "vanish_recorder.py",
)
_ENDLESS = ("--epochs", "999999")
# The installed command, which has no working folder among its places to import from.
INSTALLED = (sys.executable, "-P", "-m", "tui_vanish")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose files write a mark when they are imported, and fail."""
    folder = tmp_path / "project"
    (folder / "scenarios").mkdir(parents=True)
    mark = (
        f"open({str(tmp_path / 'imported')!r}, 'a').write(__file__)\nraise SystemExit('the file of the user')"
    )
    for name in (*_FILES, "scenarios/__init__.py"):
        (folder / name).write_text(mark)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path / "data", train=800))


def nothing_was_imported(project: Path) -> bool:
    return not (project.parent / "imported").exists()


def holder(run: str) -> int:
    """The number of the process that trains a run."""
    found = owner_of(default_runs_folder() / run)
    assert found is not None
    return found.pid


@pytest.mark.parametrize("safe", [True, False], ids=["installed", "python -m"])
def test_a_detached_run_imports_nothing_of_the_users(
    safe: bool, project: Path, data: tuple[str, str]
) -> None:
    options = ("-P",) if safe else ()
    done = subprocess.run(
        [
            sys.executable,
            *options,
            "-m",
            "tui_vanish",
            "run",
            "depth-3",
            *SMALL,
            *data,
            *_ENDLESS,
            "--detach",
        ],
        capture_output=True,
        text=True,
        cwd=project,
        env=child_environment({}),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, run_names()), done.stderr
    assert holder(run_names()[0]) > 1
    assert nothing_was_imported(project)


def test_a_hang_up_and_q_leave_the_run_to_a_process_that_imports_nothing_of_the_users(
    open_terminal: Open, project: Path, data: tuple[str, str]
) -> None:
    first = open_terminal(*data, program=INSTALLED, cwd=project)
    train(first, brief(20_000))
    first.wait_for(lambda text: epoch_of(text) >= 2)
    first.hang_up()
    assert first.wait_for_end() == 129
    (run,) = run_names()

    second = open_terminal(*data, program=INSTALLED, cwd=project)
    second.wait_for("in another process")
    second.type("T")
    second.wait_for(
        lambda text: "1 training" in text and "in another process" not in text and "loading" not in text
    )
    second.type("q")
    second.wait_for("enter: quit, and continue the run in the background")
    second.type("\r")
    assert second.wait_for_end() == 0
    assert f"{run} continues in the background" in second.text
    assert holder(run) not in (first.process.pid, second.process.pid)
    assert nothing_was_imported(project)


def test_doctor_names_the_files_and_still_finds_that_pytorch_works(project: Path) -> None:
    done = command("doctor", "--data", "sample", "--json", cwd=project)
    report = json.loads(done.stdout)
    assert done.returncode == 0, report["problems"]
    assert report["shadows"] == sorted([*_FILES, "scenarios/"])
    assert any("engine.py" in remark for remark in report["remarks"])
    assert nothing_was_imported(project)


def test_the_working_folder_in_pythonpath_is_left_out(project: Path, data: tuple[str, str]) -> None:
    places = os.pathsep.join((".", ROOT))
    done = subprocess.run(
        [sys.executable, "-m", "tui_vanish", "run", "depth-3", *SMALL, *data, *_ENDLESS, "--detach"],
        capture_output=True,
        text=True,
        cwd=project,
        env=child_environment({"PYTHONPATH": places}),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, run_names()), done.stderr
    assert nothing_was_imported(project)


def test_what_python_itself_took_from_there_is_named_in_one_line(project: Path) -> None:
    for name in _FILES:
        (project / name).unlink()
    (project / "reprlib.py").write_text("from _reprlib_of_python import *\n")
    shutil.copy(Path(os.__file__).parent / "reprlib.py", project / "_reprlib_of_python.py")
    done = command("list", cwd=project)  # `python -m` imports it before the program begins
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "vanish-tui: reprlib.py in this folder takes the place of Python's own module"
    )
    assert done.stderr.count("\n") == 1
