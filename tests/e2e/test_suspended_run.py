"""A run and an app that are suspended by ctrl+z or SIGSTOP: they continue, and the shell can end them.

What the suspension does to the times of a run is tested with a clock that a test can set, in
tests/engine/training/test_awake.py.
"""

import os
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import SMALL, command, measured, read_until, run_names, saved, training
from tests.e2e.pseudo_terminal import PROGRAM, PseudoTerminal
from tests.e2e.test_hangup import brief, epoch_of, train
from tests.engine.lab import write_data
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import owner_of

Open = Callable[..., PseudoTerminal]

BASH = ("bash", "--norc", "--noprofile", "--noediting", "-i")


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path / "data", train=800))


@pytest.fixture
def shell(open_terminal: Open) -> PseudoTerminal:
    """An interactive shell with job control."""
    opened = open_terminal(program=BASH, environment={"PS1": "READY> ", "HISTFILE": None})
    opened.wait_for("READY>")
    return opened


def started(shell: PseudoTerminal, *arguments: str) -> None:
    shell.type(shlex.join([*PROGRAM, *arguments]) + "\n")


def trains(text: str) -> bool:
    return "1 training" in text and epoch_of(text) >= 2


def answer(shell: PseudoTerminal, line: str) -> int:
    """Type a line, and return the exit code of its last command."""
    said = re.compile(rb"ended with (\d+)\r")
    shell.type(f"{line}; echo ended with $?\n")
    shell.wait_for(lambda _: said.search(shell.sent))
    return int(said.findall(shell.sent)[-1])


def status_of(run: str) -> str:
    return str(saved(run)[-1].get("status"))


def is_in_order(shell: PseudoTerminal) -> bool:
    """Whether the shell still reads what is typed, and leaves its terminal as it was."""
    shell.type("echo still $((6 * 7)); exit\n")
    shell.wait_for("still 42")
    shell.wait_for_end()
    return shell.is_restored()


def test_an_app_that_ctrl_z_has_suspended_ends_with_kill(
    shell: PseudoTerminal, data: tuple[str, str]
) -> None:
    started(shell, *data)
    train(shell, brief(20_000))
    shell.wait_for(trains)
    shell.type("\x1a")
    shell.wait_for("Stopped")
    assert answer(shell, "kill %1; wait -f %1") == 143
    (run,) = run_names()
    assert status_of(run) == "stopped"
    assert owner_of(default_runs_folder() / run) is None
    assert is_in_order(shell)


def test_a_hang_up_of_a_suspended_app_leaves_its_runs_to_another_process(
    shell: PseudoTerminal, data: tuple[str, str]
) -> None:
    started(shell, *data)
    train(shell, brief(20_000))
    shell.wait_for(trains)
    shell.type("\x1a")
    shell.wait_for("Stopped")
    (run,) = run_names()
    app = owner_of(default_runs_folder() / run)
    assert answer(shell, "kill -HUP %1; wait -f %1") == 129
    with PseudoTerminal(["watch", run]) as watching:
        watching.wait_for(lambda _: owner_of(default_runs_folder() / run) not in (None, app))
    assert is_in_order(shell)


def test_an_app_that_is_stopped_from_elsewhere_ends_with_kill_and_leaves_the_screen(
    shell: PseudoTerminal, data: tuple[str, str]
) -> None:
    started(shell, *data)
    train(shell, brief(20_000))
    shell.wait_for(trains)
    stop(*run_names())
    shell.wait_for("Stopped")
    assert answer(shell, "kill %1; wait -f %1") == 143
    assert is_in_order(shell)


@pytest.mark.parametrize("key", ["\x1a", ""], ids=["ctrl+z", "SIGSTOP"])
def test_an_app_continues_in_the_foreground(key: str, shell: PseudoTerminal, data: tuple[str, str]) -> None:
    started(shell, *data)
    train(shell, brief(20_000))
    shell.wait_for(trains)
    if key:
        shell.type(key)
    else:
        stop(*run_names())
    shell.wait_for("Stopped")
    before = epoch_of(shell.text)
    shell.screen.reset()  # what is read from now on was drawn after it
    shell.type("fg\n")
    shell.wait_for(lambda text: trains(text) and epoch_of(text) > before)
    shell.type("?")
    shell.wait_for("Help")
    shell.type("\x1b")
    shell.wait_for(trains)
    shell.type("s")
    shell.wait_for("stopped")
    shell.type("q")
    shell.wait_for("READY>")
    assert is_in_order(shell)


def test_a_headless_run_that_ctrl_z_has_suspended_ends_with_kill(
    shell: PseudoTerminal, data: tuple[str, str]
) -> None:
    started(shell, "run", brief(20_000), *data)
    shell.wait_for(lambda _: b"epoch" in shell.sent)
    shell.type("\x1a")
    shell.wait_for("Stopped")
    assert answer(shell, "kill %1; wait -f %1") == 143
    (run,) = run_names()
    assert status_of(run) == "stopped"
    assert owner_of(default_runs_folder() / run) is None
    assert is_in_order(shell)


def test_a_run_that_was_stopped_and_continued_measures_the_same(
    data: tuple[str, str], tmp_path: Path
) -> None:
    options = (*SMALL, *data, "--epochs", "20")
    with training("depth-3", *options) as process:
        read_until(process, lambda record: record["epoch"] == 3)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, process.pid, os.WCONTINUED)
        read_until(process, lambda record: record["event"] == "run_finished")
        assert process.wait() == 0
    assert command("run", "depth-3", *options, "--runs-dir", str(tmp_path)).returncode == 0
    (run,), (whole,) = run_names(), run_names(tmp_path)
    assert measured(saved(run)) == measured(saved(whole, tmp_path))


def stop(run: str) -> None:
    """Send SIGSTOP to the process that trains a run, as `kill -STOP` from another terminal does."""
    owner = owner_of(default_runs_folder() / run)
    assert owner is not None
    os.kill(owner.pid, signal.SIGSTOP)
