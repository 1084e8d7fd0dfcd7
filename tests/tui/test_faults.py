"""An error in the app's own code: a sentence, a file with the trace, and training continues."""

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from engine.protocol.commands import Pause
from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import WIDE, Bench, catalogue
from tui_vanish.app import VanishApp
from tui_vanish.chrome.page_screen import PageScreen
from tui_vanish.jobs import background
from tui_vanish.lab.screen import LabScreen
from tui_vanish.theory.page_view import PageView
from tui_vanish.theory.screen import TheoryScreen
from tui_vanish.widgets.line_input import LineInput


def fail(*_: object, **__: object) -> NoReturn:
    raise ZeroDivisionError("made for this test")


@asynccontextmanager
async def surviving(folder: Path) -> AsyncIterator[Bench]:
    """The app as `vanish-tui` opens it: it survives errors."""
    engine = FakeEngine()
    app = VanishApp(engine, errors=folder / "errors")
    app.session.catalogue.entries = catalogue(folder)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        bench = Bench(app, engine, pilot)
        await bench.settle()
        yield bench


async def shown_once(bench: Bench, folder: Path) -> None:
    """Check that one file was written, that the screen names it, and that keys still train."""
    (file,) = (folder / "errors").iterdir()
    assert "made for this test" in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "internal error" in bench.text
    text = f"This screen had an internal error; training continues. Details: {file}"
    assert text in [message.text for message in bench.app._message_line._messages]
    while len(bench.app.screen_stack) > 1:
        await bench.press("escape")
    run = await bench.train("depth-3")
    await bench.press("p")
    assert bench.engine.sent == [Pause(run.name)]


async def test_an_error_while_a_page_is_drawn_leaves_the_rest_of_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with surviving(tmp_path) as bench:
        monkeypatch.setattr(PageView, "draw", fail)
        await bench.press("t", "right", "enter")
        assert "This cannot be drawn: an internal error." in bench.text
        await shown_once(bench, tmp_path)


async def test_an_error_in_an_action_leaves_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with surviving(tmp_path) as bench:
        monkeypatch.setattr(TheoryScreen, "action_turn_knob", fail)
        await bench.press("t", "right", "right")
        assert isinstance(bench.app.screen, TheoryScreen)
        await shown_once(bench, tmp_path)


async def test_an_error_while_a_message_is_handled_leaves_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with surviving(tmp_path) as bench:
        monkeypatch.setattr(LabScreen, "look", fail)
        await bench.press("j")
        monkeypatch.undo()
        await shown_once(bench, tmp_path)


async def test_an_error_in_a_timer_leaves_the_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with surviving(tmp_path) as bench:
        bench.lab.set_timer(0.001, fail)
        await bench.pilot.pause(0.05)
        await shown_once(bench, tmp_path)


async def test_an_error_while_a_screen_is_composed_or_mounted_leaves_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with surviving(tmp_path) as bench:
        monkeypatch.setattr(PageScreen, "on_mount", fail)
        await bench.press("question_mark")
        await shown_once(bench, tmp_path)


async def test_an_error_in_an_input_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with surviving(tmp_path) as bench:
        await bench.press("slash")
        monkeypatch.setattr(LineInput, "insert_text_at_cursor", fail)
        await bench.press("d")
        monkeypatch.undo()
        await bench.press("d")
        assert "/d" in bench.text
        await bench.press("escape")
        await shown_once(bench, tmp_path)


async def test_an_app_that_cannot_start_leaves_its_runs_to_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[list[str]] = []
    monkeypatch.setattr(background, "hand_over", lambda runs, folder: handed_over.append(list(runs)))
    async with surviving(tmp_path) as bench:
        run = await bench.train()
        bench.engine.runs_folder = tmp_path
        (tmp_path / run.name).mkdir()
        bench.app.lose_input(ZeroDivisionError("made for this test"))
        await bench.pilot.pause()
        assert bench.app.return_value == 1
        assert bench.app.ending.left == [run.name]
        bench.app.ending.hand_over()
    assert handed_over == [[run.name]]
    (file,) = (tmp_path / "errors").iterdir()
    assert bench.app.failure == f"internal error, the app had to end (details: {file})."
