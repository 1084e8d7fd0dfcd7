"""Files that are written completely or not at all."""

from pathlib import Path

import pytest

from vanish_recorder.storage.atomic import write_atomically


def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "missing" / "x", tmp_path / "folder"):
        with pytest.raises(OSError, match=f": '{path}'$"):
            write_atomically(path, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
