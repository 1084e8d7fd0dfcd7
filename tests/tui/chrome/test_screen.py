"""In a terminal that is too small, every screen shows the same message and can only be left."""

from pathlib import Path

import pytest

from tests.tui.lab_bench import NARROW, WIDE, opened


@pytest.mark.parametrize("size", [(79, 40), (100, 23)], ids=["79x40", "100x23"])
@pytest.mark.parametrize("key", ["d", "t", "r"], ids=["layer", "theory", "runs"])
async def test_the_message_names_both_sizes_and_the_screen_can_be_left(
    key: str, size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(tmp_path, WIDE) as bench:
        await bench.train()
        await bench.press(key)
        assert bench.app.screen is not bench.lab
        await bench.pilot.resize_terminal(*size)
        await bench.settle()
        words = ["vanish-tui", "needs", "80×24;", "this", "is", f"{size[0]}×{size[1]}"]
        assert bench.text.split() == words
        await bench.press("escape")
        assert bench.app.screen is bench.lab
        assert bench.text.split() == words


async def test_a_screen_that_was_hidden_while_the_terminal_grew_is_shown_again(tmp_path: Path) -> None:
    async with opened(tmp_path, (79, 24)) as bench:
        await bench.press("r")
        await bench.pilot.resize_terminal(*NARROW)
        await bench.settle()
        await bench.press("escape")
        assert "▸ depth-7" in bench.text


async def test_a_dialog_still_gets_its_keys(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        await bench.train()
        await bench.pilot.resize_terminal(60, 20)
        await bench.press("q")
        assert bench.app.screen.is_modal
        await bench.press("escape")
        assert bench.app.screen is bench.lab
