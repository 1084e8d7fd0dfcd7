"""The saver reports every error of a save, tries again, and is never waited for in vain."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.storage import run_directory, saver
from engine.storage.run_directory import RunDirectory, Save
from engine.storage.saver import Saver
from engine.storage.summary import read_summary
from tests.engine.lab import make_scenario, origin
from vanish_recorder.protocol.events import Paused
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import RunLock
from vanish_recorder.storage.summary import Summary

NEVER: Any = object()  # a checkpoint that is not really written here


class Disk:
    """Takes the place of writing a checkpoint; `errors` are raised one after the other."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.written = 0

    def write(self, *_: object) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.written += 1


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(run_directory, "write_checkpoint", made.write)
    monkeypatch.setattr(saver, "RETRY_SECONDS", 0.01)
    return made


@pytest.fixture
def changes() -> "Changes":
    return Changes()


class Changes:
    """Counts how often the saver has reported that trouble has come or gone."""

    def __init__(self) -> None:
        self._came = threading.Semaphore(0)

    def __call__(self) -> None:
        self._came.release()

    def wait(self) -> None:
        assert self._came.acquire(timeout=60)


@pytest.fixture
def started(changes: Changes) -> Iterator[Saver]:
    made = Saver(30.0, changes)
    made.start()
    yield made
    made.close()


def directory(folder: Path) -> RunDirectory:
    made = RunDirectory.create(folder, make_scenario().resolved() | {"id": "small"}, 5, origin())
    return made


def save(step: int, *, last: bool = False) -> Save:
    return Save(checkpoint=NEVER, summary=Summary("small", 5, Status.RUNNING, step=step), last=last)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "there is not enough memory"),
        (RuntimeError("a line\nand another"), "RuntimeError: a line and another"),
        (ValueError(), "ValueError"),
        (RecursionError("too deep"), "RecursionError: too deep"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_any_error_of_a_save_is_reported_and_the_save_is_tried_again(
    error: Exception, reason: str, disk: Disk, changes: Changes, started: Saver, tmp_path: Path
) -> None:
    disk.errors = [error]
    run = directory(tmp_path / "run")
    troubles: list[str] = []
    note = run.save

    def saved(what: Save) -> bool:
        done = note(what)
        troubles.append(run.trouble)
        return done

    run.save = saved  # type: ignore[method-assign]
    started.submit(run, save(1))
    changes.wait()
    changes.wait()
    started.finish(run)
    assert troubles == [reason, ""]
    assert disk.written == 1
    assert read_summary(tmp_path / "run").step == 1


def test_an_internal_error_of_one_run_does_not_touch_another(
    disk: Disk, changes: Changes, started: Saver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = directory(tmp_path / "bad"), directory(tmp_path / "good")

    def defect(what: Save) -> bool:
        raise AttributeError("a defect")

    monkeypatch.setattr(bad, "save", defect)
    monkeypatch.setattr(bad, "beat", defect)
    started.submit(bad, save(1))
    started.submit(good, save(1))
    started.finish(good)
    started.finish(bad)
    assert bad.trouble == "AttributeError: a defect"
    assert good.trouble == ""
    assert disk.written == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("step", [1, 2])
def test_a_saver_that_has_died_is_not_waited_for(step: int, disk: Disk, tmp_path: Path) -> None:
    """SystemExit stands for whatever ends a thread without a word."""
    made = Saver(30.0, lambda: None)
    run = directory(tmp_path / "run")
    disk.errors = [SystemExit()]
    made.start()
    made.submit(run, save(1, last=step == 1))
    made.finish(run)
    if step == 2:
        made.submit(run, save(2, last=True))
        made.finish(run)
    made.close()
    assert read_summary(tmp_path / "run").step == step
    RunLock(tmp_path / "run").release()


def test_a_saver_that_could_not_be_started_is_closed(tmp_path: Path, disk: Disk) -> None:
    made = Saver(30.0, lambda: None)
    run = directory(tmp_path / "run")
    made.submit(run, save(1, last=True))
    made.finish(run)
    made.close()
    assert read_summary(tmp_path / "run").step == 1


def _event(step: int) -> Paused:
    return Paused(run="run", step=step, epoch=1, stage=1, time=0.1, reason="by hand")


Break = Callable[[Path], None]


def _move(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def _remove_the_lock(folder: Path) -> None:
    (folder / "run.lock").unlink()


@pytest.mark.parametrize("how", [_move, _remove_the_lock])
def test_a_folder_that_was_moved_is_made_again_with_its_whole_log(
    how: Break, disk: Disk, tmp_path: Path
) -> None:
    run = directory(tmp_path / "run")
    run.write(_event(1))
    assert run.save(save(1))
    how(tmp_path / "run")
    run.write(_event(2))
    assert run.save(save(2))
    run.write(_event(3))
    assert run.save(save(3, last=True))
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    assert [f'"step":{number}' in line for number, line in enumerate(lines, 1)] == [True] * 3
    assert (tmp_path / "run" / "run.json").exists()
    assert run.trouble == ""
    RunLock(tmp_path / "run").release()


def test_a_folder_in_its_place_is_left_alone(disk: Disk, tmp_path: Path) -> None:
    run = directory(tmp_path / "run")
    run.write(_event(1))
    assert run.save(save(1))
    _move(tmp_path / "run")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.jsonl").write_text("another run")
    assert not run.save(save(2))
    assert run.trouble == "another run has taken its place"
    assert (tmp_path / "run" / "events.jsonl").read_text() == "another run"
    run.close()
