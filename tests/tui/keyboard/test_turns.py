"""Keys that arrive together act as if they had been typed one after the other.

It is long because each case needs the whole app, with the same helpers.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from textual.events import Key, MouseMove, Paste
from textual.message import Message
from textual.widgets import Input

from tests.test_architecture import sources
from tests.tui.lab_bench import NARROW, Bench, opened
from tui_vanish.chrome.help import HelpScreen
from tui_vanish.chrome.leave import LeaveScreen
from tui_vanish.editor.screen import EditorScreen
from tui_vanish.keyboard.turns import FIRST, MOST, Turns, is_settled
from tui_vanish.lab.screen import LabScreen
from tui_vanish.theory.screen import TheoryScreen

CHARACTERS = {"slash": "/", "question_mark": "?", "colon": ":", "backspace": "\x7f", "enter": "\r"}


def keys(*names: str) -> list[Key]:
    """The events of these keys, and of every character of a name in `<>`."""
    return [
        Key(key, key if len(key) == 1 else CHARACTERS.get(key))
        for name in names
        for key in (name[1:-1] if name.startswith("<") else [name])
    ]


async def together(bench: Bench, events: Iterable[Key | Paste | MouseMove]) -> None:
    """Let these events arrive before the app can act on the first one."""
    for event in events:
        bench.app.post_message(Key(event.key, event.character) if isinstance(event, Key) else event)
    while bench.app.is_running:
        await asyncio.sleep(0)  # the queue's own task goes first
        await bench.app.turns.until_settled()
        if bench.app.turns.is_idle:
            break


def fail(*_: object) -> NoReturn:
    raise ZeroDivisionError("made for this test")


def state(bench: Bench) -> object:
    """What keys may change."""
    screen = bench.app.screen
    return (
        [type(each).__name__ for each in bench.app.screen_stack],
        bench.focused,
        [line.value for line in screen.query(Input)],
        [run.scenario.id for run in bench.engine.runs],
        bench.engine.sent,
        bench.text,
    )


@pytest.mark.parametrize(
    "typed",
    [
        keys("slash", "<depth-3>", "enter", "e"),
        keys("slash", "<depth-7>", "enter", "enter"),
        keys("slash", "<abc>", "backspace", "backspace", "X"),
        keys("e", "down", "backspace", "<64>", "up", "enter"),
        keys("e", "<x>", "escape", "j", "enter", "s"),
        keys("colon", "<go to depth-7>", "enter", "enter"),
        keys("colon", "pageup", "pagedown", "up", "escape", "j"),
        keys("t", "enter", "enter", "right", "escape", "escape", "enter"),
        keys("j", "enter", "R", "<1>", "2", "escape", "p"),
        keys("r", "slash", "<abc>", "escape", "escape", "j"),
        keys("j", "space", "space", "c", "escape", "k"),
        keys("j", "enter", "q", "n", "p"),
    ],
    ids=lambda typed: "-".join(key.character or key.key for key in typed).replace("/", "slash"),
)
async def test_together_as_one_by_one(typed: list[Key], tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        for key in typed:
            await together(bench, [key])
        expected = state(bench)
    async with opened(tmp_path, NARROW) as bench:
        await together(bench, typed)
        assert state(bench) == expected


async def test_a_key_after_enter_does_not_go_to_the_filter(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await together(bench, keys("slash", "<depth-3>", "enter", "e"))
        assert isinstance(bench.app.screen, EditorScreen)
        assert bench.lab.query_one("#filter", Input).value == "depth-3"


async def test_the_second_enter_of_a_burst_trains(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await together(bench, keys("slash", "<depth-7>", "enter", "enter"))
        assert [run.scenario.id for run in bench.engine.runs] == ["depth-7"]


async def test_slash_gives_the_hidden_list_s_filter_the_keyboard(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.train()
        for press in (bench.press, lambda *names: together(bench, keys(*names))):
            await press("slash")
            assert bench.focused == "filter"
            await press("s")
            assert bench.engine.sent == []
            await press("escape")
            await press("enter")
        await together(bench, keys("slash", "s"))
        assert bench.engine.sent == []
        assert bench.lab.query_one("#filter", Input).value == "s"


async def test_two_enters_in_a_walk_are_two_steps(tmp_path: Path) -> None:
    pages = []
    for press in (1, 2):
        async with opened(tmp_path) as bench:
            await bench.press("t")
            screen = bench.app.screen
            assert isinstance(screen, TheoryScreen)
            screen.open("optimizers")
            await together(bench, keys(*["enter"] * press))
            pages.append(bench.text)
    assert pages[0] != pages[1]


async def test_what_a_burst_of_keys_opens_is_closed_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await together(bench, keys("question_mark", "escape", "escape", "enter", "q", "escape"))
        await together(bench, keys("question_mark", "escape", "question_mark", "question_mark", "escape"))
        assert bench.app.screen is bench.lab


async def test_two_causes_that_close_a_screen_close_only_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("t", "question_mark")
        help_page = bench.app.screen
        assert isinstance(help_page, HelpScreen)
        below = bench.app.screen_stack[-2]
        below.dismiss()
        assert bench.app.screen is help_page
        help_page.dismiss()
        help_page.dismiss()
        await bench.settle()
        assert bench.app.screen is below
        below.dismiss()
        below.dismiss()
        bench.lab.dismiss()
        await bench.settle()
        assert bench.app.screen_stack == [bench.lab]


async def test_the_last_key_of_a_flood_is_answered(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        moves: list[str] = []
        move = bench.lab.action_cursor

        def count(by: str) -> None:
            moves.append(by)
            move(by)

        bench.lab.action_cursor = count  # type: ignore[method-assign]
        await together(bench, keys(*["j"] * 2_000, "question_mark"))
        assert isinstance(bench.app.screen, HelpScreen)
        assert len(moves) == MOST - 1
        assert "Too many keys at once" in bench.text


async def test_no_frame_is_drawn_while_other_keys_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_vanish.keyboard.turns._FRAME_SECONDS", 1e9)
    async with opened(tmp_path) as bench:
        await together(bench, keys("j", "j"))  # the first key of all is drawn
        drawn: list[bool] = []
        after_frame = bench.app.post_display_hook

        def count() -> None:
            drawn.append(not bench.app.turns._is_holding)
            after_frame()

        monkeypatch.setattr(bench.app, "post_display_hook", count)
        await together(bench, keys(*["k", "j"] * 60))
        assert sum(drawn) < 20  # one for each key without this, and a few for new layouts
        assert not bench.app.turns._is_holding


@pytest.mark.parametrize(
    ("way", "owner", "method"), [("slash", LabScreen, "_arrange"), ("e", EditorScreen, "_check")]
)
async def test_what_a_long_text_changes_is_shown_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, owner: type, method: str
) -> None:
    monkeypatch.setattr("tui_vanish.keyboard.turns._FRAME_SECONDS", 1e9)
    shown: list[str] = []
    show = getattr(owner, method)

    def count(self: Any, *arguments: Any) -> Any:
        shown.append(next(iter(self.screen.query(Input))).value)
        return show(self, *arguments)

    async with opened(tmp_path) as bench:
        await together(bench, keys("j", way))
        monkeypatch.setattr(owner, method, count)
        await together(bench, keys(*["backspace"] * 3, *["5"] * 100))
        assert 1 <= len(shown) < 30  # 103 if each key were shown
        if way == "slash":
            assert shown[-1] == "5" * 100
            assert "/55555" in bench.text  # the filter, at the end of the list
        else:
            await bench.app.run_action("screen.finish('train')")
            assert isinstance(bench.app.screen, EditorScreen)  # the number of layers is refused


@pytest.mark.parametrize(("typed", "layers"), [("4", 4), ("x", None)])
async def test_the_form_is_checked_before_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, layers: int | None
) -> None:
    monkeypatch.setattr("tui_vanish.keyboard.turns._FRAME_SECONDS", 1e9)
    async with opened(tmp_path) as bench:
        await together(bench, keys("j", "g", "e", "backspace", typed, "enter"))
        assert [run.scenario.mlp.hidden_layers for run in bench.engine.runs] == ([layers] if layers else [])
        assert isinstance(bench.app.screen, EditorScreen) == (layers is None)


async def test_a_frame_that_was_not_sent_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bench:
        turns, drawn = bench.app.turns, list[str]()
        monkeypatch.setattr(turns, "_next_frame", float("inf"))
        for sent in (True, False):
            turns._hold_frames()
            if not sent:
                bench.app.post_display_hook()
            with monkeypatch.context() as patch:
                patch.setattr(bench.lab, "refresh", lambda: drawn.append("all"))
                turns._draw()
            assert drawn == ([] if sent else ["all"])


async def test_a_key_that_never_ends_does_not_hold_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_vanish.keyboard.turns._PATIENCE_LOOKS", 5)
    async with opened(tmp_path) as bench:
        monkeypatch.setattr(type(bench.lab), "is_filled", False, raising=False)
        await together(bench, keys("j", "j", "question_mark"))
        for _ in range(100):
            await asyncio.sleep(0)
            await bench.app.turns.until_settled()
        assert isinstance(bench.app.screen, HelpScreen)
        assert bench.lab.scenario_id == "broken"


async def test_an_event_that_is_lost_does_not_hold_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bench:
        post = bench.app.post_message

        def lose(message: Message) -> bool:
            return (isinstance(message, Key) and message.key == "x") or post(message)

        monkeypatch.setattr(bench.app, "post_message", lose)
        turns = bench.app.turns
        for key in keys("x", "question_mark"):
            if turns.put(key):
                turns.begin()
        for _ in range(1_000):
            await asyncio.sleep(0)
            await asyncio.wait([turns._task] if turns._task else [], timeout=0.01)
            if turns.is_idle:
                break
        assert isinstance(bench.app.screen, HelpScreen)


async def test_an_error_in_the_queue_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as bench:
        turns = bench.app.turns
        with monkeypatch.context() as broken:
            broken.setattr(Turns, "until_settled", fail)
            for key in keys("question_mark", "escape"):
                if turns.put(key):
                    turns.begin()
            assert turns._task is not None
            await asyncio.wait([turns._task])
            assert isinstance(turns._task.exception(), ZeroDivisionError)
            assert turns.is_idle
        await together(bench, keys("question_mark"))
        assert isinstance(bench.app.screen, HelpScreen)


async def test_the_app_is_settled_when_every_object_waits_for_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If this fails after an update of Textual, adapt `is_settled` to its new private parts."""
    async with opened(tmp_path) as bench:
        assert is_settled(bench.app)
        bench.app.call_later(bench.app.refresh)
        assert not is_settled(bench.app)
        await bench.settle()
        monkeypatch.setattr(bench.app, "_task", None)  # as in a terminal, where nothing has to stop the app
        bench.app.call_later(bench.app.refresh)
        assert not is_settled(bench.app)
        await bench.settle()
        bench.lab.post_message(MouseMove(None, 1, 1, 0, 0, 0, False, False, False))
        assert not is_settled(bench.app)
        await bench.settle()
        assert is_settled(bench.app)
        bench.app.push_screen(LeaveScreen(["depth-7"]))
        assert not is_settled(bench.app)


async def test_nothing_waits_for_an_app_that_has_ended(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.pilot.press("ctrl+c")
        while bench.app.return_code is None:
            await asyncio.sleep(0)
        bench.app.turns._due = Key("j", "j")
        await bench.app.turns.until_settled()
        assert bench.app.return_code == 0


def test_a_full_queue_forgets_what_is_in_the_middle() -> None:
    turns = Turns(None)  # type: ignore[arg-type]
    for number in range(1_000):
        turns.put(Key(str(number), None))
        assert turns.is_full == (number >= MOST - 1)
    kept = [event.key for event in turns._waiting if isinstance(event, Key)]
    assert kept == [*map(str, range(FIRST)), *map(str, range(1_000 - MOST + FIRST, 1_000))]


def test_moves_of_the_mouse_are_joined() -> None:
    turns = Turns(None)  # type: ignore[arg-type]
    for x in range(1_000):
        turns.put(MouseMove(None, x, 1, 0, 0, 0, False, False, False))
    turns.put(Key("j", "j"))
    assert [getattr(event, "x", None) for event in turns._waiting] == [999, None]


def test_the_focus_moves_at_once_everywhere() -> None:
    """Textual's `focus` moves it after the messages that wait, so that a key in between goes elsewhere."""
    late = [path.name for path in sources("tui_vanish") if ".focus()" in path.read_text(encoding="utf-8")]
    assert late == []
