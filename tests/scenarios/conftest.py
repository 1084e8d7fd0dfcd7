from collections.abc import Callable
from pathlib import Path

import pytest

WriteScenario = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteScenario:
    """Writes a scenario file with the given id and returns its path."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file
