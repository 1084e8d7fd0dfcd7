"""The folder of a watched run: private, locked, readable after any death, never an error of the training.

This file is longer than 300 lines because all of its tests share one made-up script.
"""

import errno
import gc
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from engine.storage.run_log import read_events
from tests.recorder.watched import (
    WATCHED,
    epoch_logged,
    finished,
    measured,
    recording,
    structure,
    verdict,
)
from vanish_recorder.protocol.events import Resumed, RunEvent, VerdictChanged
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import Measured, WatchStarted
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import LOCK, owner_of
from vanish_recorder.storage.summary import SUMMARY

ROOT = Path(__file__).parent.parent.parent


def events(folder: Path) -> list[RunEvent]:
    return read_events(folder / EVENTS)


def open_files_of_this_process() -> list[str]:
    names = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the listing's own
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return names


def test_a_run_has_its_description_its_log_its_lock_and_its_summary(tmp_path: Path) -> None:
    run = recording(tmp_path, "my net")
    run.write(structure(run.run))
    run.write(measured(run.run, 1, loss=2.5))
    run.write(epoch_logged(run.run, 2, train_loss=2.0, test_accuracy=0.5))
    run.write(verdict(run.run, 2))
    assert run.trouble == ""
    owner = owner_of(run.folder)
    assert owner is not None
    assert owner.pid == os.getpid()

    run.close(finished(run.run, 3))

    assert owner_of(run.folder) is None
    assert json.loads((run.folder / DESCRIPTION).read_text()) == {
        "schema": 1,
        "kind": "watched",
        "run": run.run,
        "watched": {**WATCHED, "name": "my net"},
    }
    started, *others = events(run.folder)
    assert isinstance(started, WatchStarted)
    assert (started.step, started.parameters, started.watched["name"]) == (0, 1234, "my net")
    assert [event.event for event in others] == [
        "structure",
        "measured",
        "epoch_logged",
        "verdict",
        "run_finished",
    ]
    summary = json.loads((run.folder / SUMMARY).read_text())
    expected = {
        "kind": "watched",
        "scenario": "my net",
        "seed": None,
        "status": "finished",
        "step": 3,
        "loss": 2.5,
        "train_loss": 2.0,
        "best_test_accuracy": 0.5,
        "verdict": "vanishing",
        "log_bytes": (run.folder / EVENTS).stat().st_size,
    }
    assert {key: summary[key] for key in expected} == expected


def test_everything_is_for_the_user_alone(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        run = recording(tmp_path / "runs")
        run.keep_up()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(run.folder.parent.stat().st_mode) == 0o700
    for name in (DESCRIPTION, EVENTS, LOCK, SUMMARY):
        assert stat.S_IMODE((run.folder / name).stat().st_mode) == 0o600
    run.close(finished(run.run, 0))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("GPT 2/small", "GPT-2-small"),
        ("../../etc/passwd", "etc-passwd"),
        ("thí nghiệm đầu", "thi-nghiem-dau"),
        ("\x1b[31m\n", "31m"),
        ("", "run"),
        ("模型", "run"),
        ("x" * 500, "x" * 60),
    ],
)
def test_a_name_becomes_a_part_of_the_folders(name: str, part: str, tmp_path: Path) -> None:
    run = recording(tmp_path, name)
    assert run.folder.parent == tmp_path
    assert run.run[16:-5] == part
    run.close(finished(run.run, 0))


def test_a_killed_process_leaves_a_log_that_can_be_read(tmp_path: Path) -> None:
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\nfrom pathlib import Path\n"
            "from tests.recorder.watched import measured, recording\n"
            "run = recording(Path(sys.argv[1]))\n"
            "for step in range(1, 8): run.write(measured(run.run, step))\n"
            "os.kill(os.getpid(), 9)",
            str(tmp_path),
        ],
        cwd=ROOT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    (folder,) = tmp_path.iterdir()
    assert [event.step for event in events(folder)] == list(range(8))
    assert owner_of(folder) is None


def test_lines_of_a_full_disk_are_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = recording(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr("vanish_recorder.storage.log_file.os.write", full)
        run.write(measured(run.run, 1))
        run.write(measured(run.run, 2))
        assert run.trouble == "No space left on device"
        run.keep_up()
        assert run.trouble == "No space left on device"
    assert len(events(run.folder)) == 1
    run.write(measured(run.run, 3))
    run.keep_up()
    assert run.trouble == ""
    assert [event.step for event in events(run.folder)] == [0, 1, 2, 3]
    run.close(finished(run.run, 3))


def test_a_disk_that_stays_full_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recording(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("vanish_recorder.recording._MOST_UNWRITTEN", 5000)
    with monkeypatch.context() as disk:
        disk.setattr("vanish_recorder.storage.log_file.os.write", full)
        for step in range(1, 1000):
            run.write(measured(run.run, step))
        run.write(verdict(run.run, 1000))
    run.close(finished(run.run, 1000))
    found = events(run.folder)
    assert (run.folder / EVENTS).stat().st_size < 8000
    assert [event.event for event in found[-2:]] == ["verdict", "run_finished"]


@pytest.mark.parametrize("how", ["removed", "moved"])
def test_a_folder_that_is_gone_is_made_again_with_its_log(how: str, tmp_path: Path) -> None:
    run = recording(tmp_path / "runs")
    run.write(measured(run.run, 1))
    if how == "removed":  # in two steps, because the recording's thread may be writing in it
        run.folder.parent.rename(tmp_path / "gone")
        shutil.rmtree(tmp_path / "gone")
    else:
        run.folder.rename(tmp_path / "elsewhere")
    run.write(measured(run.run, 2))
    run.keep_up()
    assert run.trouble == ""
    assert [event.step for event in events(run.folder)] == [0, 1, 2]
    assert owner_of(run.folder) is not None
    run.close(finished(run.run, 2))


def test_a_runs_folder_that_cannot_be_made_is_trouble_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = recording(tmp_path / "file" / "runs")
    run.write(measured(run.run, 1))
    run.keep_up()
    assert run.trouble == "Not a directory"
    run.close(finished(run.run, 1))


def test_an_event_that_cannot_be_written_is_trouble_and_no_error(tmp_path: Path) -> None:
    run = recording(tmp_path)
    run.write(epoch_logged(run.run, 1, odd=object()))  # type: ignore[arg-type]
    assert "JSON" in run.trouble
    run.write(measured(run.run, 2))
    assert [event.step for event in events(run.folder)] == [0, 2]
    run.close(finished(run.run, 2))


def test_a_forked_child_writes_nothing_and_keeps_no_lock(tmp_path: Path) -> None:
    run = recording(tmp_path)
    before = (run.folder / EVENTS).read_bytes()
    reading, writing = os.pipe()
    with run._saving:  # the keeper syncs the folder when it saves, and a child inherits what is open then
        child = os.fork()
    if child == 0:
        try:
            run.write(measured(run.run, 1))
            run.keep_up()
            run.close(finished(run.run, 1))
            os.write(writing, "\n".join(open_files_of_this_process()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        open_files = answer.read().split("\n")
    os.waitpid(child, 0)
    assert open_files != [""]
    assert not [name for name in open_files if name.startswith(str(run.folder))]
    assert (run.folder / EVENTS).read_bytes() == before
    assert owner_of(run.folder) is not None
    run.write(measured(run.run, 1))
    run.close(finished(run.run, 1))
    assert len(events(run.folder)) == 3


def test_a_second_segment_continues_the_run(tmp_path: Path) -> None:
    first = recording(tmp_path, "gpt")
    first.write(structure(first.run))
    for step in range(1, 6):
        first.write(measured(first.run, step, loss=1.0))
    first.write(verdict(first.run, 5))
    first.write(epoch_logged(first.run, 5, test_accuracy=0.75))
    first.close(finished(first.run, 6, Status.FAILED))
    other = recording(tmp_path, "gpt-2")
    other.close(finished(other.run, 0))

    second = recording(tmp_path, "gpt", resume=True, pid=4712, config={"lr": 0.2})

    assert second.run == first.run
    assert (second.first_step, second.first_time, second.notice) == (6, 0.06, "")
    assert second.first_epoch == 1  # the one before has ended
    second.write(replace(measured(second.run, 7, loss=0.5), epoch=1))
    second.close(replace(finished(second.run, 7), epoch=1))
    found = events(second.folder)
    _, resumed, ended, started, _, _ = found[-6:]
    assert isinstance(resumed, Resumed)
    assert isinstance(ended, VerdictChanged)
    assert (ended.state, ended.kind, ended.layer) == ("ended", "vanishing", "h.0")
    assert isinstance(started, WatchStarted)
    assert (started.step, started.watched["pid"]) == (6, 4712)
    assert json.loads((second.folder / DESCRIPTION).read_text())["watched"]["config"] == {"lr": 0.2}
    summary = json.loads((second.folder / SUMMARY).read_text())
    assert (summary["verdict"], summary["best_test_accuracy"], summary["loss"]) == ("", 0.75, 0.5)


def test_a_second_segment_follows_a_killed_one_with_half_a_line(tmp_path: Path) -> None:
    first = recording(tmp_path)
    first.write(measured(first.run, 1))
    first.close(finished(first.run, 1))
    log = first.folder / EVENTS
    whole = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(whole[:-1]) + b'{"event":"measu')
    second = recording(tmp_path, resume=True)
    second.close(finished(second.run, 1))
    assert [event.event for event in events(second.folder)] == [
        "watch_started",
        "measured",
        "resumed",
        "watch_started",
        "run_finished",
    ]


def test_a_name_without_a_run_begins_one(tmp_path: Path) -> None:
    run = recording(tmp_path / "none", "gpt", resume=True)
    assert (run.first_step, run.notice) == (0, "")
    run.close(finished(run.run, 0))


def test_a_run_that_another_process_trains_is_not_continued(tmp_path: Path) -> None:
    first = recording(tmp_path)
    second = recording(tmp_path, resume=True)
    assert second.run != first.run
    assert second.notice == (
        f"{first.run} cannot be continued, because it is being trained by process {os.getpid()}:"
        " a new run begins."
    )
    for run in (first, second):
        run.close(finished(run.run, 0))


def test_the_thread_keeps_neither_a_recording_nor_the_process_alive(tmp_path: Path) -> None:
    run = recording(tmp_path)
    forgotten = weakref.ref(run)
    del run
    gc.collect()
    # The thread may be saving it at this moment, and lets it go afterwards.
    if (still := forgotten()) is not None:
        still.close(finished(still.run, 0))
        del still
        gc.collect()
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.recorder.watched import recording\n"
        "run = recording(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True, timeout=60)


def test_a_second_close_changes_nothing(tmp_path: Path) -> None:
    run = recording(tmp_path)
    run.close(finished(run.run, 1))
    run.close(finished(run.run, 2))
    run.write(measured(run.run, 3))
    assert [event.step for event in events(run.folder)] == [0, 1]
    assert not isinstance(events(run.folder)[-1], Measured)


def test_a_signals_handler_may_close_a_run_in_the_middle_of_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recording(tmp_path)
    saves, writes = threading.Event(), threading.Event()

    def save() -> None:  # as the recording's own thread does
        with run._saving:
            saves.set()
            assert writes.wait(60)
            with run._mutex:
                pass

    def interrupted(event: RunEvent) -> None:
        if isinstance(event, Measured):
            writes.set()
            run.close(finished(run.run, 1))

    threading.Thread(target=save, daemon=True).start()
    assert saves.wait(60)
    monkeypatch.setattr(run._results, "apply", interrupted)
    training = threading.Thread(target=run.write, args=(measured(run.run, 1),), daemon=True)
    training.start()
    training.join(60)
    assert not training.is_alive()
    assert [event.event for event in events(run.folder)] == ["watch_started", "measured", "run_finished"]
    assert owner_of(run.folder) is None
