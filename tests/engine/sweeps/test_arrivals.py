"""A run from another machine appears complete, or not at all."""

from pathlib import Path

import pytest

from engine.sweeps import arrivals
from engine.sweeps.arrivals import place, remove_unfinished

FILES = {"run.json": b"{}", "events.jsonl": b"new\n"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_replaces_an_unfinished_run(tmp_path: Path) -> None:
    (tmp_path / "sweep-1").mkdir()
    (tmp_path / "sweep-1" / "checkpoint.pt").write_bytes(b"old")
    place(tmp_path, "sweep-1", FILES)
    assert contents(tmp_path / "sweep-1") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["sweep-1"]
    assert (tmp_path / "sweep-1").stat().st_mode & 0o777 == 0o700


def test_names_that_lead_elsewhere_are_left_out(tmp_path: Path) -> None:
    place(tmp_path, "sweep-1", FILES | {"../out": b"x", "/tmp/out": b"x", ".hidden": b"x", "..": b"x"})
    assert contents(tmp_path / "sweep-1") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["sweep-1"]


def test_a_full_disk_leaves_the_old_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path, "sweep-1", {"events.jsonl": b"old\n"})

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrivals, "write_atomically", full)
    with pytest.raises(OSError, match="No space left"):
        place(tmp_path, "sweep-1", FILES)
    assert contents(tmp_path / "sweep-1") == {"events.jsonl": b"old\n"}
    assert [path.name for path in tmp_path.iterdir()] == ["sweep-1"]


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path) -> None:
    for name in (".coming-sweep-1", ".replaced-sweep-2", "sweep-3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_bytes(b"{}")
    (tmp_path / ".coming-a-file").write_bytes(b"")
    remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".coming-a-file", "sweep-3"]
