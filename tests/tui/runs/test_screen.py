"""The runs screen: runs are found, sorted, filtered, named, deleted and restored with keys.

It is long because every key of the screen is tried on the same four runs.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.protocol.commands import ResumeRun, Stop
from engine.storage import handover, trash
from engine.storage.labels import Labels, read_labels, write_labels
from engine.storage.run_log import RunLog
from tests import goldens
from tests.engine import made_up_watched as made_up
from tests.engine.lab import make_scenario, origin
from tests.engine.owner_process import OwnerProcess
from tests.tui.fake_engine import FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.runs.columns import COLUMNS
from tui_vanish.runs.run_list import RunList
from tui_vanish.runs.screen import RunsScreen
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import Owner, RunLock
from vanish_recorder.storage.summary import SUMMARY, Summary, write_summary

_GOOD = "20260103-090000-depth-3-aaaa"
_BAD = "20260102-090000-depth-7-bbbb"
_OPEN = "20260101-090000-relu-cccc"


def make_run(runs: Path, name: str, summary: Summary) -> Path:
    """Create a run's directory as its process leaves it."""
    scenario = make_scenario().resolved() | {"id": summary.scenario}
    RunLog(runs / name, scenario, summary.seed or 0, origin()).close()
    write_summary(runs / name, summary)
    return runs / name


def fill(runs: Path) -> None:
    """Create a finished, a stopped and an abandoned run, and a file that is not a run."""
    good = Summary(
        "depth-3",
        42,
        Status.FINISHED,
        step=11_800,
        epoch=100,
        epochs=100,
        time=88.0,
        test_accuracy=0.781,
        best_test_accuracy=0.79,
        verdict="healthy",
    )
    bad = Summary(
        "depth-7", 7, Status.STOPPED, epoch=12, epochs=100, time=9.6, test_accuracy=0.1, verdict="vanishing"
    )
    left = Summary("relu", 42, Status.RUNNING, epoch=3, epochs=100, time=3.1, test_accuracy=0.6)
    write_labels(make_run(runs, _GOOD, good), Labels("the good one", ("slides",)))
    make_run(runs, _BAD, bad)
    make_run(runs, _OPEN, left)
    (runs / "holiday.jpg").write_text("no run at all")


@asynccontextmanager
async def runs_opened(folder: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[Bench]:
    """The runs screen on a folder with three runs and a file."""
    runs = folder / "runs"
    runs.mkdir()
    fill(runs)
    async with opened(folder, size) as bench:
        bench.engine.runs_folder = runs
        await bench.press("r")
        await read(bench)
        yield bench


async def read(bench: Bench) -> None:
    """Wait until the folder was read."""
    screen = bench.app.screen
    assert isinstance(screen, RunsScreen)
    if screen._reading is not None:
        await screen._reading
    await bench.settle()


async def type_text(bench: Bench, text: str) -> None:
    await bench.press(*("space" if key == " " else key for key in text))


def shown(bench: Bench) -> list[str]:
    return [entry.name for entry in bench.app.screen.query_one(RunList).items]


async def sort_by(bench: Bench, heading: str) -> None:
    for _ in COLUMNS:
        if f"by {heading} " in bench.text.splitlines()[1]:
            return
        await bench.press("o")
    raise AssertionError(heading)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_the_list_of_runs_matches_its_golden(size: tuple[int, int], tmp_path: Path) -> None:
    async with runs_opened(tmp_path, size) as bench:
        await bench.press("j", "space")
        goldens.check(f"runs/list-{size[0]}x{size[1]}", bench.text)


async def test_every_column_sorts_both_ways_and_missing_values_are_last(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        for column in COLUMNS:
            await sort_by(bench, column.heading)
            one_way = shown(bench)
            await bench.press("O")
            other_way = shown(bench)
            await bench.press("O")
            with_value = [name for name in one_way if name != "holiday.jpg"]
            assert len(with_value) == 3
            if column.heading in ("epoch", "test", "trained"):
                assert other_way == [*reversed(with_value), "holiday.jpg"]
        await sort_by(bench, "test")
        assert shown(bench) == [_GOOD, _OPEN, _BAD, "holiday.jpg"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("relu", [_OPEN]),
        ("slides", [_GOOD]),
        ("GOOD one", [_GOOD]),
        ("abandoned", [_OPEN]),
        ("depth stopped", [_BAD]),
        ("vanishing", [_BAD]),
        ("nothing like it", []),
    ],
)
async def test_the_filter_finds_names_labels_statuses_and_verdicts(
    words: str, found: list[str], tmp_path: Path
) -> None:
    async with runs_opened(tmp_path) as bench:
        await bench.press("slash")
        await type_text(bench, words)
        assert shown(bench) == found
        assert ("Nothing matches." in bench.text) is (found == [])
        await bench.press("enter", "escape")
        assert len(shown(bench)) == 4
        assert isinstance(bench.app.screen, RunsScreen)
        await bench.press("escape")
        assert not isinstance(bench.app.screen, RunsScreen)


async def test_a_run_is_named_and_tagged(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        await bench.press("j", "j", "e")
        await type_text(bench, "try 2")
        await bench.press("enter")
        await read(bench)
        await bench.press("a")
        await type_text(bench, "week3 slides week3")
        await bench.press("enter")
        await read(bench)
        assert read_labels(bench.engine.runs_folder / _BAD) == Labels("try 2", ("week3", "slides"))
        assert "try 2 #week…" in bench.text  # in its column, and whole below
        assert "try 2 #week3 #slides" in bench.text.splitlines()[-2]


async def test_a_deleted_run_can_be_restored_also_in_another_app(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        runs = bench.engine.runs_folder
        await bench.press("j", "x")
        await read(bench)
        await bench.press("x")
        await read(bench)
        assert shown(bench) == ["holiday.jpg", _OPEN]
        await bench.press("escape", "r")
        await read(bench)
        assert bench.label_of["undo_delete"] == "undo"
        await bench.press("z")
        await read(bench)
        assert shown(bench) == ["holiday.jpg", _BAD, _OPEN]
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = runs
        await bench.press("r")
        await read(bench)
        await bench.press("z")
        await read(bench)
        assert shown(bench) == ["holiday.jpg", _GOOD, _BAD, _OPEN]
        assert bench.label_of["undo_delete"] == ""


async def test_a_folder_that_is_not_a_run_and_a_live_run_cannot_be_deleted(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        (bench.engine.runs_folder / "photos").mkdir()
        await bench.press("escape", "r")
        await read(bench)
        assert shown(bench)[:2] == ["photos", "holiday.jpg"]
        for name in ("photos", "holiday.jpg"):
            await bench.press("x")
            await read(bench)
            assert f"{name} is not a run: delete it yourself." in bench.text
            await bench.press("j")
        lock = RunLock(bench.engine.runs_folder / _OPEN)
        await bench.press("G", "x")
        await read(bench)
        lock.release()
        assert f"Not changed: it is being trained by process {os.getpid()}." in bench.text
        assert not (bench.engine.runs_folder / trash.TRASH).exists()
        assert len(shown(bench)) == 5


async def test_p_resumes_an_abandoned_run_and_asks_for_epochs_of_a_finished_one(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        bench.engine.runs.append(make_fake(bench, _OPEN))
        await bench.press("G", "p")
        assert bench.engine.sent == [ResumeRun(_OPEN)]
        bench.engine.runs.append(make_fake(bench, _GOOD))
        await bench.press("r")
        await read(bench)
        await bench.press("g", "j", "p")
        assert "It is finished. How many epochs in total?" in bench.text
        assert "enter: resume · esc: cancel" in bench.text
        await bench.press("enter")
        assert bench.engine.sent[1:] == [ResumeRun(_GOOD, 200)]


def make_fake(bench: Bench, name: str) -> FakeRun:
    return FakeRun(bench.engine, name, make_scenario(), 1)


async def test_only_other_processes_runs_can_be_taken_over(tmp_path: Path, neighbour: OwnerProcess) -> None:
    async with runs_opened(tmp_path) as bench:
        folder = bench.engine.runs_folder / _OPEN
        lock = RunLock(folder)
        await bench.press("escape", "r")
        await read(bench)
        await bench.press("G")
        assert "trained here" in bench.text
        assert bench.label_of["take_over_run"] == ""
        await bench.press("p")
        assert "The run is trained here." in bench.text
        lock.release()

        neighbour.hold(folder)
        await bench.press("escape", "r")
        await read(bench)
        await bench.press("G")
        assert f"trained by process {neighbour.pid}" in bench.text
        await bench.press("T")
        assert bench.engine.taken == [_OPEN]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_run_that_is_handed_over_says_so_and_cannot_be_changed(
    size: tuple[int, int], tmp_path: Path, neighbour: OwnerProcess
) -> None:
    async with runs_opened(tmp_path, size) as bench:
        successor = Owner.on_this_host(neighbour.pid)
        handover.announce(bench.engine.runs_folder, [_BAD], successor)
        await bench.press("escape", "r")
        await read(bench)
        row = next(line for line in bench.text.splitlines() if "depth-7" in line)
        assert "handing over" in row
        assert row.split("handing over")[1].split()[:2] == ["10.0", "%"]
        await bench.press("G", "k")
        assert f"handed over to process {neighbour.pid}, which is starting" in bench.text
        assert bench.label_of["resume_run"] == ""
        await bench.press("p", "x")
        assert "Try again" in bench.text
        assert bench.engine.sent == []
        assert (bench.engine.runs_folder / _BAD).is_dir()


async def test_s_stops_a_run_that_trains_here_and_no_other(tmp_path: Path, neighbour: OwnerProcess) -> None:
    async with runs_opened(tmp_path) as bench:
        folder = bench.engine.runs_folder / _OPEN
        bench.engine.runs.append(make_fake(bench, _OPEN))
        await bench.press("G")
        assert "s stop" not in bench.footer
        lock = RunLock(folder)
        await bench.press("escape", "r")
        await read(bench)
        await bench.press("G")
        assert "s stop" in bench.footer
        await bench.press("s")
        assert bench.engine.sent == [Stop(_OPEN)]
        lock.release()

        neighbour.hold(folder)
        await bench.press("escape", "r")
        await read(bench)
        await bench.press("G")
        assert "s stop" not in bench.footer
        await bench.press("s")
        text = " ".join(bench.text.split())
        assert "T takes it over, then s stops it" in text
        assert bench.engine.sent == [Stop(_OPEN)]


async def test_marked_runs_are_compared_from_their_logs(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        await bench.press("j", "c")
        assert "Mark at least two runs with space, then press c." in bench.text
        await bench.press("space", "j", "space", "c")
        assert bench.engine.followed == [_GOOD, _BAD]
        assert isinstance(bench.app.screen, CompareScreen)


async def test_damaged_runs_are_shown_and_do_not_affect_others(tmp_path: Path) -> None:
    async with runs_opened(tmp_path) as bench:
        runs = bench.engine.runs_folder
        (runs / _BAD / SUMMARY).write_text(
            '{"schema": 1, "scenario": "x", "seed": "y", "status": "finished"}'
        )
        (runs / _OPEN / SUMMARY).write_text('{"schema": 9}')
        os.utime(runs / _BAD)
        os.utime(runs / _OPEN)
        (runs / _GOOD / EVENTS).unlink()
        write_summary(runs / _GOOD, Summary("depth-3", 1, Status.FINISHED, log_bytes=70))
        os.mkdir(os.path.join(os.fsencode(runs), b"odd\xff\x1b[31m"))
        await bench.press("escape", "r")
        await read(bench)
        text = bench.text
        for words in (
            "damaged: summary.json does not describe a run",
            "written by a newer version (schema 9, here 1): update vanish-tui",
            "? 2026-01-03 09:00 depth-3            finished",
            r"odd\udcff\x1b[31m  not a run: run.json is missing",
        ):
            assert words in text
        assert all(c.isprintable() or c == "\n" for c in text)
        await bench.press("j", "j")
        assert "its log is cut: 0 of 70 bytes are left" in bench.text
        for heading in (column.heading for column in COLUMNS):
            await sort_by(bench, heading)
        await bench.press("G", "enter", "p", "e", "a", "space", "x")
        await read(bench)
        assert isinstance(bench.app.screen, RunsScreen)


async def test_a_runs_folder_that_cannot_be_read_is_shown_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    async with opened(tmp_path) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        await bench.press("r")
        await read(bench)
        assert f"{tmp_path / 'runs'}: Not a directory" in bench.text


async def test_a_watched_run_says_its_step_and_script_and_opens_as_the_users_model(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    folder = made_up.write(runs, [*made_up.course([1, 11]), made_up.finished(11)])
    write_summary(
        folder,
        Summary("gpt-small", None, Status.FINISHED, step=1100, loss=2.5, kind="watched", device="cpu"),
    )
    async with opened(tmp_path, WIDE) as bench:
        bench.engine.runs_folder = runs
        await bench.press("r")
        await read(bench)
        row = next(line for line in bench.text.splitlines() if "gpt-small" in line)
        assert "step 1.1k" in row
        assert "0/0" not in bench.text
        while "train.py --layers 4" not in bench.text:  # the description is read in a thread
            await bench.settle()
        assert "2026-01-01 12:00 on gpu-7" in bench.text
        assert "step 1 100 · loss 2.5000 · cpu" in bench.text
        await bench.press("p")
        assert "which alone can continue it" in bench.text
        assert not bench.engine.sent
        await bench.press("enter")
        assert bench.engine.followed == [made_up.RUN]
        assert bench.app.session.runs._opened == {"~gpt-small": made_up.RUN}
