"""The keys that write a report of what is shown, and a picture of the screen."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from engine.storage.recorded import RECORDED
from tests.engine import made_up_watched as made_up
from tests.tui.lab_bench import Bench, opened
from tests.tui.map.sweeps import NAME, fill, make
from tests.tui.runs.test_screen import read
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.map.screen import MapScreen
from tui_vanish.report.in_the_app import free_path, write_report


async def test_f_writes_a_report_of_the_run_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    async with opened(tmp_path) as bench:
        await bench.press("F")
        assert "There is no run here to report" in bench.text
        await bench.press("b")
        await bench.settle()
        await bench.press("F")
        await bench.app.workers.wait_for_complete()
        await bench.settle()
        assert "Report: " in bench.text
        await bench.press("F")
        await bench.app.workers.wait_for_complete()
    found = sorted(path.name for path in here.iterdir())
    assert found == ["report-recorded-depth-7-2.html", "report-recorded-depth-7.html"]
    assert "depth-7 recorded" in (here / found[0]).read_text(encoding="utf-8")


async def written(bench: Bench, here: Path) -> str:
    """Press the key; returns the text of the report that this has written."""
    before = set(here.iterdir())
    await bench.press("F")
    await bench.app.workers.wait_for_complete()
    await bench.settle()
    (path,) = set(here.iterdir()) - before
    return path.read_text(encoding="utf-8")


async def test_f_reports_the_highlighted_the_marked_and_the_compared_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    async with opened(tmp_path) as bench:
        await bench.press("r", "b")
        await read(bench)
        await bench.press("slash", *"customnorm", "enter")
        one = await written(bench, here)
        assert "customnorm recorded" in one
        assert "What differs" not in one
        await bench.press("g", "space", "escape", "slash", *"momentum", "enter", "g", "space")
        two = await written(bench, here)
        await bench.press("c")
        await bench.settle()
        assert isinstance(bench.app.screen, CompareScreen)
        compared = await written(bench, here)
    for text in (two, compared):
        assert "customnorm recorded" in text
        assert "momentum recorded" in text
        assert "What differs" in text


async def test_f_on_a_map_reports_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        fill(make(bench.engine.runs_folder))
        await bench.press("X")
        await bench.settle()
        assert isinstance(bench.app.screen, MapScreen)
        text = await written(bench, here)
    assert NAME in text
    assert "72" in text


async def test_i_saves_a_picture_that_asks_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    async with opened(tmp_path) as bench:
        await bench.press("I")
        await bench.settle()
        assert "Picture of the screen:" in bench.text  # a long path follows on the next row
    (path,) = here.iterdir()
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "depth-7" in text
    assert "url(http" not in text


def test_a_watched_run_that_still_trains_can_be_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made_up.write(tmp_path / "runs", made_up.course([1, 2, 3]))
    path = write_report([made_up.RUN], None, tmp_path / "runs")
    assert path == tmp_path / f"report-{made_up.RUN}.html"
    assert "h.3" in path.read_text(encoding="utf-8")


def test_a_run_that_is_gone_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError):
        write_report(["gone"], None, RECORDED.parent / "none")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert free_path("a.html") == tmp_path / "a.html"
    (tmp_path / "a.html").symlink_to("nowhere")
    assert free_path("a.html") == tmp_path / "a-2.html"
