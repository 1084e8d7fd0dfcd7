import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import NARROW, WIDE, Bench, catalogue, opened
from tui_vanish.app import VanishApp
from tui_vanish.monitor.looks import ChartLooks, Looks, looks_of, preferred
from tui_vanish.session import preferences
from tui_vanish.session.preferences import Preferences, recall, remember
from tui_vanish.themes import SAFE
from vanish_recorder.protocol.quantities import QUANTITIES


def test_stored_preferences_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ui.json"
    looks = Looks("accuracy", QUANTITIES["saturated"], True, None, ChartLooks("second", True, 2))
    what = replace(Preferences(theme=SAFE.name, list_wanted=False), **preferred(looks))
    remember(path, what)
    assert recall(path) == what
    assert looks_of(recall(path)) == looks


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"theme": 3, "smoothing": "much", "over_time": 1, "list_wanted": 7}',
    ],
)
def test_a_broken_file_gives_the_defaults(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ui.json"
    path.write_bytes(content)
    assert recall(path) == Preferences()


def test_unknown_values_of_a_newer_version_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "ui.json"
    stored = {
        "unit": "fortnight",
        "quantity": "colour",
        "smoothing": 99,
        "chart": "pie",
        "y_log": True,
        "new": 1,
    }
    path.write_text(json.dumps(stored))
    assert looks_of(recall(path)) == Looks(charts=ChartLooks(y_log=True))


def test_a_folder_that_cannot_be_written_raises_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, no folder")
    remember(tmp_path / "state" / "ui.json", Preferences(y_log=True))
    remember(None, Preferences(y_log=True))
    assert recall(None) == Preferences()


def test_unchanged_preferences_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "ui.json"
    remember(path, Preferences(y_log=True))
    with patch.object(preferences, "write_atomically") as write:
        remember(path, Preferences(y_log=True))
    assert write.call_count == 0


async def test_the_app_starts_with_the_preferences_of_the_last_session(tmp_path: Path) -> None:
    memory = tmp_path / "ui.json"
    for first in (True, False):
        app = VanishApp(FakeEngine(), memory=memory)
        app.session.catalogue.entries = catalogue(tmp_path)
        async with app.run_test(size=WIDE) as pilot:
            if first:
                await pilot.press("v", "h", "y", "o", "u", "l", "ctrl+t", "ctrl+t")
                app.session.remember()
            else:
                looks = looks_of(app.session.preferences)
                assert looks == Looks(
                    "accuracy", QUANTITIES["delta_norm"], True, None, ChartLooks("step", True, 1)
                )
                assert app.theme == SAFE.name


async def test_a_hidden_list_is_visible_until_a_run_is_shown(tmp_path: Path) -> None:
    memory = tmp_path / "ui.json"
    remember(memory, Preferences(list_wanted=False))
    app = VanishApp(FakeEngine(), memory=memory)
    app.session.catalogue.entries = catalogue(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        assert app.screen.query_one("#scenarios").display
        await pilot.press("enter")
        await pilot.pause()
        assert not app.screen.query_one("#scenarios").display


async def test_the_help_page_starts_with_the_focused_pane(tmp_path: Path) -> None:
    async def help_for(bench: Bench, *keys: str) -> str:
        await bench.press(*keys, "question_mark")
        text = " ".join(bench.text.replace("│", " ").split())
        await bench.press("escape")
        return text

    async with opened(tmp_path, NARROW) as bench:
        assert "The slides' scenarios by section" in await help_for(bench)
        run = await bench.train()
        run.sample(1)
        await bench.settle()
        assert "mean-field theory expects the layer" in await help_for(bench, "3")
        assert "the higher and brighter a cell" in await help_for(bench, "h")
        assert "everything shows the run as it was at that step" in await help_for(bench, "2")
