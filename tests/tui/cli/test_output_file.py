"""What `-o` of `code` and `report` may replace."""

import errno
import os
from pathlib import Path

import pytest

from tui_vanish.cli import output_file
from tui_vanish.cli.main import main
from tui_vanish.jobs.exits import FailedError
from tui_vanish.report import write


@pytest.fixture(params=["code", "report"])
def command(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command that would write; the report is not made here."""
    monkeypatch.setattr(write, "report", lambda entries, sweep: ("<html>", []))
    return [request.param, "recorded:relu", "-o"]


def refused(command: list[str], path: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main([*command, path, *more]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_only_an_ordinary_file_is_replaced(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to("mine")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        assert "not replaced" in refused(command, str(tmp_path / name), capsys, "--force")
    assert "already exists" in refused(command, str(tmp_path / "mine"), capsys)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "mine").read_text() == "mine"
    assert main([*command, str(tmp_path / "mine"), "--force"]) == 0
    assert (tmp_path / "mine").read_text() != "mine"


def test_a_missing_folder_is_named(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for folder in ("missing", "file"):
        where = tmp_path / folder
        assert f"there is no folder {where}\n" in refused(command, str(where / "x"), capsys)
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_leaves_what_was_there_and_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "mine"
    path.write_text("mine")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FailedError, match=f"^{path}: No space left on device$"):
        output_file.write_output(path, "new")
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["mine"]
