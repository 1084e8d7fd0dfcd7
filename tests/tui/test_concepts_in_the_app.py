"""The theory opened from the lab."""

from pathlib import Path

from tests.tui.lab_bench import NARROW, opened
from tui_vanish.screens.concepts import ConceptsScreen
from tui_vanish.screens.lab import LabScreen


async def test_t_opens_the_page_that_explains_the_highlighted_scenario(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("linear-exploding")
        await bench.press("t")
        assert isinstance(bench.app.screen, ConceptsScreen)
        assert bench.app.screen.page_id == "chain"
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)


async def test_t_on_a_scenario_that_no_page_explains_opens_the_list_then_the_last_page(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("broken")
        await bench.press("t")
        assert isinstance(bench.app.screen, ConceptsScreen)
        assert bench.app.screen.page_id is None
        await bench.press("enter", "escape", "escape", "t")
        assert isinstance(bench.app.screen, ConceptsScreen)
        assert bench.app.screen.page_id == "learning-circle"


async def test_training_goes_on_behind_a_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        await bench.press("t")
        run.sample(10)
        await bench.settle()
        await bench.press("escape")
        assert isinstance(bench.app.screen, LabScreen)
        assert bench.app.snapshot.runs[0].step == 10


async def test_a_page_in_ascii_is_ascii_as_a_whole(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW, ascii=True) as bench:
        await bench.highlight("depth-7")
        await bench.press("t")
        assert "Gioi thieu van de" in bench.text
        assert "slides:" in bench.text
