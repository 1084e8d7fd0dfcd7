"""The dialog that trains a sweep in the background: what it offers, and what is started."""

import asyncio
import threading
from pathlib import Path

import pytest
from textual.events import Key

from engine.sweeps.folder import SweepFolder, save_summary
from tests import goldens
from tests.tui.lab_bench import NARROW, Bench, opened
from tests.tui.map.sweeps import NAME, fill, make
from tui_vanish.jobs.exits import FailedError
from tui_vanish.map.screen import MapScreen
from tui_vanish.map.sweep_dialog import SweepDialog
from tui_vanish.sweeps import control
from tui_vanish.sweeps.offers import Offer, offers
from tui_vanish.theory.screen import TheoryScreen
from vanish_recorder.protocol.status import Status

Started = list[tuple[Path, list[str]]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What would have been trained in the background: the folders, and the options."""
    found: Started = []
    monkeypatch.setattr(control, "detach", lambda path, words: found.append((path, words)))
    monkeypatch.setattr(control, "spare_cores", lambda: 3)
    monkeypatch.setattr(control, "_gpus", lambda: False)
    return found


async def choose(bench: Bench, folder: Path, *keys: str) -> None:
    bench.engine.runs_folder = folder / "runs"
    await bench.press("A")
    assert isinstance(bench.app.screen, SweepDialog)
    await bench.press(*keys)


async def test_a_new_sweep_trains_with_what_the_app_trains_with(tmp_path: Path, started: Started) -> None:
    async with opened(tmp_path) as bench:
        bench.app.session.device, bench.app.session.data = "cpu", "sample"
        await choose(bench, tmp_path, "down", "down", "enter")
        ((path, words),) = started
        folder = SweepFolder.read(path)
        assert words == ["--jobs", "3"]
        assert folder.sweep.name == "map-sigmoid"
        assert (folder.means.device, folder.means.data, folder.sweep.seed) == ("cpu", "sample", 42)
        assert isinstance(bench.app.screen, MapScreen)
        assert bench.app.screen._path == path


@pytest.mark.parametrize(
    ("given", "kept"), [("", None), ("some/folder", str(Path("some/folder").absolute()))]
)
def test_its_data_are_found_again(given: str, kept: str | None, tmp_path: Path, started: Started) -> None:
    path, problem = control.start("map-lr", tmp_path / "runs", device="auto", data=given, seed=7)
    assert path is not None
    assert problem == ""
    folder = SweepFolder.read(path)
    assert (folder.means.data, folder.sweep.seed) == (kept, 7)


async def test_a_sweep_that_misses_runs_is_continued(tmp_path: Path, started: Started) -> None:
    folder = make(tmp_path / "runs")
    fill(folder)
    async with opened(tmp_path) as bench:
        await choose(bench, tmp_path)
        assert "continue deep" in bench.text
        assert f"Trains what is missing in {NAME}." in bench.text
        await bench.press("enter")
        assert [path for path, _ in started] == [folder.path]
        assert isinstance(bench.app.screen, MapScreen)


async def test_the_screen_lives_while_the_runs_are_looked_at_and_keys_wait_for_the_dialog(
    tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, may_end = threading.Event(), threading.Event()

    def slow(runs: Path) -> list[Offer]:
        looks.set()
        assert may_end.wait(60)
        return offers(runs)

    monkeypatch.setattr("tui_vanish.map.start_sweep.offers", slow)
    monkeypatch.setattr("tui_vanish.keyboard.turns._PATIENCE_LOOKS", 10**9)
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        for key, character in (("A", "A"), ("enter", "\r")):
            bench.app.post_message(Key(key, character))
        assert await asyncio.to_thread(looks.wait, 60)
        assert not bench.app.is_filled
        may_end.set()
        while bench.app.screen is bench.lab:
            await bench.pilot.pause()
        await bench.settle()
        assert len(started) == 1
        assert bench.engine.runs == [], "enter was for the dialog"


async def test_a_sweep_that_is_done_is_not_offered(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs", "optimizer.lr=0.1,1")
    async with opened(tmp_path) as bench:
        await choose(bench, tmp_path)
        assert "continue deep" in bench.text
        await bench.press("escape")
        save_summary(folder, (), Status.FINISHED, 1.0, None)
        line = folder.path / "summary.json"
        line.write_text(line.read_text().replace('"epoch": 0', '"epoch": 2'))
        await bench.press("A")
        assert "continue deep" not in bench.text


async def test_escape_starts_nothing(tmp_path: Path, started: Started) -> None:
    async with opened(tmp_path) as bench:
        await choose(bench, tmp_path, "escape")
        assert started == []
        assert bench.app.screen is bench.lab


async def test_why_a_sweep_did_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path, words: list[str]) -> None:
        raise FailedError("the sweep did not start (exit code 2)")

    monkeypatch.setattr(control, "detach", fails)
    async with opened(tmp_path) as bench:
        await choose(bench, tmp_path, "enter")
        assert "It is not training: the sweep did not start (exit code 2)." in bench.text
        await bench.press("escape")
        (tmp_path / "full").write_text("a file, no folder")
        bench.engine.runs_folder = tmp_path / "full"
        await bench.press("A", "enter")
        assert "The sweep cannot be saved in" in bench.text


async def test_an_app_that_only_shows_runs_starts_no_sweep(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.engine.can_train = False
        await bench.press("A")
        assert "This app only shows runs" in bench.text
        assert bench.app.screen is bench.lab


async def test_the_palette_offers_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("colon", *"train a sweep")
        await bench.press("enter")
        assert isinstance(bench.app.screen, SweepDialog)


async def test_a_second_sweep_replaces_the_map_of_the_first(tmp_path: Path, started: Started) -> None:
    make(tmp_path / "runs")
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        await bench.press("X")
        await choose(bench, tmp_path, "down", "enter")
        assert len(bench.app.screen_stack) == 2
        assert isinstance(bench.app.screen, MapScreen)
        assert bench.app.screen._path == started[0][0]


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
async def test_the_dialog_matches_its_golden(
    ascii: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: Started
) -> None:
    fill(make(tmp_path / "runs"))
    async with opened(tmp_path, NARROW, ascii=ascii) as bench:
        await choose(bench, tmp_path, "down")
        goldens.check(f"map/choose-80x24-{'ascii' if ascii else 'utf8'}", bench.text)


async def test_its_titles_are_whole_in_the_smallest_terminal(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await choose(bench, tmp_path)
        for offer in offers(tmp_path):
            assert offer.title in bench.text
            assert offer.amount in bench.text


async def test_it_is_offered_on_the_theory_pages_which_stay_below_the_map(
    tmp_path: Path, started: Started
) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("t")
        await choose(bench, tmp_path, "enter")
        assert isinstance(bench.app.screen, MapScreen)
        await bench.press("escape")
        assert isinstance(bench.app.screen, TheoryScreen)


async def test_x_on_the_theory_pages_opens_the_map_or_goes_back_to_it(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs")
    fill(folder)
    async with opened(tmp_path) as bench:
        await bench.press("t", "X")
        assert "There is no sweep yet: A trains one." in bench.text
        bench.engine.runs_folder = tmp_path / "runs"
        await bench.press("X")
        assert isinstance(bench.app.screen, MapScreen)
        await bench.press("t")
        assert isinstance(bench.app.screen, TheoryScreen)
        await bench.press("X")
        assert isinstance(bench.app.screen, MapScreen)
        assert sum(isinstance(screen, MapScreen) for screen in bench.app.screen_stack) == 1
        await bench.press("enter")
        assert bench.app.screen is bench.lab, "the run of the cell is shown in the lab"


async def test_a_map_that_would_hide_what_the_user_reads_is_named_instead(
    tmp_path: Path, started: Started
) -> None:
    async with opened(tmp_path) as bench:
        begun = control.begin

        def slow(path: Path) -> str:
            bench.app.call_from_thread(bench.app.action_help)
            return begun(path)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tui_vanish.map.start_sweep.begin", slow)
            patch.setattr("tui_vanish.sweeps.control.begin", slow)
            await choose(bench, tmp_path, "enter")
        assert len(started) == 1
        assert "X shows its map" in bench.text
        assert not isinstance(bench.app.screen, MapScreen)
