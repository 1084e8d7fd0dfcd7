"""The screen behind a dialog stays visible in every theme."""

from pathlib import Path

import pytest

from tests.tui.lab_bench import opened
from tui_vanish.themes import THEMES


def rows_beside(text: str) -> list[str]:
    """The rows above and below the dialog, which only the screen behind can fill."""
    lines = text.splitlines()
    return [*lines[:1], *lines[-4:-1]]


@pytest.mark.parametrize("key", ["q", "E", "colon"])
@pytest.mark.parametrize("theme", [*(theme.name for theme in THEMES.values()), "NO_COLOR"])
async def test_the_screen_behind_a_dialog_is_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: str, key: str
) -> None:
    if theme == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path) as bench:
        if theme != "NO_COLOR":
            bench.app.theme = theme
        await bench.train()
        behind = rows_beside(bench.text)
        assert all(row.strip() for row in behind)
        await bench.press(key)
        assert bench.app.screen.is_modal
        assert rows_beside(bench.text) == behind
