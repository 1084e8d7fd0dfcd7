"""Folders that cannot be written."""

import os
from pathlib import Path

import platformdirs
import pytest

from engine import user_folders
from vanish_recorder.storage.paths import obstacle, state_folder


def test_a_folder_and_one_that_can_be_made_have_no_obstacle(tmp_path: Path) -> None:
    assert obstacle(tmp_path) == ""
    assert obstacle(tmp_path / "a" / "b") == ""


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    expected = f"{tmp_path / 'file'} is not a folder"
    assert obstacle(tmp_path / "file") == obstacle(tmp_path / "file" / "x" / "y") == expected


def test_a_name_that_is_too_long_a_loop_of_links_and_a_nul_are_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert "File name too long" in obstacle(tmp_path / ("n" * 300))
    assert "symbolic links" in obstacle(tmp_path / "loop" / "x")
    assert "null" in obstacle(tmp_path / "a\0b")


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert obstacle(tmp_path / "link").endswith("is a link to a folder that does not exist")


def test_a_folder_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert obstacle(tmp_path / "x") == f"you have no permission to write in {tmp_path}"


def test_without_a_home_folder_the_program_has_folders_that_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert not user_folders.has_home()
    folders = {user_folders.user_folder("cache"), user_folders.user_folder("config")}
    folders.add(state_folder())
    assert len(folders) == 3
    assert not any(folder.parent.parent.exists() for folder in folders)


@pytest.mark.parametrize("named", [None, "", "/somewhere/else", " "])
def test_the_folder_for_runs_is_the_one_that_platformdirs_names(
    named: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if named is not None:
        monkeypatch.setenv("XDG_STATE_HOME", named)
    assert state_folder() == platformdirs.user_state_path("vanish-tui")
