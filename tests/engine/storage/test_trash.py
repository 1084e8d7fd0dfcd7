"""The trash keeps what it cannot prove that `delete` put there, and runs that were moved by hand."""

import errno
import os
import shutil
from pathlib import Path
from time import time

import pytest

from engine.storage import trash
from engine.storage.run_index import list_runs
from tests.engine.storage.test_run_index import age, make_run
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import RunLock


@pytest.fixture
def _tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trash is emptied a little more than a day from now."""
    tomorrow = time() + trash.KEPT_SECONDS + 60
    monkeypatch.setattr(trash, "time", lambda: tomorrow)


def test_a_run_that_was_moved_by_hand_is_kept_for_a_day_from_then_on(tmp_path: Path) -> None:
    trash.delete(make_run(tmp_path, "run"))
    deleted = tmp_path / trash.TRASH / "run"
    deleted.rename(tmp_path / "run")  # restored, and put there again much later
    age(tmp_path / "run" / trash.DELETED)
    (tmp_path / "run").rename(deleted)
    assert trash.empty(tmp_path) == ["run"]
    assert (deleted / EVENTS).exists()


def test_a_second_run_of_one_name_is_not_deleted(tmp_path: Path) -> None:
    trash.delete(make_run(tmp_path, "run"))
    shutil.copytree(tmp_path / trash.TRASH / "run", tmp_path / "run")  # restored by hand
    with pytest.raises(FileExistsError, match="the trash already has a run of this name: restore or remove"):
        trash.delete(tmp_path / "run")
    assert (tmp_path / "run" / EVENTS).exists()
    shutil.rmtree(tmp_path / "run")
    trash.restore(tmp_path / "run")
    assert [entry.name for entry in list_runs(tmp_path)] == ["run"]


def test_a_folder_that_takes_a_run_s_place_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = make_run(tmp_path, "run"), make_run(tmp_path, "other")

    def lock_and_replace(run: Path) -> RunLock:
        lock = RunLock(run)
        folder.rename(tmp_path / "aside")
        other.rename(folder)
        return lock

    monkeypatch.setattr(trash, "RunLock", lock_and_replace)
    with pytest.raises(FileNotFoundError, match="another folder has taken its place"):
        trash.delete(folder)
    assert [entry.name for entry in list_runs(tmp_path)] == ["run", "aside"]
    assert not (folder / trash.DELETED).exists()


@pytest.mark.parametrize("kind", ["link", "folder"])
@pytest.mark.usefixtures("_tomorrow")
def test_a_mark_that_is_not_a_file_does_not_remove_a_run(kind: str, tmp_path: Path) -> None:
    (tmp_path / "old file").touch()
    trash.delete(make_run(tmp_path, "run"))
    mark = tmp_path / trash.TRASH / "run" / trash.DELETED
    mark.unlink()
    if kind == "link":
        mark.symlink_to(tmp_path / "old file")
    else:
        mark.mkdir()
    assert trash.empty(tmp_path) == []
    assert (mark.parent / EVENTS).exists()


@pytest.mark.parametrize("name", [b"two\nlines", b"\xff\xfe", b" ", b"-rf", b"\x1b[2J"])
def test_a_run_of_any_name_can_be_deleted_and_restored(name: bytes, tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run").rename(tmp_path / os.fsdecode(name))
    trash.delete(folder)
    assert trash.empty(tmp_path) == [folder.name]
    trash.restore(folder)
    assert [entry.name for entry in list_runs(tmp_path)] == [folder.name]


@pytest.mark.usefixtures("_tomorrow")
def test_a_run_with_too_many_nested_folders_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(*_: object, **__: object) -> None:
        raise RecursionError

    trash.delete(make_run(tmp_path, "deep"))
    monkeypatch.setattr(shutil, "rmtree", give_up)
    assert trash.empty(tmp_path) == []


def test_a_run_that_cannot_be_moved_is_not_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(tmp_path, "run")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OSError, match="cross-device"):
        trash.delete(folder)
    assert not (folder / trash.DELETED).exists()
