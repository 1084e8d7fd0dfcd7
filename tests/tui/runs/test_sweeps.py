"""A sweep in the list of runs: one line with its progress, and keys that act on the whole sweep."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.attach.peers import Peers
from engine.storage.labels import read_labels
from engine.sweeps.folder import SweepFolder, save_summary
from tests.engine.owner_process import OwnerProcess
from tests.engine.sweeps.test_folder import add_run, make_folder
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tests.tui.runs.test_screen import read, shown, type_text
from tui_vanish.cli.main import main
from tui_vanish.session.saved_results import read_results
from tui_vanish.sweeps import control
from vanish_recorder.protocol.status import Status


def fill(runs: Path, *, done: int = 2, left: float | None = 245.0) -> SweepFolder:
    """Create a sweep of four runs that is being trained, unless all are done."""
    runs.mkdir(exist_ok=True)
    folder = make_folder(runs)
    for number in range(1, done + 1):
        add_run(folder, number, Status.FINISHED, test_accuracy=0.4 + number / 10)
    status = Status.FINISHED if done == 4 else Status.RUNNING
    save_summary(folder, folder.entries().values(), status, 10.0, left)
    return folder


@asynccontextmanager
async def listed(folder: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[Bench]:
    async with opened(folder, size) as bench:
        bench.engine.runs_folder = folder / "runs"
        await bench.press("r")
        await read(bench)
        yield bench


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_sweep_is_one_line_with_its_progress(
    size: tuple[int, int], tmp_path: Path, neighbour: OwnerProcess
) -> None:
    folder = fill(tmp_path / "runs")
    async with listed(tmp_path, size) as bench:
        (row,) = (line for line in bench.text.splitlines() if " try " in line)
        assert " abandoned 2/4 runs " in row
        assert "left" not in row
        neighbour.hold(folder.path)
        await bench.press("escape", "r")
        await read(bench)
        (row,) = (line for line in bench.text.splitlines() if " try " in line)
        assert " running   2/4 runs  4:05 left " in row
        assert f"vanish-tui sweep --resume {folder.path.name}" in bench.text
        assert size == NARROW or " 60.0 % " in row


async def test_what_a_sweep_cannot_do_is_said(tmp_path: Path) -> None:
    fill(tmp_path / "runs")
    async with listed(tmp_path) as bench:
        for key, said in (("space", "A sweep is not a run"), ("T", "A sweep trains in its own processes")):
            await bench.press(key)
            assert said in bench.text
        assert bench.engine.taken == bench.engine.followed == []
        assert bench.label_of["resume_run"] == "continue"


async def test_p_continues_a_sweep_in_the_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "runs")
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(control, "detach", lambda path, words: started.append((path, words)))
    monkeypatch.setattr(control, "spare_cores", lambda: 3)
    monkeypatch.setattr(control, "_gpus", lambda: False)
    async with listed(tmp_path) as bench:
        await bench.press("p")
        assert started == [(folder.path, ["--jobs", "3"])]
        assert "continues in the background" in bench.text
        assert bench.engine.sent == []


async def test_a_finished_sweep_is_not_continued(tmp_path: Path) -> None:
    fill(tmp_path / "runs", done=4)
    async with listed(tmp_path) as bench:
        assert bench.label_of["resume_run"] == ""
        await bench.press("p")
        assert "All 4 runs of the sweep are done." in bench.text


async def test_s_asks_the_process_of_the_sweep_to_end(tmp_path: Path, neighbour: OwnerProcess) -> None:
    folder = fill(tmp_path / "runs")
    async with listed(tmp_path) as bench:
        await bench.press("s")
        assert "The sweep is not training." in bench.text
        neighbour.hold(folder.path)
        await bench.press("escape", "r")
        await read(bench)
        await bench.press("p")
        assert f"trained by process {neighbour.pid}; s stops it" in bench.text
        await bench.press("s")
        assert neighbour._process.wait(20) == 0


async def test_a_sweep_is_named_and_deleted(tmp_path: Path) -> None:
    folder = fill(tmp_path / "runs")
    async with listed(tmp_path) as bench:
        await bench.press("e")
        await type_text(bench, "two settings")
        await bench.press("enter")
        await read(bench)
        assert read_labels(folder.path).name == "two settings"
        await bench.press("x")
        await read(bench)
        assert shown(bench) == []
        assert not folder.path.exists()
        await bench.press("z")
        await read(bench)
        assert SweepFolder.read(folder.path) == folder


async def test_a_live_sweep_is_not_followed_as_a_run(tmp_path: Path, neighbour: OwnerProcess) -> None:
    folder = fill(tmp_path / "runs")
    neighbour.hold(folder.path)
    peers = Peers(tmp_path / "runs")
    assert peers.look().runs == ()
    assert peers.news() == []
    assert await read_results(tmp_path / "runs") == {}


def test_the_command_counts_the_runs_of_a_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "runs")
    assert main(["runs", "--runs-dir", str(tmp_path / "runs")]) == 0
    assert "  2/4 runs  " in capsys.readouterr().out
    assert main(["run", "--resume", "@last", "--runs-dir", str(tmp_path / "runs")]) == 2
    assert "there are no runs" in capsys.readouterr().err
