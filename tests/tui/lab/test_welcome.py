"""The first screen: what the program is, and where to begin."""

from pathlib import Path

import pytest

from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import NARROW, Bench, catalogue, opened
from tui_vanish.app import VanishApp
from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.lab import overview
from tui_vanish.language import LANGUAGES, use


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("ascii", "can_train"), [(False, True), (True, True), (False, False)])
async def test_the_first_screen_says_in_three_lines_what_this_is(
    tmp_path: Path, ascii: bool, can_train: bool, language: str
) -> None:
    use(language)
    lines = overview.welcome(can_train=can_train).text.splitlines()
    async with opened(tmp_path, NARROW, ascii=ascii) as bench:
        bench.engine.can_train = can_train
        await bench.press("up", "down")
        assert len(lines) == 3
        # No line is wrapped or cut.
        assert all((spelt_out(line) if ascii else line) in bench.text for line in lines)
        assert ("> depth-7" if ascii else "▸ depth-7") in bench.text
        assert "gpu-box-3" in bench.text.splitlines()[0]
        await bench.press("up")
        assert overview.welcome(can_train=True).heading not in bench.text


async def test_the_welcome_ends_with_the_first_run(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert overview.welcome(can_train=True).heading in bench.text
        await bench.train()
        await bench.press("i")
        assert "7 hidden layers" in bench.text
        assert overview.welcome(can_train=True).heading not in bench.text


async def test_who_has_trained_before_is_not_welcomed(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.runs_folder = tmp_path / "runs"
    (engine.runs_folder / "20260101-120000-depth-7-abcd").mkdir(parents=True)
    app = VanishApp(engine)
    app.session.catalogue.entries = catalogue(tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        bench = Bench(app, engine, pilot)
        await bench.settle()
        assert "▸ depth-7" in bench.text
        assert overview.welcome(can_train=True).heading not in bench.text
