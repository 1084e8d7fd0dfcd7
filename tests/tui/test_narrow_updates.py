from random import Random

import pyte
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from tui_vanish.narrow_updates import NarrowCompositor, NarrowUpdate

_CHOPS = [
    {0: 10, 10: 25, 35: 5},
    {0: 40},
    {0: 20, 20: 20},
]  # of a screen of 40×3: where each begins, how long it is


def _screen(letters: str) -> list[dict[int, Strip | None]]:
    return [
        {
            begin: Strip([Segment(letters[(y + begin + x) % len(letters)]) for x in range(width)])
            for begin, width in line.items()
        }
        for y, line in enumerate(_CHOPS)
    ]


def _shown(*updates: ChopsUpdate) -> list[str]:
    terminal = pyte.Screen(40, 4)
    stream = pyte.Stream(terminal)
    for update in updates:
        stream.feed(update.render_segments(Console()))
    return list(terminal.display[:3])


def test_the_terminal_shows_what_changed_and_keeps_the_rest() -> None:
    ends = [[begin + width for begin, width in line.items()] for line in _CHOPS]
    whole = NarrowUpdate(_screen("abcdefg"), [(y, 0, 40) for y in range(3)], ends)
    before, after = _shown(whole), _shown(NarrowUpdate(_screen("ABCDEFGHIJK"), whole.spans, ends))
    random = Random(4)
    for _ in range(200):
        begin, y = random.randrange(40), random.randrange(3)
        end = random.randrange(begin + 1, 41)
        shown = _shown(whole, NarrowUpdate(_screen("ABCDEFGHIJK"), [(y, begin, end)], ends))
        expected = before.copy()
        expected[y] = before[y][:begin] + after[y][begin:end] + before[y][end:]
        assert shown == expected


def test_cells_left_of_a_change_are_not_sent() -> None:
    update = NarrowUpdate(_screen("abc"), [(1, 37, 39)], [[10, 35, 40], [40], [20, 40]])
    assert len(update.render_segments(Console())) == len("\x1b[2;38H") + 2


class _Narrow(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()

    def compose(self) -> ComposeResult:
        yield Static("x" * 60)


async def test_a_screen_takes_part_through_its_compositor() -> None:
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
