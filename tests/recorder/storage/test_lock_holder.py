"""Only the process that has taken a run's lock, in the run's own folder, counts as its holder."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.engine.owner_process import OwnerProcess, forge
from vanish_recorder.storage import run_lock
from vanish_recorder.storage.run_lock import LOCK, CannotEnd, Owner, RunInUse, RunLock, ask_to_end, owner_of

Start = Callable[[str, Path], int]

# Each prints the number of the process, or thread, that the forged lock will name.
SHARED = "import fcntl; file = open(lock, 'w+'); fcntl.flock(file, fcntl.LOCK_SH); print(os.getpid())"
EDITOR = "file = open(lock, 'r+'); print(os.getpid())"
HEIR = """
from vanish_recorder.storage.run_lock import RunLock
held = RunLock(pathlib.Path(lock).parent)
child = os.fork()
if child:
    print(child)
else:
    signal.pause()
"""
THREAD = """
from vanish_recorder.storage.run_lock import RunLock
held = RunLock(pathlib.Path(lock).parent)
thread = threading.Thread(target=signal.pause, daemon=True)
thread.start()
print(thread.native_id)
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that does something with a lock; returns the number that it prints."""
    with ExitStack() as stack:

        def begin(code: str, lock: Path) -> int:
            lock.touch()
            begun = f"import os, pathlib, signal, sys, threading\nlock = {str(lock)!r}\n{code}"
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", f"{begun}\nsys.stdout.flush()\nsignal.pause()"],
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,  # its child has to end with it
                )
            )
            stack.callback(os.killpg, process.pid, signal.SIGKILL)
            assert process.stdout is not None
            return int(process.stdout.readline())

        yield begin


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that would have been sent."""
    sent: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda process, number: sent.append(number))
    return sent


def claim(pid: int) -> Owner:
    started = run_lock._start_of(pid)
    assert started is not None
    return replace(Owner.present(), pid=pid, started=started)


@pytest.mark.parametrize("code", [SHARED, EDITOR, HEIR, THREAD], ids=["shared", "editor", "heir", "thread"])
def test_having_the_lock_s_file_is_not_holding_it(
    code: str, start: Start, tmp_path: Path, sent: list[int]
) -> None:
    named = claim(start(code, tmp_path / LOCK))
    forge(tmp_path, **asdict(named))
    assert owner_of(tmp_path) is None
    with pytest.raises(CannotEnd):
        ask_to_end(tmp_path, named)
    assert sent == []


def test_a_hard_link_of_a_lock_in_another_folder_has_no_owner(
    neighbour: OwnerProcess, tmp_path: Path, sent: list[int]
) -> None:
    original, backup = tmp_path / "original", tmp_path / "backup"
    original.mkdir()
    backup.mkdir()
    owner = neighbour.hold(original)
    os.link(original / LOCK, backup / LOCK)  # as `cp -al` and some backups do
    assert owner_of(backup) is None
    with pytest.raises(CannotEnd, match="does not hold the run's lock"):
        ask_to_end(backup, owner)
    assert sent == []
    assert owner_of(original) == owner
    with pytest.raises(RunInUse):  # the file is the same, and locked
        RunLock(backup)


def test_a_run_keeps_its_owner_when_its_folder_is_moved_or_reached_through_a_link(
    neighbour: OwnerProcess, tmp_path: Path, sent: list[int]
) -> None:
    (tmp_path / "before").mkdir()
    owner = neighbour.hold(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    (tmp_path / "link").symlink_to(tmp_path / "after")
    assert owner_of(tmp_path / "link") == owner
    ask_to_end(tmp_path / "link", owner)
    assert sent == [signal.SIGTERM]


def test_a_process_that_cannot_be_looked_into_is_not_ended(
    neighbour: OwnerProcess, tmp_path: Path, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = neighbour.hold(tmp_path)

    def refuse(path: str) -> list[str]:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert owner_of(tmp_path) == owner  # as far as can be seen
    with pytest.raises(CannotEnd, match="cannot be proved"):
        ask_to_end(tmp_path, owner)
    assert sent == []

    # In a copy of another user's folder, the lock is ours, and the process that it names is not.
    monkeypatch.setattr(run_lock, "_user_of", lambda pid: os.geteuid() + 1)
    assert owner_of(tmp_path) is None


def test_the_name_of_a_host_cannot_control_the_terminal(tmp_path: Path) -> None:
    forge(tmp_path, host="\ud800\n\x1b[2J" + "x" * 1000, boot_id="another")
    text = str(owner_of(tmp_path))
    assert text.startswith(rf"process {os.getpid()} on \ud800\n\x1b[2Jxxx")
    assert text.isprintable()
    assert len(text) < 120


def test_a_heartbeat_of_next_year_is_not_one(tmp_path: Path) -> None:
    path = forge(tmp_path, host="another-host")
    assert owner_of(tmp_path) is not None
    os.utime(path, (5e9, 5e9))
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()
