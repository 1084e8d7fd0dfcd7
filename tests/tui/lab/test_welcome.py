"""The first screen: what the program is, and where to begin."""

from pathlib import Path

import pytest

from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import NARROW, Bench, catalogue, opened
from tui_vanish.app import VanishApp
from tui_vanish.lab import overview

LINES = overview.WELCOME.text.splitlines()


@pytest.mark.parametrize("ascii", [False, True])
async def test_the_first_screen_says_in_three_lines_what_this_is(tmp_path: Path, ascii: bool) -> None:
    async with opened(tmp_path, NARROW, ascii=ascii) as bench:
        assert len(LINES) == 3
        assert all(line in bench.text for line in LINES)  # no line is wrapped or cut
        assert ("> depth-7" if ascii else "▸ depth-7") in bench.text
        assert bench.text.startswith(" vanish-tui on gpu-box-3")
        await bench.press("up")
        assert overview.WELCOME.heading not in bench.text


async def test_the_welcome_ends_with_the_first_run(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert overview.WELCOME.heading in bench.text
        await bench.train()
        await bench.press("i")
        assert "7 hidden layers" in bench.text
        assert overview.WELCOME.heading not in bench.text


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
        assert overview.WELCOME.heading not in bench.text
