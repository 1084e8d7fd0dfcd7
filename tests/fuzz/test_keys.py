"""Random keys, pastes, clicks and sizes on every screen, on an engine that a test controls.

Allowed is that the app is alive with its lab at the bottom of the stack, that nothing was written about an
internal error, and that `esc` leads back to the lab. `q` and `ctrl+c` may end it, if they were typed.
"""

import asyncio
import errno
import os
import random
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from unittest.mock import patch

from textual import events
from textual.geometry import Size
from textual.widgets import Input

from tests.fuzz.budget import Case, cases
from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import catalogue
from tui_vanish.actions import ACTIONS
from tui_vanish.app import VanishApp
from tui_vanish.chrome.dialogs import ConfirmScreen
from tui_vanish.lab.screen import LabScreen

KEYS = sorted({key for action in ACTIONS for key in action.keys} - {"ctrl+z", "ctrl+c"})
CHARACTERS = [*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "ạ", "漢", "\u0301"]
NAMED = {"slash": "/", "colon": ":", "question_mark": "?", "space": " ", "backspace": "\x7f", "enter": "\r"}
SIZES = [(80, 24), (120, 36), (200, 50), (79, 23), (1, 1), (2, 3), (30, 5), (100, 1), (81, 24), (150, 40)]


def an_event(source: random.Random) -> events.Event:
    """What a terminal may report."""
    kind = source.random()
    if kind < 0.5:
        key = source.choice(KEYS)
        return events.Key(key, key if len(key) == 1 else NAMED.get(key))
    if kind < 0.75:
        character = source.choice(CHARACTERS)
        return events.Key(character, character)
    if kind < 0.9:
        name = source.choice(
            ["escape", "enter", "backspace", "tab", "shift+tab", "up", "down", "left", "right"]
        )
        return events.Key(name, NAMED.get(name))
    if kind < 0.93:
        return events.Paste(source.choice(["", "\n", "depth", "a\tb\x1b[31m", "x" * 100_000, "ạ\n" * 50]))
    x, y = source.randrange(-2, 210), source.randrange(-2, 60)
    mouse = source.choice(
        [events.MouseDown, events.MouseUp, events.MouseMove, events.MouseScrollDown, events.MouseScrollUp]
    )
    return mouse(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)


@contextmanager
def alone() -> Iterator[None]:
    """No process can be started: those of a sweep would outlive the exam."""

    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with patch("tui_vanish.jobs.children.start", refuse):
        yield


async def settle(app: VanishApp) -> None:
    """Wait until all input has been acted upon."""
    while app.is_running and app.return_value is None:
        await asyncio.sleep(0)
        await app.turns.until_settled()
        if app.turns.is_idle:
            return


async def go_back(app: VanishApp) -> None:
    """Go back to the lab."""
    for _ in range(12):
        app.post_message(events.Key("escape", None))
        await settle(app)
        if isinstance(app.screen, ConfirmScreen):  # the form asks before it discards changes
            app.post_message(events.Key("enter", "\r"))
            await settle(app)


async def a_session(case: Case, folder: Path, bursts: int) -> None:
    """Type `bursts` bursts, and check after each of them."""
    source, engine = case.random, FakeEngine()
    engine.runs_folder = folder / "runs"
    errors = folder / f"errors-{case.number}"
    app = VanishApp(engine, errors=errors, ascii=source.random() < 0.2)
    app.session.catalogue.entries = catalogue(folder)
    typed: list[str] = []
    started: set[str] = set()
    async with app.run_test(size=source.choice(SIZES), notifications=True):
        engine.be_ready()
        for _ in range(bursts):
            if source.random() < 0.3 and engine.runs:
                run = source.choice(engine.runs)
                if run.name not in started:
                    started.add(run.name)
                    run.start()
                    run.train_epochs(source.randrange(1, 3))
            if source.random() < 0.2:
                size = Size(*source.choice(SIZES))
                typed.append(f"{size.width}x{size.height}")
                app.post_message(events.Resize(size, size))
            for _ in range(source.randrange(1, 12)):
                event = an_event(source)
                typed.append(repr(event)[:60])
                app.post_message(event)
            await settle(app)
            about = f"{case.label} after {typed[-14:]}"
            if app.return_value is not None:
                assert app.return_value == 0, about
                assert any("'q'" in each or "'s'" in each or "'y'" in each for each in typed), about
                break
            assert app.is_running, about
            assert isinstance(app.screen_stack[0], LabScreen), about
            written = [(errors / name).read_text() for name in os.listdir(errors)] if errors.is_dir() else []
            assert not written, f"{about}\n{written}"
        else:
            app.post_message(events.Resize(Size(120, 36), Size(120, 36)))
            await go_back(app)
            about = f"{case.label}: esc does not lead back, {app.screen_stack}, {typed[-14:]}"
            assert app.screen_stack == [app.screen], about
            assert not any(line.has_focus for line in app.screen.query(Input)), case.label


async def test_random_keys_end_nothing(tmp_path: Path) -> None:
    with alone(), chdir(tmp_path):  # some keys write a picture into the working folder
        for case in cases("keys", at_least=1):
            await a_session(case, tmp_path, 40)
