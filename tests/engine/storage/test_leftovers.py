"""What a killed process has left is removed at the next open, and nothing else."""

import os
from pathlib import Path

from engine.storage.checkpoint import remove_unfinished
from vanish_recorder.storage.atomic import remove_leftovers

KEPT = (
    "summary.json",
    ".summary.json.tmp",
    ".summary.json.x1.tmp",
    "summary.json.1.tmp",
    ".summary.json.1.tmp.bak",
    ".mine.json.1.tmp",
    ".summary.json.\n.tmp",
)
REMOVED = (".summary.json.1.tmp", ".summary.json.4194304.tmp", ".run.json.77.tmp")


def names(folder: Path) -> set[str]:
    return set(os.listdir(folder))


def test_only_our_temporary_files_are_removed(tmp_path: Path) -> None:
    for name in (*KEPT, *REMOVED):
        (tmp_path / name).touch()
    (tmp_path / ".summary.json.2.tmp").symlink_to(tmp_path / "summary.json")
    (tmp_path / ".summary.json.3.tmp").mkdir()
    remove_leftovers(tmp_path, ("summary.json", "run.json"))
    assert names(tmp_path) == {*KEPT, ".summary.json.2.tmp", ".summary.json.3.tmp"}


def test_what_another_process_may_be_writing_is_kept(tmp_path: Path) -> None:
    for name, age in ((".labels.json.1.tmp", 30), (".labels.json.2.tmp", 4000)):
        (tmp_path / name).touch()
        at = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (at, at))
    remove_leftovers(tmp_path, ("labels.json",), older_than=3600)
    assert names(tmp_path) == {".labels.json.1.tmp"}
    remove_leftovers(tmp_path / "missing", ("labels.json",))


def test_an_unfinished_checkpoint_is_removed_unless_it_is_a_link(tmp_path: Path) -> None:
    beside = tmp_path / "checkpoint.tmp"
    beside.write_text("a part")
    remove_unfinished(tmp_path)
    assert not beside.exists()
    (tmp_path / "mine").touch()
    beside.symlink_to(tmp_path / "mine")
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path / "missing")
    assert names(tmp_path) == {"mine", "checkpoint.tmp"}
