"""The folder of a sweep: its description, its runs, and its line in the list of runs."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import scenarios
from engine.storage.nested import is_sweep, run_folder, sweep_with
from engine.storage.run_index import list_runs
from engine.storage.run_log import RunLog
from engine.sweeps.folder import (
    DESCRIPTION,
    Means,
    NotASweep,
    SweepFolder,
    save_summary,
)
from engine.sweeps.results import results
from engine.sweeps.rows import columns, rows
from scenarios.grid import parse_axis
from scenarios.sweep import Sweep, sweep_of
from tests.engine.lab import origin
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import RunLock
from vanish_recorder.storage.summary import Summary, write_summary


def make_sweep(*grid: str) -> Sweep:
    axes = [parse_axis(text) for text in grid or ("model.hidden_layers=1,2", "optimizer.lr=0.1,1")]
    return sweep_of("try", scenarios.load("depth-3"), axes)


def make_folder(tmp_path: Path, **means: Any) -> SweepFolder:
    return SweepFolder.create(tmp_path / "20260101-000000-try-abcd", make_sweep(), Means(**means))


def add_run(folder: SweepFolder, number: int, status: Status, **figures: Any) -> Path:
    cell = folder.sweep.cells()[number - 1]
    path = folder.path / folder.run_of(cell)
    RunLog(path, cell.scenario.resolved(), cell.seed, origin()).close()
    write_summary(path, Summary(cell.scenario.id, cell.seed, status, **figures))
    return path


def test_a_sweep_is_read_back(tmp_path: Path) -> None:
    made = make_folder(tmp_path, data="sample", threads=2, keep_checkpoints=True)
    assert is_sweep(made.path)
    assert SweepFolder.read(made.path) == made
    with pytest.raises(FileExistsError):
        make_folder(tmp_path)


def test_a_list_shows_a_sweep_that_has_not_begun(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (entry,) = list_runs(tmp_path)
    assert (entry.name, entry.problem) == (folder.path.name, "")
    assert entry.is_sweep
    assert entry.summary is not None
    assert (entry.summary.status, entry.summary.epoch, entry.summary.epochs) == (Status.STOPPED, 0, 4)


@pytest.mark.parametrize(("content", "words"), [(None, "missing"), ("{}", "damaged"), ("no JSON", "damaged")])
def test_a_list_shows_a_sweep_whose_line_is_lost(content: str | None, words: str, tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    add_run(folder, 1, Status.FINISHED)
    add_run(folder, 2, Status.DIVERGED)
    add_run(folder, 3, Status.STOPPED)
    (folder.path / "summary.json").unlink()
    if content is not None:
        (folder.path / "summary.json").write_text(content)
    (entry,) = list_runs(tmp_path)
    assert entry.is_sweep
    assert entry.problem == f"summary.json is {words}, and is written again when the sweep continues"
    assert entry.summary is not None
    assert (entry.summary.scenario, entry.summary.status) == ("try", Status.STOPPED)
    assert (entry.summary.epoch, entry.summary.epochs) == (2, 4)
    save_summary(folder, folder.entries().values(), Status.STOPPED, 1.0, None)
    (entry,) = list_runs(tmp_path)
    assert entry.problem == ""


def test_a_sweep_without_a_readable_description_is_none(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (folder.path / "summary.json").unlink()
    (folder.path / DESCRIPTION).write_text('{"grid": 3}')
    (entry,) = list_runs(tmp_path)
    assert entry.summary is None
    assert entry.problem == "a damaged sweep: sweep.json does not describe one"


def test_what_a_run_left_that_could_not_begin_is_not_in_the_way_of_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = make_folder(tmp_path)
    cell, other = folder.sweep.cells()[:2]
    path = folder.path / folder.run_of(cell)
    with monkeypatch.context() as disk:
        disk.setattr("vanish_recorder.storage.log_file.write_atomically", full)
        RunLog(path, cell.scenario.resolved(), cell.seed, origin()).close()
    (path / ".run.json.123.tmp").write_text("half of it")
    assert path.exists()
    assert not folder.has_begun(path.name)
    add_run(folder, 1, Status.STOPPED)
    assert folder.has_begun(path.name)

    (kept := folder.path / folder.run_of(other)).mkdir()
    (kept / "notes.txt").write_text("of the user")
    assert not folder.has_begun(kept.name)
    assert (kept / "notes.txt").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record | {"schema": 99}, "newer version"),
        (lambda record: {name: record[name] for name in record if name != "grid"}, "does not describe"),
        (lambda record: record | {"threads": "2"}, "does not describe"),
        (lambda record: record | {"threads": 0}, "does not describe"),
        (lambda record: record | {"base": {}}, "damaged"),
        (
            lambda record: record | {"grid": [{"key": "model.wdith", "values": [1], "scale": "list"}]},
            "damaged",
        ),
        (lambda record: [record], "damaged"),
    ],
)
def test_a_damaged_description_is_named(change: Any, said: str, tmp_path: Path) -> None:
    path = make_folder(tmp_path).path / DESCRIPTION
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(NotASweep, match=said):
        SweepFolder.read(path.parent)


def test_what_is_no_sweep(tmp_path: Path) -> None:
    with pytest.raises(NotASweep, match="missing"):
        SweepFolder.read(tmp_path)
    (tmp_path / DESCRIPTION).write_text("{")
    with pytest.raises(NotASweep, match="not JSON"):
        SweepFolder.read(tmp_path)


def test_results_come_from_the_runs(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    cells = folder.sweep.cells()
    add_run(folder, 1, Status.FINISHED, epoch=2, epochs=2, test_accuracy=0.5, verdict="stuck", time=3.0)
    add_run(folder, 2, Status.DIVERGED, epoch=1, epochs=2)
    live = add_run(folder, 3, Status.RUNNING, epoch=1, epochs=2)
    lock = RunLock(live)
    try:
        found = results(folder, cells)
    finally:
        lock.release()
    assert [row.status for row in found] == ["finished", "diverged", "training", "waiting"]
    assert [row.is_done for row in found] == [True, True, False, False]
    assert (found[0].test_accuracy, found[0].verdict, found[0].seconds) == (0.5, "stuck", 3.0)
    assert [row.status for row in results(folder, cells)][2] == "stopped"
    table = list(rows(cells, found))
    assert set(table[0]) == set(columns(folder.sweep))
    assert (table[3]["model.hidden_layers"], table[3]["optimizer.lr"]) == (2, 1)
    assert 0 < table[0]["chi"] < 1


def test_the_list_of_runs_has_one_line_for_a_sweep(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    add_run(folder, 1, Status.FINISHED, test_accuracy=0.5)
    add_run(folder, 2, Status.FINISHED, test_accuracy=0.7)
    save_summary(folder, folder.entries().values(), Status.RUNNING, 10.0, 20.0)
    for _ in range(2):  # read, then from the index
        (entry,) = list_runs(tmp_path)
        assert entry.summary is not None
        assert (entry.summary.kind, entry.summary.scenario, entry.problem) == ("sweep", "try", "")
        assert (entry.summary.epoch, entry.summary.epochs, entry.summary.test_accuracy) == (2, 4, 0.7)
        assert (entry.summary.time, entry.summary.left) == (10.0, 20.0)
        assert entry.state == "abandoned"
    lock = RunLock(folder.path)
    assert list_runs(tmp_path)[0].state == "live"
    lock.release()


def test_a_run_names_its_sweep(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    run = folder.run_of(folder.sweep.cells()[0])
    assert run == f"{folder.path.name}-1"
    assert sweep_with(tmp_path, run) == folder.path
    assert run_folder(tmp_path, run) == folder.path / run
    assert run_folder(tmp_path, "another") == tmp_path / "another"
    assert sweep_with(tmp_path, folder.path.name) is None
    shutil.rmtree(folder.path)
    assert sweep_with(tmp_path, run) is None
