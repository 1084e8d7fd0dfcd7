"""Screens that were closed use no memory, and what was read for them ends nothing."""

import gc
from pathlib import Path

import pytest
from textual._styles_cache import StylesCache
from textual.css.query import NoMatches
from textual.events import Resize
from textual.strip import Strip
from textual.widget import Widget

from tests.tui.lab_bench import WIDE, Bench, opened
from tui_vanish.chrome.help import HelpScreen
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.own_screen import OwnScreen
from tui_vanish.chrome.screen import SizedScreen
from tui_vanish.editor.screen import EditorScreen
from tui_vanish.runs.screen import RunsScreen

KEPT = (StylesCache, Strip, Widget)
# A timer that has not fired yet keeps a closed screen for some seconds. Ten openings left 0 to 380; with
# Textual's own cache, some keys left 770 to 1570.
LEEWAY = 500


def kept() -> int:
    """How many drawn lines and widgets are in memory."""
    gc.collect()
    return sum(issubclass(type(thing), KEPT) for thing in gc.get_objects())  # isinstance asks some of them


async def open_and_close(bench: Bench, key: str, times: int) -> None:
    for _ in range(times):
        await bench.press(key)
        await bench.press("escape")


@pytest.mark.parametrize("key", ["ctrl+p", "question_mark", "t", "r", "W", "e"])
async def test_a_screen_that_is_opened_again_and_again_uses_no_more_memory(key: str, tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        await open_and_close(bench, key, 3)
        before = kept()
        await open_and_close(bench, key, 10)
        assert kept() - before < LEEWAY


@pytest.mark.parametrize("keys", ["", "r", "C enter", "t", "d"])
async def test_a_screen_whose_parts_are_gone_shows_nothing(keys: str, tmp_path: Path) -> None:
    """A screen is in this state at the end of closing; a thread may have read something for it."""
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press(*keys.split())
        screen = bench.app.screen
        assert isinstance(screen, SizedScreen)
        bench.app.poller.stop()
        for part in tuple(screen.children):
            await part.remove()
        assert not screen.children
        screen.lay_out()
        if isinstance(screen, RunsScreen):
            await screen._read_folder()


@pytest.mark.parametrize("key", ["r", "t", "e", "d"])
async def test_a_closed_screen_that_has_lost_some_of_its_parts_shows_nothing(
    key: str, tmp_path: Path
) -> None:
    """Random keys found it: runs were read while their screen closed, and their list was already gone."""
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press(key)
        screen = bench.app.screen
        assert isinstance(screen, OwnScreen)
        bench.app.poller.stop()
        assert screen.has_parts
        bench.app._screen_stack.remove(screen)  # as when it is closed, before its parts go
        for part in tuple(screen.query("#run-list, #page, #form, #histograms")):
            await part.remove()
        assert screen.children
        assert not screen.has_parts
        if isinstance(screen, RunsScreen):
            await screen._read_folder()
        if isinstance(screen, SizedScreen):
            screen.lay_out()
        if isinstance(screen, EditorScreen):
            screen._check()
        bench.app._screen_stack.append(screen)


async def test_a_screen_of_an_app_that_ends_shows_nothing(tmp_path: Path) -> None:
    """The end of a test found it: the list was read while the parts went, and the footer was already gone."""
    async with opened(tmp_path) as bench:
        screen = bench.app.screen
        assert isinstance(screen, SizedScreen)
        bench.app.poller.stop()
        bench.app._running = False  # as when it ends, before the parts of its screens go
        await screen.query_one(KeyFooter).remove()
        screen.lay_out()
        bench.app._running = True


@pytest.mark.parametrize("closed", [True, False])
async def test_a_handler_that_misses_a_part_is_a_fault_only_on_an_open_screen(
    closed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random keys found it: the app ended while a dialog was mounted, which had no list to describe then."""
    async with opened(tmp_path) as bench:
        await bench.press("question_mark")
        screen, faults = bench.app.screen, list[Exception]()
        assert isinstance(screen, HelpScreen)
        monkeypatch.setattr(bench.app, "_handle_exception", faults.append)
        monkeypatch.setattr(HelpScreen, "on_resize", lambda self: self.query_one("#never"), raising=False)
        if closed:
            bench.app._screen_stack.remove(screen)
        await screen._dispatch_message(Resize(screen.size, screen.size))
        if closed:
            bench.app._screen_stack.append(screen)
        assert [type(fault) for fault in faults] == ([] if closed else [NoMatches])
