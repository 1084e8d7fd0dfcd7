"""The list of runs: its entries for any content of the folder, without reading a log.

It is long because every kind of damage is tried on the same list.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest

from engine.storage import log_tail, run_index, trash
from engine.storage.labels import LABELS, Labels, read_labels, write_labels
from engine.storage.run_index import INDEX, list_runs, read_entry
from engine.storage.run_log import NotARun, RunLog
from engine.storage.summary import read_summary
from tests.engine.lab import make_scenario, origin
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import EpochFinished, RunEvent
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import Owner, RunInUse, RunLock
from vanish_recorder.storage.summary import FIELDS, SUMMARY, Summary, write_summary


def make_run(runs: Path, name: str, status: Status | None = Status.FINISHED, **figures: object) -> Path:
    """Create a run's directory; without a status, as after a kill before the first save."""
    RunLog(runs / name, make_scenario().resolved(), 5, origin()).close()
    if status is not None:
        write_summary(runs / name, Summary("small", 5, status, **figures))  # type: ignore[arg-type]
    return runs / name


def age(folder: Path) -> None:
    """Set the time of a folder back, as if it had not changed for a while."""
    os.utime(folder, (1e9, 1e9))


def test_the_latest_run_is_first_with_its_results(tmp_path: Path) -> None:
    make_run(tmp_path, "20260101-small", epoch=2, epochs=9, test_accuracy=0.5)
    make_run(tmp_path, "20260102-small", Status.STOPPED)
    second, first = list_runs(tmp_path)
    assert (second.name, second.status, second.state) == ("20260102-small", "stopped", "ended")
    began = origin()
    assert first.summary == Summary(
        "small",
        5,
        Status.FINISHED,
        epoch=2,
        epochs=9,
        test_accuracy=0.5,
        device=began.device,
        threads=began.threads,
        data=began.source,
        train_images=began.train,
        test_images=began.test,
    )
    assert first.folder == tmp_path / "20260101-small"


def test_an_empty_or_missing_folder_holds_no_run(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []
    assert list_runs(tmp_path / "missing") == []


def test_live_abandoned_and_ended_runs_have_different_states(tmp_path: Path) -> None:
    for name in ("live", "abandoned"):
        make_run(tmp_path, name, Status.RUNNING)
    make_run(tmp_path, "stopped", Status.STOPPED)
    make_run(tmp_path, "killed-at-once", None)
    lock = RunLock(tmp_path / "live")
    states = {entry.name: (entry.state, entry.status) for entry in list_runs(tmp_path)}
    assert states == {
        "live": ("live", "running"),
        "abandoned": ("abandoned", "abandoned"),
        "stopped": ("ended", "stopped"),
        "killed-at-once": ("abandoned", "abandoned"),
    }
    assert read_entry(tmp_path / "live").owner == Owner.present()
    lock.release()
    assert read_entry(tmp_path / "live").state == "abandoned"


def test_a_live_run_has_the_numbers_of_its_log_and_an_ended_one_those_of_its_summary(tmp_path: Path) -> None:
    for name, status in (("live", Status.RUNNING), ("ended", Status.STOPPED)):
        folder = make_run(tmp_path, name, status, step=3, epoch=1, epochs=9, best_test_accuracy=0.5)
        log = b"".join(_epoch_line(name, epoch) for epoch in (2, 3)) + _epoch_line(name, 4)[:-40]
        (folder / EVENTS).write_bytes(log)
        age(folder)
    lock = RunLock(tmp_path / "live")
    for _ in range(2):  # the second time from the cache
        entries = {entry.name: entry.summary for entry in list_runs(tmp_path)}
        live, ended = entries["live"], entries["ended"]
        assert live is not None
        assert ended is not None
        assert (live.step, live.epoch, live.epochs, live.time) == (9, 3, 9, 3.0)
        assert (live.test_accuracy, live.train_loss, live.best_test_accuracy) == (0.3, 1.5, 0.5)
        assert (ended.step, ended.epoch, ended.test_accuracy) == (3, 1, None)
    lock.release()
    abandoned = read_entry(tmp_path / "live").summary
    assert abandoned is not None
    assert (abandoned.step, abandoned.epoch) == (3, 1)


def test_only_the_end_of_a_live_run_s_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(tmp_path, "live", Status.RUNNING, step=3, epoch=1)
    (folder / EVENTS).write_bytes(b"".join(_epoch_line("live", epoch) for epoch in range(2, 9)))
    lock = RunLock(folder)
    monkeypatch.setattr(log_tail, "_TAIL", 2 * len(_epoch_line("live", 8)) - 9)
    monkeypatch.setattr(log_tail, "from_line", lines := _Counted())
    found = read_entry(folder).summary
    lock.release()
    assert found is not None
    assert (found.epoch, found.test_accuracy) == (8, 0.8)
    assert lines.asked <= 3


class _Counted:
    """`from_line`, and how often it was called."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, line: bytes) -> RunEvent | None:
        self.asked += 1
        return from_line(line)


def _epoch_line(run: str, epoch: int) -> bytes:
    event = EpochFinished(
        run=run,
        step=3 * epoch,
        epoch=epoch,
        stage=1,
        time=float(epoch),
        train_loss=1.5,
        train_accuracy=0.2,
        test_loss=1.4,
        test_accuracy=epoch / 10,
        seconds=1.0,
        evaluation_seconds=0.1,
    )
    return (to_line(event) + "\n").encode()


def _truncated(folder: Path) -> None:
    write_summary(folder, Summary("small", 5, Status.FINISHED, log_bytes=99))


def _newer(folder: Path) -> None:
    record = json.loads((folder / SUMMARY).read_text())
    (folder / SUMMARY).write_text(json.dumps({**record, "schema": 2}))


def _rubbish(folder: Path) -> None:
    (folder / SUMMARY).write_bytes(b"\xff\x00")


def _of_another_kind(folder: Path) -> None:
    record = json.loads((folder / SUMMARY).read_text())
    (folder / SUMMARY).write_text(json.dumps({**record, "log_bytes": "many", "time": None}))


def _without_status(folder: Path) -> None:
    (folder / SUMMARY).write_text('{"schema": 1, "scenario": "small"}')


def _alien(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("something else")


def _dangling(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder.parent / "nowhere")


@pytest.mark.parametrize(
    ("damage", "problem", "usable"),
    [
        (_truncated, "its log is cut: 0 of 99 bytes are left", True),
        (_newer, "written by a newer version (schema 2, here 1): update vanish-tui", False),
        (_rubbish, "damaged: summary.json does not describe a run", False),
        (_of_another_kind, "damaged: summary.json does not describe a run", False),
        (_without_status, "damaged: summary.json does not describe a run", False),
        (_alien, "not a run: run.json is missing", False),
        (_a_file, "not a run: it is a file", False),
        (_dangling, "cannot be read: No such file or directory", False),
    ],
)
@pytest.mark.parametrize("again", [False, True])
def test_entries_with_a_problem_are_listed_with_the_reason(
    damage: "object", problem: str, usable: bool, again: bool, tmp_path: Path
) -> None:
    make_run(tmp_path, "good")
    damage(make_run(tmp_path, "bad"))  # type: ignore[operator]
    if again:
        for each in tmp_path.iterdir():
            os.utime(each, (1e9, 1e9), follow_symlinks=False)
        list_runs(tmp_path)
    good, bad = list_runs(tmp_path)
    assert (good.name, good.problem) == ("good", "")
    assert bad.problem == problem
    assert (bad.state != "unusable") is usable


def test_a_run_of_a_newer_version_without_a_summary_is_reported(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "newer", None)
    (folder / DESCRIPTION).write_text('{"schema": 7}')
    assert list_runs(tmp_path)[0].problem.startswith("written by a newer version (schema 7")


def test_an_invalid_description_is_reported_as_damage(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run", None)
    record = json.loads((folder / DESCRIPTION).read_text())
    record["scenario"]["training"]["epochs"] = "many"
    (folder / DESCRIPTION).write_text(json.dumps(record))
    assert list_runs(tmp_path)[0].problem == "damaged: run.json does not describe a run"


def test_no_log_is_read_and_no_file_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (make_run(tmp_path, name) / EVENTS).unlink()
        (tmp_path / name / EVENTS).mkdir()  # so that reading the log would fail
        age(tmp_path / name)
    first = list_runs(tmp_path)
    assert [entry.problem for entry in first] == ["", ""]

    def read_nothing(folder: Path) -> Summary:
        raise AssertionError(folder)

    monkeypatch.setattr(run_index, "read_summary", read_nothing)
    assert list_runs(tmp_path) == first


def test_changed_runs_are_read_again_and_removed_ones_disappear(tmp_path: Path) -> None:
    for name in ("kept", "changed", "gone"):
        age(make_run(tmp_path, name, Status.STOPPED))
    list_runs(tmp_path)
    write_summary(tmp_path / "changed", Summary("small", 5, Status.FINISHED))
    write_labels(tmp_path / "kept", Labels("the good one", ("slides", "week 3")))
    shutil.rmtree(tmp_path / "gone")
    kept, changed = list_runs(tmp_path)
    assert changed.status == "finished"
    assert kept.labels == Labels("the good one", ("slides", "week 3"))
    list_runs(tmp_path)
    assert "gone" not in (tmp_path / INDEX).read_text()


def test_a_folder_that_changed_just_now_is_read_again(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "quick", Status.STOPPED)
    stamp = folder.stat().st_mtime_ns
    list_runs(tmp_path)
    write_summary(folder, Summary("small", 5, Status.FINISHED))
    os.utime(folder, ns=(stamp, stamp))  # within one tick of the file system's clock
    assert list_runs(tmp_path)[0].status == "finished"


@pytest.mark.parametrize("content", [b"", b"rubbish", b'{"schema": 9, "runs": {}}', b'{"schema": 1}', b"[]"])
def test_a_damaged_cache_is_ignored(content: bytes, tmp_path: Path) -> None:
    age(make_run(tmp_path, "run"))
    (tmp_path / INDEX).write_bytes(content)
    assert [entry.name for entry in list_runs(tmp_path)] == ["run"]
    assert json.loads((tmp_path / INDEX).read_bytes())["fields"] == list(FIELDS)


@pytest.mark.parametrize(
    "damage",
    [
        lambda row: 5,
        lambda row: [],
        lambda row: [*row, 1],
        lambda row: [row[0], 5, 5, 5],
        lambda row: [row[0], row[1][:-1], None, ""],
        lambda row: [row[0], ["small", 5, "asleep", *row[1][3:]], None, ""],
        lambda row: [row[0], ["small", "5", *row[1][2:]], None, ""],
        lambda row: [row[0], ["small", 10**400, *row[1][2:]], None, ""],
        lambda row: [row[0], row[1], [1], ""],
        lambda row: [row[0], row[1], None, 7],
    ],
)
def test_a_damaged_row_of_the_cache_is_read_again(damage: Callable[[Any], Any], tmp_path: Path) -> None:
    age(make_run(tmp_path, "run"))
    expected = list_runs(tmp_path)
    record = json.loads((tmp_path / INDEX).read_bytes())
    record["runs"]["run"] = damage(record["runs"]["run"])
    (tmp_path / INDEX).write_text(json.dumps(record))
    assert list_runs(tmp_path) == expected


def test_fields_of_a_newer_version_are_ignored(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run")
    record = json.loads((folder / SUMMARY).read_text())
    (folder / SUMMARY).write_text(json.dumps({**record, "mood": "good"}))
    assert read_summary(folder) == Summary("small", 5, Status.FINISHED)


def test_labels_that_cannot_be_read_are_empty(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run")
    assert read_labels(folder) == Labels()
    (folder / LABELS).write_text("rubbish")
    assert read_labels(folder) == Labels()


def test_deleting_can_be_undone(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run")
    trash.delete(folder)
    assert list_runs(tmp_path) == []
    trash.restore(folder)
    assert [entry.name for entry in list_runs(tmp_path)] == ["run"]


def test_a_live_run_cannot_be_deleted(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run", Status.RUNNING)
    lock = RunLock(folder)
    with pytest.raises(RunInUse):
        trash.delete(folder)
    lock.release()
    assert [entry.name for entry in list_runs(tmp_path)] == ["run"]


def test_a_folder_that_is_not_a_run_cannot_be_deleted(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_text("a photo")
    (tmp_path / "file").write_text("a file")
    for name in ("photos", "file"):
        with pytest.raises(NotARun, match=f"{name} is not a run"):
            trash.delete(tmp_path / name)
    assert os.listdir(tmp_path / "photos") == ["one.jpg"]


def test_the_run_that_was_deleted_last_is_restored_first(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        trash.delete(make_run(tmp_path, name))
    for place, name in enumerate(("b", "c", "a")):
        os.utime(tmp_path / trash.TRASH / name / trash.DELETED, (time() + place, time() + place))
    assert trash.empty(tmp_path) == ["b", "c", "a"]


def test_runs_that_were_deleted_a_day_ago_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("old", "new"):
        trash.delete(make_run(tmp_path, name))
    tomorrow = time() + trash.KEPT_SECONDS + 60
    os.utime(tmp_path / trash.TRASH / "new" / trash.DELETED, (tomorrow, tomorrow))
    monkeypatch.setattr(trash, "time", lambda: tomorrow)
    assert trash.empty(tmp_path) == ["new"]
    assert os.listdir(tmp_path / trash.TRASH) == ["new"]


@pytest.mark.parametrize("name", ["folder", "link-in-the-trash"])
def test_only_deleted_runs_are_removed_from_the_trash(name: str, tmp_path: Path) -> None:
    trash.delete(make_run(tmp_path, "deleted"))
    treasure = make_run(tmp_path, "treasure")  # even a run, if `delete` did not put it there
    (treasure / trash.DELETED).touch()
    age(treasure / trash.DELETED)
    foreign = tmp_path / trash.TRASH / "foreign"
    if name == "folder":
        (treasure / trash.DELETED).unlink()
        treasure.rename(foreign)
    else:
        foreign.symlink_to(treasure)
    age(foreign)
    assert trash.empty(tmp_path) == ["deleted"]
    assert (foreign / EVENTS).exists()


def test_a_link_named_trash_is_not_emptied_and_not_written_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    precious = make_run(home, "precious")
    (precious / trash.DELETED).touch()
    age(precious / trash.DELETED)
    age(precious)
    runs = tmp_path / "runs"
    folder = make_run(runs, "run")
    (runs / trash.TRASH).symlink_to(home)
    assert trash.empty(runs) == []
    with pytest.raises(NotADirectoryError) as refused:
        trash.delete(folder)
    assert refused.value.strerror == "it is a link or a file: remove it to delete runs"
    assert refused.value.filename == str(runs / trash.TRASH)
    with pytest.raises(NotADirectoryError):
        trash.restore(runs / "precious")
    assert os.listdir(home) == ["precious"]
    assert (precious / EVENTS).exists()
    assert [entry.name for entry in list_runs(runs)] == ["run"]
    assert not (folder / trash.DELETED).exists()


def test_a_link_to_a_run_is_not_deleted(tmp_path: Path) -> None:
    original = make_run(tmp_path / "elsewhere", "run")
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "link").symlink_to(original)
    with pytest.raises(NotARun, match="link is not a run"):
        trash.delete(runs / "link")
    assert not (original / trash.DELETED).exists()


def test_a_run_is_not_restored_over_another_one(tmp_path: Path) -> None:
    trash.delete(make_run(tmp_path, "run"))
    (tmp_path / "run").mkdir()
    with pytest.raises(FileExistsError):
        trash.restore(tmp_path / "run")
    assert trash.empty(tmp_path) == ["run"]
