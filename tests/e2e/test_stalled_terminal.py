"""A terminal that takes nothing more, as behind a link that died: the app ends, and its runs are saved."""

import fcntl
import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from engine.storage.checkpoint import CHECKPOINT
from tests.e2e.processes import Record, read_until, run_names, saved, training
from tests.e2e.pseudo_terminal import PATIENCE, PROGRAM, PseudoTerminal, child_environment, take_signals
from tests.e2e.test_hangup import brief, epoch_of, train
from tests.engine.lab import write_data
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import owner_of

Open = Callable[..., PseudoTerminal]

CTRL_L, MOUSE = "\x0c", "m"  # draws the whole screen again; writes several times, a little each


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path / "data", train=800))


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """No process that a test has left running outlives it."""
    yield
    for name in run_names():
        if (owner := owner_of(default_runs_folder() / name)) is not None:
            os.kill(owner.pid, signal.SIGKILL)


@pytest.fixture
def stalled(open_terminal: Open, data: tuple[str, str]) -> PseudoTerminal:
    """The app trains, and its event loop is blocked in a write."""
    app = open_terminal(*data)
    train(app, brief(20_000))
    app.wait_for(lambda text: epoch_of(text) >= 2)
    app.stall(CTRL_L)
    return app


def is_saved_as_stopped() -> bool:
    (run,) = run_names()
    assert (default_runs_folder() / run / CHECKPOINT).exists()
    return ending(saved(run)) == ["stopped"] and owner_of(default_runs_folder() / run) is None


def ending(records: list[Record]) -> list[str]:
    return [record["status"] for record in records if record["event"] == "run_finished"]


def continues_elsewhere(open_terminal: Open, app: PseudoTerminal) -> bool:
    """Whether another process trains the run, as another app shows."""
    (run,) = run_names()
    assert ending(saved(run))[:1] == ["stopped"]
    watching = open_terminal("watch", run)
    before = watching.wait_for(lambda text: "in another process" in text and epoch_of(text) >= 2)
    watching.wait_for(lambda text: epoch_of(text) > epoch_of(before))
    found = owner_of(default_runs_folder() / run)
    return found is not None and found.pid not in (app.process.pid, watching.process.pid)


def send_twice(process: "subprocess.Popen[Any]") -> None:
    """As make, timeout and srun do: the second has to come after the first was taken, and soon."""
    process.send_signal(signal.SIGTERM)
    wait_until_taken(process.pid, signal.SIGTERM)
    process.send_signal(signal.SIGTERM)


def wait_until_taken(pid: int, number: signal.Signals) -> None:
    """Return when a signal that was sent is no longer pending: two that are pending count as one."""
    deadline = monotonic() + PATIENCE
    while pending(pid) >> (number - 1) & 1:
        assert monotonic() < deadline


def pending(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("ShdPnd"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_the_run_of_a_stalled_app(
    stalled: PseudoTerminal, number: signal.Signals, code: int
) -> None:
    stalled.process.send_signal(number)
    assert stalled.wait_for_end_unread() == code
    assert is_saved_as_stopped()
    stalled.watch(0.5)
    assert stalled.is_restored()


def test_a_hangup_hands_the_run_of_a_stalled_app_over(stalled: PseudoTerminal, open_terminal: Open) -> None:
    stalled.process.send_signal(signal.SIGHUP)
    assert stalled.wait_for_end_unread() == 129
    assert continues_elsewhere(open_terminal, stalled)


@pytest.mark.parametrize("keys", [CTRL_L, MOUSE])
def test_a_terminal_that_goes_after_it_has_stalled_hands_the_run_over(
    open_terminal: Open, data: tuple[str, str], keys: str
) -> None:
    app = open_terminal(*data, controlling=False)  # the terminal's own signals would interrupt the write
    train(app, brief(20_000))
    app.wait_for(lambda text: epoch_of(text) >= 2)
    app.stall(keys)
    app.hang_up()
    assert app.wait_for_end_unread() == 129
    assert continues_elsewhere(open_terminal, app)


def test_a_stalled_app_that_trains_nothing_ends(open_terminal: Open, data: tuple[str, str]) -> None:
    app = open_terminal(*data)
    app.wait_for("Scenarios")
    app.stall(CTRL_L)
    app.process.send_signal(signal.SIGTERM)
    assert app.wait_for_end_unread() == 143


def test_a_stalled_watch_ends_and_the_run_continues(open_terminal: Open, data: tuple[str, str]) -> None:
    brief(20_000)
    with training("brief", *data) as process:
        run = read_until(process, lambda record: record["epoch"] >= 2)["run"]
        watching = open_terminal("watch", run)
        watching.wait_for(lambda text: epoch_of(text) >= 2)
        watching.stall(CTRL_L)
        watching.hang_up()
        assert watching.wait_for_end_unread() == 129
        assert process.poll() is None


def test_another_app_relieves_a_stalled_one(
    stalled: PseudoTerminal, open_terminal: Open, data: tuple[str, str]
) -> None:
    second = open_terminal(*data)
    second.wait_for("in another process")
    second.type("T")
    assert stalled.wait_for_end_unread() == 143
    (run,) = run_names()
    second.wait_for(
        lambda text: "1 training" in text and "in another process" not in text and epoch_of(text) >= 2
    )
    found = owner_of(default_runs_folder() / run)
    assert found is not None
    assert found.pid == second.process.pid


def test_a_signal_that_comes_twice_at_once_saves_the_run(open_terminal: Open, data: tuple[str, str]) -> None:
    app = open_terminal(*data)
    train(app, brief(20_000))
    app.wait_for(lambda text: epoch_of(text) >= 2)
    send_twice(app.process)
    assert app.wait_for_end() == 143
    assert app.is_restored()
    assert is_saved_as_stopped()


def test_a_signal_that_comes_twice_at_once_saves_a_run_without_the_app(data: tuple[str, str]) -> None:
    brief(20_000)
    with training("brief", *data) as process:
        read_until(process, lambda record: record["epoch"] >= 2)
        send_twice(process)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert is_saved_as_stopped()


def run_unread(data: tuple[str, str], *arguments: str) -> "tuple[subprocess.Popen[bytes], int]":
    """Train with output to a pipe that is never read, until a write to it blocks; returns its other end."""
    brief(20_000)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1)  # the smallest
    process = subprocess.Popen(
        [*PROGRAM, *arguments, *data],
        stdout=writing,
        stderr=writing,
        env=child_environment({}),
        preexec_fn=take_signals,
    )
    deadline, ended = monotonic() + PATIENCE, os.pidfd_open(process.pid)
    while select.select([], [writing], [], 0)[1]:
        assert monotonic() < deadline
        assert not select.select([ended], [], [], 0.1)[0], "it has ended"
    for descriptor in (writing, ended):
        os.close(descriptor)
    return process, reading


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_saves_a_run_whose_output_is_never_read(
    data: tuple[str, str], number: signal.Signals, code: int
) -> None:
    process, reading = run_unread(data, "run", "brief", "--json")
    process.send_signal(number)
    assert process.wait(PATIENCE) == code
    assert is_saved_as_stopped()
    os.close(reading)


def test_a_signal_saves_every_run_of_a_comparison_whose_output_is_never_read(data: tuple[str, str]) -> None:
    process, reading = run_unread(data, "compare", "brief", "depth-3", "--json")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 143
    assert [ending(saved(run)) for run in run_names()] == [["stopped"]] * 2
    os.close(reading)


def test_a_run_whose_reader_is_only_slow_is_reported_to_its_end(data: tuple[str, str]) -> None:
    process, reading = run_unread(data, "run", "brief", "--json")
    process.send_signal(signal.SIGTERM)
    lines = b""
    while part := os.read(reading, 512):
        lines += part
        select.select([], [], [], 0.001)
    assert process.wait(PATIENCE) == 143
    assert json.loads(lines.splitlines()[-1])["status"] == "stopped"
    assert is_saved_as_stopped()
    os.close(reading)


def test_a_signal_saves_a_run_in_a_stalled_terminal(open_terminal: Open, data: tuple[str, str]) -> None:
    brief(20_000)
    terminal = open_terminal("run", "brief", "--json", *data)
    terminal.wait_for("epoch_finished")
    terminal.wait_until_blocked()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_for_end_unread() == 143
    assert is_saved_as_stopped()
