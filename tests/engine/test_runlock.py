"""A run has one writer, and everybody can see who it is and whether it is still there."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from time import time

import pytest

from engine.runlock import LOCK, SILENT_SECONDS, Owner, RunInUse, RunLock, owner_of


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
    code = f"from pathlib import Path; from engine.runlock import RunLock; RunLock(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / LOCK).read_text().strip()
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_a_number_that_another_process_has_by_now_is_not_its_owner(tmp_path: Path) -> None:
    present = Owner.present()
    assert present.started is not None
    earlier = replace(present, started=present.started - 1)
    (tmp_path / LOCK).write_text(json.dumps(asdict(earlier)) + "\n")
    assert owner_of(tmp_path) is None


def test_a_boot_ago_is_gone(tmp_path: Path) -> None:
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


def test_a_heartbeat_moves_the_file_s_time(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    os.utime(tmp_path / LOCK, (0, 0))
    lock.beat()
    assert time() - (tmp_path / LOCK).stat().st_mtime < SILENT_SECONDS
    lock.release()


@pytest.mark.parametrize("content", ["", "\n", "rubbish\n", "[]\n", '{"host": "x"}\n'])
def test_a_damaged_lock_names_nobody_and_can_be_taken(content: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(content)
    assert owner_of(tmp_path) is None
    RunLock(tmp_path).release()


def test_the_lock_is_for_the_user_alone(tmp_path: Path) -> None:
    RunLock(tmp_path).release()
    assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o600
