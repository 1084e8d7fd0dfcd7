"""The user's own scenario files while the app is open: followed when they change, opened in an editor."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

import pytest
from textual.pilot import Pilot

import scenarios
from scenarios.schema import Scenario
from tests.tui.fake_engine import FakeEngine
from tui_vanish import text_editor
from tui_vanish.app import VanishApp
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.signal_watcher import SignalWatcher

BAD = 'extends = "depth-7"\ntitle = "Mine"\n[model]\nwidth = "wide"\n'
GOOD = 'extends = "depth-7"\ntitle = "Mended"\n[model]\nwidth = 64\n'


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[VanishApp, Pilot[int]]]:
    app = VanishApp(FakeEngine(), user_dir=folder)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.pause()
        yield app, pilot


def text_of(app: VanishApp) -> str:
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


async def follow(app: VanishApp, pilot: Pilot[int]) -> None:
    await app.session.catalogue.follow()
    await pilot.pause()


async def test_a_file_that_is_mended_while_the_app_is_open_can_be_trained(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(BAD)
    async with opened(tmp_path) as (app, pilot):
        app.navigation.show_in_lab("mine")
        app.poller.show_again()
        await pilot.pause()
        assert "bad file" in text_of(app)
        assert "a whole number from 1 to 8192" in text_of(app)
        file.write_text(GOOD)
        await follow(app, pilot)
        assert "bad file" not in text_of(app)
        assert "Mended" in text_of(app)
        await pilot.press("enter")
        engine = app.session.engine
        assert isinstance(engine, FakeEngine)
        assert engine.runs[-1].scenario.id == "mine"

        file.write_text(BAD)
        await follow(app, pilot)
        assert "bad file" in text_of(app)


async def test_files_that_come_and_go_are_listed_and_those_made_here_stay(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    values = _scenario(tmp_path, "base").resolved()
    catalogue.keep(Scenario.model_validate({**values, "id": "made", "title": "Made here"}))
    (tmp_path / "new.toml").write_text(GOOD)
    await catalogue.follow()
    assert [entry.id for entry in catalogue.entries if not entry.built_in] == ["base", "new", "made"]
    (tmp_path / "base.toml").unlink()
    await catalogue.follow()
    assert [entry.id for entry in catalogue.entries if not entry.built_in] == ["new", "made"]


async def test_a_file_is_read_again_only_when_something_has_changed(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    catalogue = Catalogue(tmp_path)
    listed = catalogue.entries
    await catalogue.follow()
    assert catalogue.entries is listed
    (tmp_path / "notes.txt").write_text("not a scenario")
    await catalogue.follow()
    assert catalogue.entries is listed


async def test_the_text_of_a_file_that_could_not_be_read_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("title = ")
    catalogue = Catalogue(tmp_path)
    catalogue.load(catalogue.entries[0])  # imports pydantic, so that the next lines read at once
    assert isinstance(catalogue.read(catalogue.entries[-1]), str)
    file.write_text(GOOD)
    await catalogue.follow()
    read = catalogue.read(catalogue.entries[-1])
    assert isinstance(read, Scenario)
    assert read.mlp.width == 64


async def test_the_app_follows_the_files_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, _):
        followed = [timer for timer in app._timers if timer._callback == app.session.catalogue.follow]
        assert len(followed) == 1


@pytest.fixture
def editor(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A text editor that mends the file that it is given."""
    program = tmp_path_factory.mktemp("bin") / "mend"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{GOOD}' > \"$2\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"{program} --wait")
    monkeypatch.setenv("EDITOR", "ignored")
    return program


async def test_a_key_opens_the_users_file_in_the_editor_and_the_app_is_suspended(
    tmp_path: Path, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(BAD)
    suspended: list[str] = []

    @contextmanager
    def suspend() -> Iterator[None]:
        suspended.append(file.read_text())
        yield
        suspended.append(file.read_text())

    async with opened(tmp_path) as (app, pilot):
        monkeypatch.setattr(app, "suspend", suspend)
        app.navigation.show_in_lab("mine")
        await pilot.press("O")
        assert suspended == [BAD, GOOD]
        await follow(app, pilot)
        assert "Mended" in text_of(app)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "No text editor is set. Start vanish-tui with EDITOR=nano, for example; the file is mine.toml"),
        ({"EDITOR": " "}, "No text editor is set. Start vanish-tui with EDITOR=nano"),
        ({"EDITOR": "no-such-editor -w"}, "The text editor of $EDITOR is not installed: no-such-editor -w"),
        ({"VISUAL": "'", "EDITOR": "true"}, "$VISUAL cannot be read (No closing quotation): '"),
        ({"VISUAL": "''"}, "The text editor of $VISUAL is not installed: ''"),
        ({"EDITOR": "false"}, "false ended with exit code 1."),
        ({"EDITOR": "true"}, ""),
    ],
    ids=["unset", "blank", "missing", "unclosed", "empty", "failing", "working"],
)
def test_an_editor_that_cannot_be_used_is_named_in_a_sentence(
    values: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    said = text_editor.edit(Path("mine.toml"), nullcontext, nullcontext)
    assert said.startswith(sentence)
    assert bool(said) == bool(sentence)


async def test_a_scenario_without_a_file_of_the_users_is_not_opened(
    tmp_path: Path, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (app, pilot):
        app.navigation.show_in_lab("depth-7")
        await pilot.press("O")
        await pilot.pause()
        text = "depth-7 is built in and read-only. Press e, then ctrl+s, to save a variant as a file."
        assert text in text_of(app)


def test_ctrl_c_for_the_editor_does_not_end_the_app() -> None:
    left: list[signal.Signals] = []
    watcher = SignalWatcher([signal.SIGINT, signal.SIGTERM], left.append)
    watcher._taken = [signal.SIGINT, signal.SIGTERM]
    watcher._reading, writing = _pipe()
    with watcher.ignoring(signal.SIGINT):
        _write(writing, signal.SIGINT, signal.SIGTERM)
        assert watcher._received() == [signal.SIGTERM]
    _write(writing, signal.SIGINT)
    assert watcher._received() == [signal.SIGINT]


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    return reading, writing


def _write(writing: int, *numbers: signal.Signals) -> None:
    os.write(writing, bytes(numbers))


def _scenario(folder: Path, name: str) -> Scenario:
    (folder / f"{name}.toml").write_text(GOOD)
    return scenarios.load(folder / f"{name}.toml")
