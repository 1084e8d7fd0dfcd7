"""Leading a sweep with an executor of scripted answers: what is given out, retried, stopped and counted.

It is long because all cases use the same executor.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import scenarios
from engine.storage.run_log import RunLog
from engine.storage.summary import read_summary
from engine.sweeps.folder import Means, SweepFolder
from engine.sweeps.results import CellResult, results
from scenarios.grid import parse_axis
from scenarios.sweep import sweep_of
from tests.engine.lab import origin
from tui_vanish.jobs.exits import FailedError
from tui_vanish.sweeps.lead import MOST_TRIES, Lead, Outcome, Progress
from tui_vanish.sweeps.tasks import Report, Task
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import RunLock
from vanish_recorder.storage.summary import Summary, write_summary

Answer = Callable[[Task, int], list[Report]]


class Scripted:
    """An executor whose runs end at once, as a script says.

    Args:
        folder: of the sweep; runs that end get a folder.
        answer: the reports of a task, and how often it was submitted before.
        slots: how many runs are trained at the same time.
    """

    resumes = True

    def __init__(self, folder: SweepFolder, answer: Answer, slots: int = 2) -> None:
        self._folder, self._answer, self.slots = folder, answer, slots
        self.tasks: list[Task] = []
        self.is_stopped = False
        self._report: Callable[[Report], None] = lambda _: None

    def start(self, report: Callable[[Report], None]) -> None:
        self._report = report

    def submit(self, task: Task) -> None:
        before = sum(each.number == task.number for each in self.tasks)
        self.tasks.append(task)
        for report in self._answer(task, before):
            if report.kind == "ended" and not self.is_stopped:
                self._save(task, Status(report.status))
            self._report(report)

    def _save(self, task: Task, status: Status) -> None:
        path = self._folder.path / task.run
        if not path.exists():
            RunLog(path, task.scenario.resolved(), task.seed, origin()).close()
        write_summary(path, Summary(task.scenario.id, task.seed, status, test_accuracy=0.5))

    def stop(self) -> None:
        self.is_stopped = True

    def close(self) -> None:
        self.is_stopped = True


class Heard:
    """A reporter that keeps what it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.cells: list[CellResult] = []
        self.progress: list[Progress] = []
        self.warnings: list[str] = []
        self._error = error

    def on_cell(self, result: CellResult) -> None:
        self.cells.append(result)
        if self._error is not None:
            raise self._error

    def on_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    axes = [parse_axis("model.hidden_layers=1,4,2")]
    sweep = sweep_of("try", scenarios.load("depth-3"), axes)
    return SweepFolder.create(tmp_path / "20260101-000000-try-abcd", sweep, Means())


def lead(
    folder: SweepFolder,
    answer: Answer,
    heard: Heard | None = None,
    confirm: Callable[[float], bool] | None = None,
) -> tuple[Outcome, Scripted, Heard]:
    executor, heard = Scripted(folder, answer), heard or Heard()
    lock = RunLock(folder.path)
    try:
        outcome = Lead(folder, folder.sweep.cells(), executor, heard, lock, confirm).run()
    finally:
        lock.release()
    return outcome, executor, heard


def finished(task: Task, _: int = 0) -> list[Report]:
    return [
        Report(task.number, "began", "core 1"),
        Report(task.number, "ended", "core 1", 1.0, 4.0, "finished"),
    ]


def test_all_are_trained_the_longest_first(folder: SweepFolder) -> None:
    outcome, executor, heard = lead(folder, finished)
    assert outcome == Outcome(None, False, ())
    assert [task.scenario.mlp.hidden_layers for task in executor.tasks] == [4, 2, 1]
    assert executor.tasks[0].command == ("run", "depth-3", "--set", "model.hidden_layers=4", "--seed", "42")
    assert {cell.status for cell in heard.cells} == {"finished"}
    assert heard.progress[-1].done == 3
    summary = read_summary(folder.path)
    assert (summary.status, summary.epoch, summary.epochs) == (Status.FINISHED, 3, 3)


def test_a_sweep_whose_folder_is_deleted_while_it_trains_can_still_be_read(folder: SweepFolder) -> None:
    def delete(task: Task, _: int = 0) -> list[Report]:
        (folder.path / "sweep.json").unlink(missing_ok=True)
        return finished(task)

    before = (folder.path / "sweep.json").read_bytes()
    lead(folder, delete)
    assert (folder.path / "sweep.json").read_bytes() == before
    assert SweepFolder.read(folder.path) == folder


def test_a_second_session_trains_only_what_is_missing(folder: SweepFolder) -> None:
    def only_first(task: Task, _: int) -> list[Report]:
        if task.scenario.mlp.hidden_layers == 4:
            return finished(task)
        return [Report(task.number, "ended", status="failed", problem="no memory")]

    outcome, _, _ = lead(folder, only_first)
    assert [problem.partition(": ")[2] for problem in outcome.problems] == ["no memory"] * 2
    outcome, executor, _ = lead(folder, finished)
    assert sorted(task.scenario.mlp.hidden_layers for task in executor.tasks) == [1, 2]
    assert all(task.resume for task in executor.tasks)
    assert outcome == Outcome(None, False, ())
    outcome, executor, _ = lead(folder, finished)
    assert executor.tasks == []


def test_an_executor_without_the_runs_folders_begins_them_again(folder: SweepFolder) -> None:
    lead(folder, lambda task, _: [Report(task.number, "ended", status="failed", problem="no memory")])
    executor = Scripted(folder, finished)
    executor.resumes = False
    lock = RunLock(folder.path)
    try:
        Lead(folder, folder.sweep.cells(), executor, Heard(), lock).run()
    finally:
        lock.release()
    assert [task.resume for task in executor.tasks] == [False] * 3


def test_a_lost_run_is_trained_again(folder: SweepFolder) -> None:
    def lost_once(task: Task, before: int) -> list[Report]:
        if task.number == 2 and before < MOST_TRIES - 1:
            return [
                Report(task.number, "began"),
                Report(task.number, "lost", problem="its process was killed"),
            ]
        return finished(task)

    outcome, executor, heard = lead(folder, lost_once)
    assert outcome.problems == ()
    assert sum(task.number == 2 for task in executor.tasks) == MOST_TRIES
    assert len(heard.warnings) == MOST_TRIES - 1
    assert "its process was killed" in heard.warnings[0]


def test_a_run_that_is_always_lost_ends_no_other(folder: SweepFolder) -> None:
    def lost(task: Task, _: int) -> list[Report]:
        if task.number == 2:
            return [Report(task.number, "began"), Report(task.number, "lost", problem="it was killed")]
        return finished(task)

    outcome, _, _ = lead(folder, lost)
    assert len(outcome.problems) == 1
    assert f"was lost {MOST_TRIES} times" in outcome.problems[0]
    assert [row.status for row in results(folder, folder.sweep.cells())] == [
        "finished",
        "waiting",
        "finished",
    ]


def test_a_machine_on_which_nothing_begins_ends_the_sweep(folder: SweepFolder) -> None:
    with pytest.raises(FailedError, match="no run can be trained: no torch"):
        lead(folder, lambda task, _: [Report(task.number, "lost", problem="no torch")])
    assert read_summary(folder.path).status is Status.STOPPED


def test_many_runs_that_are_lost_with_a_machine_begin_again(folder: SweepFolder) -> None:
    """Only runs that are lost before they begin say that no run can be trained."""
    held: list[Task] = []

    def all_at_once(task: Task, before: int) -> list[Report]:
        held.append(task)
        if before:
            return finished(task)
        if len(held) < 3:
            return [Report(task.number, "began")]
        began = [Report(task.number, "began")]
        return began + [Report(each.number, "lost", problem="its node is gone") for each in held]

    outcome, executor, heard = lead(folder, all_at_once)
    assert outcome == Outcome(None, False, ())
    assert len(executor.tasks) == 6
    assert len(heard.warnings) == 3


def test_a_lost_cluster_ends_the_sweep_with_its_sentence(folder: SweepFolder) -> None:
    with pytest.raises(FailedError, match="the cluster is lost"):
        lead(
            folder,
            lambda task, _: [
                Report(task.number, "began"),
                Report(0, "said", problem="waiting"),
                Report(0, "gone", problem="the cluster is lost"),
            ],
        )
    assert read_summary(folder.path).status is Status.STOPPED


def test_a_full_disk_stops_the_sweep(folder: SweepFolder) -> None:
    def full(task: Task, _: int) -> list[Report]:
        return [
            Report(task.number, "began"),
            Report(task.number, "ended", status="finished", problem="No space left on device"),
        ]

    outcome, executor, _ = lead(folder, full)
    assert outcome.stopped
    assert executor.is_stopped
    assert "No space left on device" in outcome.problems[0]


def test_a_run_whose_process_was_asked_to_end_is_continued(folder: SweepFolder) -> None:
    def stopped_once(task: Task, before: int) -> list[Report]:
        if task.number == 1 and not before:
            return [Report(task.number, "began"), Report(task.number, "ended", status="stopped")]
        return finished(task)

    outcome, executor, heard = lead(folder, stopped_once)
    assert outcome == Outcome(None, False, ())
    assert [task.resume for task in executor.tasks if task.number == 1] == [False, True]
    assert len(heard.cells) == 3


def test_a_long_sweep_asks_once_and_a_no_stops_it(folder: SweepFolder) -> None:
    asked: list[float] = []

    def no(seconds: float) -> bool:
        asked.append(seconds)
        return False

    def slow(task: Task, _: int) -> list[Report]:
        began = Report(task.number, "began")
        if task.scenario.mlp.hidden_layers == 4:
            return [began, Report(task.number, "ended", "", 1.0, 100_000.0, "finished")]
        return [began, Report(task.number, "ended", status="stopped")]

    outcome, executor, _ = lead(folder, slow, confirm=no)
    assert len(asked) == 1
    assert asked[0] > 3600
    assert outcome.stopped
    assert executor.is_stopped


def test_the_lock_stays_alive_while_the_user_thinks(
    folder: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_vanish.sweeps.heartbeat.HEARTBEAT_SECONDS", 0.001)
    beats, again = [threading.current_thread()], threading.Event()

    def beat(lock: RunLock) -> None:
        if threading.current_thread() not in beats:
            beats.append(threading.current_thread())
            again.set()

    monkeypatch.setattr(RunLock, "beat", beat)

    def slow(task: Task, _: int) -> list[Report]:
        return [Report(task.number, "began"), Report(task.number, "ended", "", 1.0, 100_000.0, "finished")]

    outcome, _, _ = lead(folder, slow, confirm=lambda _: again.wait(60))
    assert again.is_set()
    assert not outcome.stopped
    assert not beats[-1].is_alive()


def test_a_closed_output_stops_the_sweep(folder: SweepFolder) -> None:
    def answer(task: Task, _: int) -> list[Report]:
        if task.scenario.mlp.hidden_layers == 4:
            return finished(task)
        return [Report(task.number, "began"), Report(task.number, "ended", status="stopped")]

    outcome, executor, _ = lead(folder, answer, Heard(BrokenPipeError()))
    assert outcome.stopped
    assert executor.is_stopped


def test_reports_and_tasks_survive_their_lines(folder: SweepFolder) -> None:
    cell = folder.sweep.cells()[1]
    task = Task.of(cell, "name", resume=True, command=("run", "depth-3"))
    assert Task.from_line(task.to_line()) == task
    report = Report(3, "progress", "GPU 1", 0.5, 2.5)
    assert Report.from_line(report.to_line()) == report
    for line in (b"", b"[]", b"3", b'{"number":1}', b'{"number":1,"kind":"x","more":2}', b'{"numb'):
        with pytest.raises((ValueError, TypeError)):
            Report.from_line(line)


def test_no_thread_is_left(folder: SweepFolder) -> None:
    before = threading.active_count()
    lead(folder, finished)
    assert threading.active_count() <= before + 1
