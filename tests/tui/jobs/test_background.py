"""A detached process reports a run only once it holds it and has saved it, or else what failed."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.protocol.spec import RunSpec
from engine.runtime.endings import failure, not_begun
from engine.storage import handover
from engine.storage.run_index import read_entry
from engine.tracking.snapshot import Snapshot
from tui_vanish.jobs import background, children
from tui_vanish.jobs.background import Announcer, detach, hand_over
from tui_vanish.jobs.exits import FailedError
from vanish_recorder.protocol.events import Resumed, RunEvent, Sample
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import Owner, RunLock
from vanish_recorder.storage.summary import Summary, write_summary

RUN = "20260101-120000-small-abcd"

RESUMED = Resumed(run=RUN, step=1, epoch=1, stage=1, time=0.1, reason="by hand")
SAMPLE = Sample(run=RUN, step=1, epoch=1, stage=1, time=0.1, loss=1.0, accuracy=0.1, lr=0.1, layers=())


_START = children.start


class Pipe:
    """The pipe to the process that waits."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)

    def records(self) -> list[dict[str, str]]:
        """What was reported since the last call."""
        try:
            return [json.loads(line) for line in os.read(self._reading, 1 << 16).splitlines()]
        except BlockingIOError:
            return []

    def close(self) -> None:
        """Stop waiting."""
        os.close(self._reading)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def save(runs: Path, status: Status) -> None:
    (runs / RUN).mkdir(exist_ok=True)
    write_summary(runs / RUN, Summary("small", 5, status))


def report(announcer: Announcer, pipe: Pipe, event: RunEvent) -> list[dict[str, str]]:
    announcer.on_event(event)
    return pipe.records()


def test_a_run_is_reported_when_it_is_locked_and_saved(tmp_path: Path, pipe: Pipe) -> None:
    save(tmp_path, Status.STOPPED)
    announcer = Announcer(pipe.writing, 1, tmp_path)
    handover.announce(tmp_path, [RUN], Owner.present())
    assert report(announcer, pipe, SAMPLE) == []
    assert report(announcer, pipe, RESUMED) == []
    lock = RunLock(tmp_path / RUN)
    assert report(announcer, pipe, SAMPLE) == []
    assert read_entry(tmp_path / RUN).state == "handing over"
    save(tmp_path, Status.RUNNING)
    assert report(announcer, pipe, SAMPLE) == [{"run": RUN}]
    assert report(announcer, pipe, SAMPLE) == []
    assert read_entry(tmp_path / RUN).state == "live"
    lock.release()


def test_a_run_that_cannot_be_saved_is_not_trained_in_vain(tmp_path: Path, pipe: Pipe) -> None:
    announcer = Announcer(pipe.writing, 1, tmp_path)
    assert report(announcer, pipe, RESUMED) == []
    announcer.warn(f"not saved, {tmp_path / RUN}: No space left on device. Training continues.")
    with pytest.raises(
        FailedError, match=f"cannot be saved: {tmp_path / RUN}: No space left on device. Make"
    ):
        announcer.on_event(SAMPLE)
    (record,) = pipe.records()
    assert "No space left on device" in record["error"]


def test_a_run_that_fails_first_is_reported_with_its_reason(tmp_path: Path, pipe: Pipe) -> None:
    announcer = Announcer(pipe.writing, 2, tmp_path)
    assert report(announcer, pipe, not_begun(RUN, "it is damaged")) == [{"error": "it is damaged"}]
    failed = failure(Snapshot(0, "other", Status.FAILED, RunSpec(id=""), 0), "no memory")
    assert report(announcer, pipe, failed) == [{"error": "no memory"}]
    announcer.fail("nothing reads this")
    assert pipe.records() == []


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    pipe = Pipe()
    pipe.close()
    save(tmp_path, Status.RUNNING)
    lock = RunLock(tmp_path / RUN)
    announcer = Announcer(pipe.writing, 2, tmp_path)
    announcer.on_event(RESUMED)
    announcer.on_event(SAMPLE)
    lock.release()


def begin(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let another program take the place of `vanish-tui`; it reports to the descriptor `pipe`."""

    def started(arguments: list[str], **options: Any) -> object:
        code = f"import os, sys; pipe = int(sys.argv[-1])\n{program}"
        return _START(["-c", code, *arguments], **options)

    monkeypatch.setattr(children, "start", started)


def test_a_process_that_dies_without_a_report_is_known_by_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / background.LOG).write_text("an earlier line\n")
    begin(monkeypatch, "print('vanish-tui: what happened', file=sys.stderr); sys.exit(1)")
    with pytest.raises(FailedError, match=r"^what happened$"):
        detach(["run", "depth-3"], tmp_path)
    begin(monkeypatch, "os._exit(5)")
    with pytest.raises(FailedError, match=r"^its process has ended with exit code 5$"):
        detach(["run", "depth-3"], tmp_path)


def test_the_runs_of_a_process_that_reports_are_returned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(monkeypatch, 'os.write(pipe, b\'{"run": "a"}\\n{"run": "b"}\\n\')')
    assert detach(["run", "depth-3"], tmp_path) == ["a", "b"]
    begin(monkeypatch, 'os.write(pipe, b\'{"error": "no memory"}\\n\')')
    with pytest.raises(FailedError, match=r"^no memory$"):
        detach(["run", "depth-3"], tmp_path)


def test_a_run_is_handed_over_while_its_process_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, Status.STOPPED)
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    begin(monkeypatch, f"os.read({reading}, 1)")
    start = children.start

    def with_pipe(arguments: list[str], **options: Any) -> object:
        return start(arguments, **{**options, "pass_fds": (*options["pass_fds"], reading)})

    monkeypatch.setattr(children, "start", with_pipe)
    successor = hand_over([RUN], tmp_path)
    entry = read_entry(tmp_path / RUN)
    assert entry.state == "handing over"
    assert entry.successor is not None
    assert entry.successor.pid == successor.pid
    assert not successor.wait(0).is_complete
    os.write(writing, b"x")
    os.close(writing)
    os.close(reading)
