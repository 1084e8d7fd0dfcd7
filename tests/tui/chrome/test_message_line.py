"""Messages take the place of the keys, and never cover what the user reads."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.chrome.messages import MOST_ROWS, Message, message_rows
from tui_vanish.drawing.text import row_width

SENTENCE = (
    "dL/da shrinks 7.2 times per layer, because the slope of a sigmoid is at most a quarter of one here"
)
LONG = "The folder cannot be written. " * 6


async def verdict(bench: Bench) -> None:
    run = await bench.train()
    run.train_epochs(4)
    run.find("vanishing", SENTENCE, layer="layer1", suggestions=("depth-3",))
    await bench.settle()


async def editor(bench: Bench) -> None:
    await bench.press("e")


async def standings(bench: Bench) -> None:
    await bench.press("C", "enter")
    for run in bench.engine.runs:
        run.start()
        run.train_epochs(2)
    await bench.settle()


async def theory(bench: Bench) -> None:
    await bench.press("t")


async def help_page(bench: Bench) -> None:
    await bench.press("question_mark")


async def runs(bench: Bench) -> None:
    await bench.press("r")


STATES: list[Callable[[Bench], Awaitable[None]]] = [verdict, editor, standings, theory, help_page, runs]


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_a_message_of_one_row_changes_only_the_row_of_the_keys(
    state: Callable[[Bench], Awaitable[None]], size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(tmp_path, size) as bench:
        await state(bench)
        before = bench.text.splitlines()
        bench.app.notify("layer 3 is frozen until the stage ends", timeout=600)
        await bench.pilot.pause()
        after = bench.text.splitlines()
        assert after[-1] == " ▸ layer 3 is frozen until the stage ends"
        assert after[:-1] == before[:-1]


@pytest.mark.parametrize("state", [verdict, standings], ids=lambda state: state.__name__)
async def test_a_message_of_several_rows_leaves_verdict_and_standings_whole(
    state: Callable[[Bench], Awaitable[None]], tmp_path: Path
) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await state(bench)
        read = SENTENCE.split() if state is verdict else [run.scenario.id for run in bench.engine.runs]
        assert all(word in bench.text for word in read)
        bench.app.notify(LONG, severity="error", timeout=600)
        await bench.pilot.pause()
        body, footer = bench.text.splitlines()[:-3], bench.text.splitlines()[-3:]
        assert " ".join(" ".join(footer).split()) == f"▸ {LONG}".strip()
        assert all(word in "\n".join(body) for word in read)


async def test_a_message_is_also_shown_on_the_next_screen_and_behind_a_dialog(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        bench.app.notify("Saved.", timeout=600)
        for key in ("r", "escape", "t", "escape", "q"):
            await bench.press(key)
            assert bench.text.count("▸ Saved.") == 1


async def test_the_keys_are_back_when_the_message_is_over(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        before = bench.footer
        bench.app.notify(LONG, timeout=1e-3)
        while bench.footer != before:
            await bench.pilot.pause()
        assert "folder cannot be written" not in bench.text


async def test_the_same_message_is_shown_once_and_markup_is_text(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        for _ in range(3):
            bench.app.notify("[bold]x[/bold] is frozen", timeout=600)
        await bench.pilot.pause()
        assert bench.text.count("[bold]x[/bold] is frozen") == 1


@pytest.mark.parametrize("width", [1, 5, 20, 80, 200])
@pytest.mark.parametrize("ascii", [False, True])
def test_messages_of_any_length_take_a_few_rows(width: int, ascii: bool) -> None:
    texts = ["", "one", LONG * 20, "a\nb\n\nc", "x" * 3000, "∂L/∂w → 0"]
    for count in range(1, len(texts) + 1):
        rows = message_rows([Message(text) for text in texts[:count]], width, ascii=ascii)
        assert 1 <= len(rows) <= MOST_ROWS
        assert all(row_width(row) <= max(width, 5) for row in rows)
