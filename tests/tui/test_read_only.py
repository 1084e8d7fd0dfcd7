"""An app that is read-only starts, changes and deletes nothing, whatever is pressed."""

from pathlib import Path

import pytest

from engine.attach.shared_engine import NoEngine, SharedEngine
from engine.protocol.commands import Stop
from tests.engine.lab import make_scenario
from tests.tui.lab_bench import opened
from tests.tui.runs.test_screen import fill
from tui_vanish.actions import ACTIONS, Target, changes
from tui_vanish.app import VanishApp
from tui_vanish.cli.main import parser
from tui_vanish.cli.open_app import engine_for
from tui_vanish.cli.options import settings
from tui_vanish.session.session import READ_ONLY


def keys_of(target: Target) -> list[str]:
    return [action.keys[0] for action in ACTIONS if action.target == target and action.changes]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, without the index of the list of runs, which any reader may write."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".index.json"
    }


def test_one_name_does_not_both_change_and_only_show() -> None:
    by_name = {action.name: set[bool]() for action in ACTIONS}
    for action in ACTIONS:
        by_name[action.name].add(action.changes)
    assert [name for name, kinds in by_name.items() if len(kinds) > 1] == []
    assert changes("screen.train")
    assert changes("rate('1')")
    assert not changes("app.theme")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All messages of the app."""
    messages: list[str] = []
    monkeypatch.setattr(VanishApp, "notify", lambda _, message, **__: messages.append(message))
    return messages


async def test_each_key_that_would_change_something_says_why_not(tmp_path: Path, said: list[str]) -> None:
    async with opened(tmp_path, read_only=True) as bench:
        for key in [*keys_of("lab"), *keys_of("app")]:
            said.clear()
            await bench.press(key)
            assert (key, said) == (key, [READ_ONLY])
            assert bench.app.screen is bench.lab
        assert bench.engine.runs == []
        offered = bench.footer.split()
        assert "find" in offered
        assert not {"train", "edit"} & set(offered)


async def test_the_palette_offers_nothing_that_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, read_only=True) as bench:
        await bench.press("ctrl+p", *"train")
        assert "Train the highlighted scenario" not in bench.text
        await bench.press("escape", "ctrl+p", *"theme")
        assert "Next colour theme" in bench.text


async def test_saved_runs_and_the_users_files_stay_as_they_are(tmp_path: Path, said: list[str]) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    fill(runs)
    before = contents(tmp_path)
    engine = SharedEngine(NoEngine(runs, READ_ONLY))
    app = VanishApp(engine, memory=tmp_path / "ui.json", user_dir=tmp_path / "mine", read_only=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("ctrl+t", "r")
        await app.workers.wait_for_complete()
        await pilot.press("G")
        for key in keys_of("runs"):
            said.clear()
            await pilot.press(key)
            assert (key, said) == (key, [READ_ONLY])
        await pilot.press("enter", *keys_of("lab"))
        assert set(said) == {READ_ONLY}
        app.ending.leave()
    assert contents(tmp_path) == before


def test_the_command_line_gives_the_app_an_engine_that_trains_nothing(tmp_path: Path) -> None:
    arguments = parser().parse_args(["--read-only", "--runs-dir", str(tmp_path)])
    engine = engine_for(arguments, settings(arguments))
    assert not engine.can_train
    assert engine.take_over("run") == READ_ONLY
    engine.train(make_scenario(), 1)
    engine.send(Stop("run"))
    assert [notice.text for notice in engine.snapshot().notices] == [READ_ONLY, READ_ONLY]
