"""The map of a sweep: what its cells say, its borders, and its keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.sweeps.folder import SweepFolder
from tests import goldens
from tests.engine.sweeps.test_folder import add_run
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tests.tui.map.sweeps import NAME, RATE, STD, fill, make
from tests.tui.runs.test_screen import read
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.map.map_view import MapView
from tui_vanish.map.screen import MapScreen
from tui_vanish.runs.screen import RunsScreen
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import RunLock

LARGE = (200, 50)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep of 72 runs, which the tests only read: writing it takes time."""
    folder = tmp_path_factory.mktemp("filled")
    fill(make(folder / "runs"))
    return folder


@asynccontextmanager
async def mapped(
    sweeps: Path, folder: Path, size: tuple[int, int] = WIDE, *, ascii: bool = False
) -> AsyncIterator[Bench]:
    """The map of the last sweep in `sweeps`/runs."""
    async with opened(folder, size, ascii=ascii) as bench:
        bench.engine.runs_folder = sweeps / "runs"
        await bench.press("X")
        await look(bench)
        yield bench


async def look(bench: Bench) -> MapScreen:
    """Read the sweep again, and wait until it is shown."""
    screen = bench.app.screen
    assert isinstance(screen, MapScreen)
    if screen._looking is not None:
        await screen._looking
    screen._read()
    assert screen._looking is not None
    await screen._looking
    await bench.settle()
    return screen


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE, LARGE], ids=["80x24", "120x36", "200x50"])
async def test_the_map_matches_its_golden(
    size: tuple[int, int], ascii: bool, filled: Path, tmp_path: Path
) -> None:
    async with mapped(filled, tmp_path, size, ascii=ascii) as bench:
        await bench.press(*("right",) * 4, "up")
        goldens.check(f"map/{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", bench.text)


async def test_every_quantity_is_shown(filled: Path, tmp_path: Path) -> None:
    async with mapped(filled, tmp_path) as bench:
        seen = []
        for _ in range(5):
            await look(bench)
            seen.append(bench.text.splitlines()[-5])
            await bench.press("v")
        assert "test accuracy in %" in seen[0]
        assert "epochs until test accuracy ≥ 50 %" in seen[1]
        assert "most severe verdict" in seen[2]
        assert "passes on at step 1" in seen[3]
        assert "training time" in seen[4]
        await bench.press("v", "v")
        assert "V vanishing" in bench.text
        assert "L learning" in bench.text


async def test_b_removes_the_lines(filled: Path, tmp_path: Path) -> None:
    async with mapped(filled, tmp_path) as bench:
        assert "theory: 6 ξ" in bench.text
        assert "test ≥ 50 %" in bench.text
        await bench.press("b")
        assert "theory: 6 ξ" not in bench.text
        assert "━" not in bench.text


async def test_a_sweep_without_depth_has_no_lines(tmp_path: Path) -> None:
    make(tmp_path / "runs", STD, RATE)
    async with mapped(tmp_path, tmp_path) as bench:
        assert bench.label_of["borders"] == ""
        await bench.press("b")
        assert "only if the number of layers is an axis" in bench.text


async def test_it_follows_the_sweep_while_that_trains(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs")
    async with mapped(tmp_path, tmp_path) as bench:
        assert "0/72 runs · not training" in bench.text
        path = add_run(folder, 1, Status.RUNNING, epoch=1, epochs=3, test_accuracy=0.37)
        lock = RunLock(path)
        await look(bench)
        assert "training · 37.0 %" in bench.text
        lock.release()
        await look(bench)
        assert "stopped · 37.0 %" in bench.text


async def test_enter_opens_a_run_from_the_list_of_runs_in_the_lab(filled: Path, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = filled / "runs"
        await bench.press("r")
        await read(bench)
        await bench.press("enter")
        await look(bench)
        await bench.press("escape")
        assert isinstance(bench.app.screen, RunsScreen)
        await bench.press("enter")
        await look(bench)
        await bench.press("right", "enter")
        assert bench.engine.followed == [f"{NAME}-09"]
        assert bench.app.screen_stack == [bench.lab]


async def test_marked_cells_are_compared(filled: Path, tmp_path: Path) -> None:
    async with mapped(filled, tmp_path) as bench:
        await bench.press("c")
        assert "Mark at least two cells" in bench.text
        await bench.press("space", "right", "space", "c")
        assert isinstance(bench.app.screen, CompareScreen)
        assert len(bench.engine.followed) == 2


async def test_a_run_that_has_not_begun_cannot_be_opened(tmp_path: Path) -> None:
    make(tmp_path / "runs")
    async with mapped(tmp_path, tmp_path) as bench:
        assert bench.label_of["open_cell"] == ""
        await bench.press("enter", "space")
        assert "This run has not begun." in bench.text
        assert bench.engine.followed == []


async def test_other_settings_and_seeds_are_stepped_through(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs", "model.hidden_layers=1,2", RATE, "model.width=8,16", seeds=3)
    for number, accuracy in ((1, 0.1), (2, 0.3), (3, 0.7)):
        add_run(folder, number, Status.FINISHED, epoch=1, epochs=1, test_accuracy=accuracy)
    async with mapped(tmp_path, tmp_path) as bench:
        assert "width 8  median of 3 seeds" in bench.text
        assert "median 30.0 %" in bench.text
        await bench.press("tab", "right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert "seed 44" in bench.text
        assert "70.0 %" in bench.text
        await bench.press("tab", "right_square_bracket")
        assert "width 16" in bench.text
        assert "waiting" in bench.text
        await bench.press("x")
        assert "width →" in bench.text


async def test_a_map_that_is_larger_than_the_screen_follows_the_cursor(tmp_path: Path) -> None:
    make(tmp_path / "runs", "model.init.std=log:0.02:2:20", "model.hidden_layers=1..20")
    async with mapped(tmp_path, tmp_path, NARROW) as bench:
        assert "more columns" in bench.text
        await bench.press(*("right",) * 25, *("up",) * 25)
        assert " 20 " in bench.text
        screen = bench.app.screen
        assert isinstance(screen, MapScreen)
        assert screen._cursor == (19, 19)
        assert "hidden layers 20" in bench.text


async def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs")
    (folder.path / "sweep.json").write_text("{")
    async with mapped(tmp_path, tmp_path) as bench:
        assert "damaged: sweep.json is not JSON" in bench.text
        await bench.press("enter", "space", "v", "x", "right_square_bracket", "p", "s", "escape")
        assert bench.app.screen_stack == [bench.lab]


async def test_without_a_sweep_the_key_says_how_to_get_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("X")
        assert "There is no sweep yet" in bench.text


def test_the_borders_are_between_cells_that_differ(filled: Path) -> None:
    from tui_vanish.map.borders import borders_of
    from tui_vanish.map.grid import Choice, grid_of
    from tui_vanish.map.reading import SweepReader

    folder = SweepFolder.read(filled / "runs" / NAME)
    reading = SweepReader(folder.path).read(logs=True)
    grid = grid_of(reading, Choice.of(folder.sweep))
    borders = borders_of(grid)
    for column, row in borders.theory.level:
        below, above = grid.points[column][row : row + 2]
        assert below.theory is not None
        assert below.theory.reach is not None
        assert below.depth <= below.theory.reach < above.depth
    levels = dict(borders.learnt.level)
    assert levels[0] == 1  # 2 + 4 · 0.02 layers have learnt, and 3 have not
    assert borders.theory.level != borders.learnt.level


@pytest.mark.parametrize("size", [NARROW, WIDE, LARGE], ids=["80x24", "120x36", "200x50"])
async def test_a_small_grid_fills_the_map_and_each_of_its_cells_can_be_clicked(
    size: tuple[int, int], tmp_path: Path
) -> None:
    make(tmp_path / "runs", "model.hidden_layers=1,2", "optimizer.lr=0.1,1,10")
    async with mapped(tmp_path, tmp_path, size) as bench:
        widget, screen = bench.app.screen.query_one(MapView), await look(bench)
        width, height = widget.size
        for column in range(3):
            for row in range(2):
                left, top = (2 * column + 1) * width // 6, (height - 2) * (3 - 2 * row) // 4
                if (column, row) != screen._cursor:
                    await bench.pilot.click(widget, offset=(left, top))
                assert screen._cursor == (column, row)
