"""A run has one writer, and other processes can see which one it is and whether it still exists."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from time import time

import pytest

from tests.engine.owner_process import OwnerProcess, forge
from vanish_recorder.storage import file_clock
from vanish_recorder.storage.run_lock import (
    LOCK,
    SILENT_SECONDS,
    CannotEnd,
    LockLost,
    Owner,
    RunInUse,
    RunLock,
    ask_to_end,
    owner_of,
)


def test_the_owner_is_this_process_until_it_releases(tmp_path: Path) -> None:
    assert owner_of(tmp_path) is None
    lock = RunLock(tmp_path)
    assert owner_of(tmp_path) == Owner.present()
    assert Owner.present().is_here
    assert Owner.present().is_alive
    lock.release()
    assert owner_of(tmp_path) is None


def test_a_run_is_locked_once(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    with pytest.raises(RunInUse, match=f"being trained by process {os.getpid()}") as refused:
        RunLock(tmp_path)
    assert refused.value.owner == Owner.present()
    lock.release()
    RunLock(tmp_path).release()


def test_the_lock_of_a_process_that_is_gone_can_be_taken(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from vanish_recorder.storage.run_lock import RunLock; "
        f"RunLock(Path({str(tmp_path)!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / LOCK).read_text().strip()
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_another_process_with_the_same_pid_is_not_the_owner(tmp_path: Path) -> None:
    present = Owner.present()
    assert present.started is not None
    earlier = replace(present, started=present.started - 1)
    (tmp_path / LOCK).write_text(json.dumps(asdict(earlier)) + "\n")
    assert owner_of(tmp_path) is None


def test_an_owner_before_the_last_boot_is_gone(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(json.dumps(asdict(replace(Owner.present(), boot_id="another"))) + "\n")
    os.utime(tmp_path / LOCK, (0, 0))
    assert owner_of(tmp_path) is None


def test_the_owner_on_another_host_is_known_by_its_heartbeat(tmp_path: Path) -> None:
    elsewhere = Owner("another-host", "another boot", 7, 1)
    (tmp_path / LOCK).write_text(json.dumps(asdict(elsewhere)) + "\n")
    assert owner_of(tmp_path) == elsewhere
    assert str(elsewhere) == "process 7 on another-host"
    with pytest.raises(RunInUse, match="process 7 on another-host"):
        RunLock(tmp_path)
    silent = time() - SILENT_SECONDS - 1
    os.utime(tmp_path / LOCK, (silent, silent))
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_a_clock_that_differs_from_the_file_system_s_changes_no_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Owner("another-host", "another boot", 7, 1)
    (tmp_path / LOCK).write_text(json.dumps(asdict(elsewhere)) + "\n")
    present = time()
    for wrong in (-7000.0, -70.0, 70.0, 7000.0):
        monkeypatch.setattr(file_clock, "time", lambda wrong=wrong: present + wrong)
        file_clock.forget()
        assert owner_of(tmp_path) == elsewhere
        with pytest.raises(RunInUse, match="process 7 on another-host"):
            RunLock(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_a_folder_that_cannot_be_written_is_judged_by_this_host_s_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_clock.forget()
    monkeypatch.setattr(file_clock, "time", lambda: 42.0)
    assert file_clock.now_at(tmp_path / "missing") == 42.0
    assert file_clock.now_at(tmp_path) > 42.0


def test_a_heartbeat_moves_the_file_s_time(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    os.utime(tmp_path / LOCK, (0, 0))
    lock.beat()
    assert time() - (tmp_path / LOCK).stat().st_mtime < SILENT_SECONDS
    lock.release()


@pytest.mark.parametrize("content", ["", "\n", "rubbish\n", "[]\n", '{"host": "x"}\n'])
def test_a_damaged_lock_has_no_owner_and_can_be_taken(content: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(content)
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_the_lock_is_for_the_user_alone(tmp_path: Path) -> None:
    RunLock(tmp_path).release()
    assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o600


def test_the_process_that_holds_the_lock_is_the_owner_and_ends_when_asked(
    neighbour: OwnerProcess, tmp_path: Path
) -> None:
    owner = neighbour.hold(tmp_path)
    with pytest.raises(RunInUse):
        RunLock(tmp_path)
    ask_to_end(tmp_path, owner)
    assert neighbour.wait() == 0
    assert owner_of(tmp_path) is None
    with pytest.raises(ProcessLookupError):
        ask_to_end(tmp_path, owner)


FORGERIES: list[dict[str, object]] = [
    {},  # a process that is there and does not hold the lock
    {"started": None},
    {"pid": -1},
    {"pid": 0},
    {"pid": 1},
    {"pid": 10**30},
    {"pid": True},
    {"pid": "77"},
    {"pid": 77.0},
    {"pid": None},
    {"pid": [1]},
    {"host": None},
    {"boot_id": 7},
    {"started": "now"},
    {"started": True},
    {"more": 1},
]


@pytest.mark.parametrize("changes", FORGERIES)
def test_a_forged_lock_has_no_owner_and_no_signal_is_sent(
    changes: dict[str, object], neighbour: OwnerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    owner = neighbour.hold(real)
    sent: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda process, number: sent.append(number))
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number))
    forge(tmp_path, **{**asdict(owner), **changes})
    assert owner_of(tmp_path) is None
    for believed in (owner, replace(owner, started=None), replace(owner, pid=os.getppid())):
        with pytest.raises((CannotEnd, ProcessLookupError)):
            ask_to_end(tmp_path, believed)
    assert sent == []
    assert neighbour.is_there
    RunLock(tmp_path).release()  # and the run can be taken


def test_a_process_that_only_reads_the_lock_does_not_hold_it(tmp_path: Path, neighbour: OwnerProcess) -> None:
    path = forge(tmp_path)
    with path.open():
        assert owner_of(tmp_path) is None
        with pytest.raises(CannotEnd, match="does not hold the run's lock"):
            ask_to_end(tmp_path, Owner.present())


def test_a_copy_of_a_run_s_folder_has_no_owner(neighbour: OwnerProcess, tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    owner = neighbour.hold(original)
    shutil.copytree(original, copy)
    assert (copy / LOCK).read_text() == (original / LOCK).read_text()
    assert owner_of(copy) is None
    with pytest.raises(CannotEnd, match="does not hold the run's lock"):
        ask_to_end(copy, owner)
    RunLock(copy).release()
    assert owner_of(original) == owner
    assert neighbour.is_there


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b"x" * 10_000_000, b"\xff\xfe\n", b'{"pid": 1e400}\n', b"null\n"],
)
def test_a_lock_with_random_content_has_no_owner(content: bytes, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_bytes(content)
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_a_link_in_place_of_the_lock_is_neither_read_nor_overwritten(tmp_path: Path) -> None:
    treasure = tmp_path / "thesis.tex"
    treasure.write_text("ten years of work")
    run = tmp_path / "run"
    run.mkdir()
    (run / LOCK).symlink_to(treasure)
    assert owner_of(run) is None
    with pytest.raises(OSError, match="symbolic link"):
        RunLock(run)
    assert treasure.read_text() == "ten years of work"


def test_a_pipe_in_place_of_the_lock_blocks_no_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK)
    assert owner_of(tmp_path) is None
    with pytest.raises(OSError, match="not a file of this user"):
        RunLock(tmp_path)


@pytest.mark.parametrize("deleted", [True, False])
def test_a_lock_file_that_is_deleted_or_replaced_keeps_a_second_process_away_and_is_noticed(
    deleted: bool, tmp_path: Path, neighbour: OwnerProcess
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    neighbour.hold(run)
    (run / LOCK).unlink()
    if not deleted:
        (run / LOCK).write_text("")
    with pytest.raises(RunInUse, match="it is being trained by another process"):
        RunLock(run)


def test_the_holder_notices_that_its_lock_file_was_replaced(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.check()
    (tmp_path / LOCK).unlink()
    (tmp_path / LOCK).write_text("")
    with pytest.raises(LockLost, match=r"run\.lock was replaced by another program"):
        lock.check()
    lock.release()


def test_the_holder_makes_a_deleted_lock_file_again(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    (tmp_path / LOCK).unlink()
    assert owner_of(tmp_path) is None
    lock.check()
    assert owner_of(tmp_path) == Owner.present()
    lock.release()
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_a_copy_with_hard_links_gets_a_lock_of_its_own(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    RunLock(original).release()
    before = (original / LOCK).read_bytes()
    copy.mkdir()
    os.link(original / LOCK, copy / LOCK)
    lock = RunLock(copy)
    assert owner_of(copy) == Owner.present()
    assert (original / LOCK).read_bytes() == before
    assert owner_of(original) is None
    RunLock(original).release()
    lock.release()
