"""The help page: its columns, and its filter."""

import re
from pathlib import Path

import pytest

from tests.tui.lab_bench import NARROW, WIDE, opened
from tui_vanish.actions import ACTIONS, APP
from tui_vanish.chrome.help import HelpScreen


@pytest.mark.parametrize(("size", "columns"), [(NARROW, 1), (WIDE, 2), ((200, 50), 3)])
async def test_a_wide_terminal_has_several_columns(
    tmp_path: Path, size: tuple[int, int], columns: int
) -> None:
    async with opened(tmp_path, size) as bench:
        await bench.press("question_mark")
        helps = {action.help for action in ACTIONS}
        cells = [re.split(r"│|  +", line) for line in bench.text.splitlines()]
        assert max(sum(cell.strip() in helps for cell in line) for line in cells) == columns
        assert "Train the highlighted scenario" in bench.text  # the screen's own keys come first


@pytest.mark.parametrize("size", [NARROW, WIDE, (200, 50)])
@pytest.mark.parametrize("way", ["", "r", "t"], ids=["lab", "runs", "theory"])
async def test_the_keys_to_leave_and_to_find_are_on_the_first_page(
    tmp_path: Path, size: tuple[int, int], way: str
) -> None:
    async with opened(tmp_path, size) as bench:
        await bench.press(*way, "question_mark")
        own = {"": "Train the highlighted scenario", "r": "Next run", "t": "Do one step, or open the page"}
        assert own[way] in bench.text
        for action in ACTIONS:
            if action.group == APP:
                assert action.help in bench.text
        if size != NARROW:
            assert "Show all saved runs" in bench.text


async def test_the_filter_shows_only_the_keys_that_match(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.press("question_mark", "slash", *"rate learning")
        assert "Double the learning rate" in bench.text
        assert "Halve the learning rate" in bench.text
        assert "Pause or resume the run" not in bench.text
        await bench.press("enter")
        await bench.press("escape")  # clears the filter
        assert "Pause or resume the run" in bench.text
        assert isinstance(bench.app.screen, HelpScreen)
        await bench.press("escape")
        assert bench.app.screen_stack == [bench.lab]


async def test_a_single_letter_finds_that_key(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.press("question_mark", "slash", "w")
        assert "Show all verdicts in full" in bench.text
        assert "Pause or resume the run" not in bench.text


async def test_a_filter_without_a_match_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.press("question_mark", "slash", *"zzz/q")
        assert "Nothing matches; esc clears the filter." in bench.text
        await bench.press("escape")
        assert "Train the highlighted scenario" in bench.text
