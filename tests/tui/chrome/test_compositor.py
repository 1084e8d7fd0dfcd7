import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import _compositor
from textual._compositor import ChopsUpdate, Compositor
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from tests.tui.lab_bench import opened
from tui_vanish.chrome.compositor import use_narrow_updates
from tui_vanish.chrome.narrow_updates import NarrowUpdate

_CHOPS = [
    {0: 10, 10: 25, 35: 5},
    {0: 40},
    {0: 20, 20: 20},
]  # of a screen of 40×3: start and length of each


_STYLES = [None, Style(color="red"), Style(color="green", bold=True), Style(color="red", reverse=True)]


def _screen(letters: str) -> list[dict[int, Strip | None]]:
    """Letters, in a style that changes every three cells."""
    return [
        {
            begin: Strip(
                [
                    Segment(letters[(y + begin + x) % len(letters)], _STYLES[(y + x // 3) % len(_STYLES)])
                    for x in range(width)
                ]
            )
            for begin, width in line.items()
        }
        for y, line in enumerate(_CHOPS)
    ]


def _shown(*updates: ChopsUpdate) -> list[list[pyte.screens.Char]]:
    """Every cell of the screen, with its colours."""
    terminal = pyte.Screen(40, 4)
    stream = pyte.Stream(terminal)
    for update in updates:
        stream.feed(update.render_segments(Console()))
    return [[terminal.buffer[y][x] for x in range(40)] for y in range(3)]


def test_the_terminal_shows_the_changes_and_keeps_the_rest() -> None:
    ends = [[begin + width for begin, width in line.items()] for line in _CHOPS]
    whole = NarrowUpdate(_screen("abcdefg"), [(y, 0, 40) for y in range(3)], ends)
    other = NarrowUpdate(_screen("ABCDEFGHIJK"), whole.spans, ends)
    before, after = _shown(whole), _shown(other)
    assert before == _shown(ChopsUpdate(whole.chops, whole.spans, ends))
    random = Random(4)
    for _ in range(200):
        expected = [line.copy() for line in before]
        spans = []
        for y in random.sample(range(3), random.randint(1, 3)):
            begin = random.randrange(40)
            end = random.randrange(begin + 1, 41)
            spans.append((y, begin, end))
            expected[y][begin:end] = after[y][begin:end]
        assert _shown(whole, NarrowUpdate(other.chops, spans, ends)) == expected


def _update(*rows: list[Segment], spans: list[tuple[int, int, int]]) -> str:
    """The bytes that are sent for these rows, each a single strip."""
    strips = [Strip(row) for row in rows]
    chops: list[dict[int, Strip | None]] = [{0: strip} for strip in strips]
    update = NarrowUpdate(chops, spans, [[strip.cell_length] for strip in strips])
    return update.render_segments(Console())


def test_cells_left_of_a_change_are_not_sent() -> None:
    assert _update([Segment("x" * 40)], spans=[(0, 37, 39)]) == "\x1b[1;38Hxx"


def test_a_style_is_set_once_for_all_its_pieces() -> None:
    red, green = Style(color="red"), Style(color="green")
    row = [Segment("ab", red), Segment("cd", green), Segment("ef", red)]
    sent = _update(row, row, spans=[(0, 0, 6), (1, 0, 6)])
    assert sent == (
        "\x1b[31m\x1b[1;1Hab\x1b[1;5Hef\x1b[2;1Hab\x1b[2;5Hef\x1b[0m\x1b[32m\x1b[1;3Hcd\x1b[2;3Hcd\x1b[0m"
    )


def test_adjacent_pieces_of_one_style_need_no_cursor_move() -> None:
    row = [Segment("ab"), Segment("cd"), Segment("一"), Segment("e")]
    assert _update(row, spans=[(0, 0, 7)]) == "\x1b[1;1Habcd一e"


class _Narrow(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        use_narrow_updates(self)

    def compose(self) -> ComposeResult:
        yield Static("x" * 60)


async def test_a_screen_sends_narrow_updates_through_its_compositor() -> None:
    updates: list[object] = []

    class Listening(App[None]):
        def get_default_screen(self) -> _Narrow:
            return _Narrow()

        def _display(self, screen: Screen[object], renderable: object) -> None:
            updates.append(renderable)

    app = Listening()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        updates.clear()
        app.screen.query_one(Static).refresh(Region(50, 0, 2, 1))
        await pilot.pause()
    (update,) = [update for update in updates if update is not None]
    assert isinstance(update, NarrowUpdate)
    assert update.spans == [(0, 50, 52)]
    assert "xx" in (text := update.render_segments(Console()))
    assert "xxx" not in text


class _OtherParameters(ChopsUpdate):
    def __init__(self, chops: Any, spans: Any, chop_ends: Any, crop: object = None) -> None:
        super().__init__(chops, spans, chop_ends)


class _OtherAttributes(ChopsUpdate):
    def __init__(self, chops: Any, spans: Any, chop_ends: Any) -> None:
        super().__init__(chops, spans, chop_ends)
        self.crop = None


class _OtherRendering(ChopsUpdate):
    def render_segments(self, console: Console, crop: object = None) -> str:
        return super().render_segments(console)


@pytest.fixture
def textual_has(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[ChopsUpdate] | None], None]:
    """Replaces or removes Textual's class of updates, as if the app had just started with that version."""

    def have(updates: type[ChopsUpdate] | None) -> None:
        monkeypatch.delitem(sys.modules, "tui_vanish.chrome.narrow_updates")
        if updates is None:
            monkeypatch.delattr(_compositor, "ChopsUpdate")
        else:
            monkeypatch.setattr(_compositor, "ChopsUpdate", updates)

    return have


@pytest.mark.parametrize("updates", [None, _OtherParameters, _OtherAttributes, _OtherRendering])
def test_a_screen_keeps_textual_s_compositor_if_that_has_changed(
    updates: type[ChopsUpdate] | None, textual_has: Callable[[type[ChopsUpdate] | None], None]
) -> None:
    textual_has(updates)
    screen: Screen[None] = Screen()
    before = screen._compositor
    use_narrow_updates(screen)
    assert screen._compositor is before
    assert type(before) is Compositor


async def test_the_app_draws_the_same_with_textual_s_compositor(
    tmp_path: Path, textual_has: Callable[[type[ChopsUpdate] | None], None]
) -> None:
    texts = []
    for updates in (None, _OtherParameters):
        if updates is not None:
            textual_has(updates)
        async with opened(tmp_path) as bench:
            await bench.press("j")
            run = await bench.train()
            run.train_epochs(3)
            await bench.settle()
            texts.append(bench.text)
            assert (type(bench.app.screen._compositor) is Compositor) is (updates is not None)
    assert texts[0] == texts[1]
