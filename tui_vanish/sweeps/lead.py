"""Leads a sweep: gives out what is missing, follows it, and keeps the line for the list of runs."""

import os
import queue
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Protocol

from engine.storage.run_index import RunEntry, read_entry
from engine.storage.run_log import NotARun
from engine.storage.summary import read_summary
from engine.sweeps.folder import DESCRIPTION, SweepFolder, is_done, save_summary
from engine.sweeps.forecast import Forecast, cost
from engine.sweeps.results import CellResult, result_of
from scenarios.sweep import Cell
from tui_vanish.jobs.exits import FailedError, LeaveAtOnce
from tui_vanish.jobs.signals import AGAIN_SECONDS, Came, signals_into
from tui_vanish.sweeps.heartbeat import beating
from tui_vanish.sweeps.tasks import Executor, Report, Task
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import HEARTBEAT_SECONDS, RunLock

MOST_TRIES = 3  # of a run whose process is lost
ASK_ABOVE = 3600.0  # seconds; a sweep that takes longer asks first
_GLANCE = 0.2


class Reporter(Protocol):
    """Reports a sweep to the user."""

    def on_cell(self, result: CellResult) -> None:
        """A run has ended. Raises BrokenPipeError when the reader has closed the output."""

    def on_progress(self, progress: "Progress") -> None:
        """Something has changed."""

    def warn(self, text: str) -> None:
        """Report a warning."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A sweep at one moment.

    Attributes:
        done: how many runs need no more training.
        size: how many runs there are.
        training: where each run trains now, by its number.
        left: seconds until all have ended; None if that is not known yet.
    """

    done: int
    size: int
    training: dict[int, str] = field(default_factory=dict)
    left: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session of a sweep ended.

    Attributes:
        signal: the signal that stopped it, or None.
        stopped: whether it was stopped for another reason: the user said no, or the output was closed.
        problems: a sentence for each run that failed, and for what could not be saved.
    """

    signal: int | None
    stopped: bool
    problems: tuple[str, ...]


class Lead:
    """Trains the missing runs of a sweep.

    Args:
        folder: of the sweep, whose lock the caller holds.
        cells: all of the sweep.
        executor: trains them.
        reporter: receives what happens, in the main thread.
        lock: of the folder.
        confirm: asked once with the seconds that are left, if these are many; False stops the sweep.
    """

    importing = False  # nothing is imported here that a signal would have to wait for

    def __init__(
        self,
        folder: SweepFolder,
        cells: list[Cell],
        executor: Executor,
        reporter: Reporter,
        lock: RunLock,
        confirm: Callable[[float], bool] | None = None,
    ) -> None:
        self._folder, self._executor, self._reporter = folder, executor, reporter
        self._lock, self._confirm = lock, confirm
        self._cells = {cell.number: cell for cell in cells}
        self._entries = folder.entries()
        done = [number for number, cell in self._cells.items() if is_done(self._entry(cell))]
        waiting = [cell for number, cell in self._cells.items() if number not in done]
        # The longest first, so that none of them is left alone at the end.
        self._waiting = sorted(waiting, key=lambda cell: cost(cell.scenario), reverse=True)
        self._forecast = Forecast({cell.number: cost(cell.scenario) for cell in waiting}, executor.slots)
        self._done = len(done)
        self._open = {cell.number for cell in waiting}
        self._training: dict[int, str] = {}
        self._lost: Counter[int] = Counter()
        self._lost_in_row = 0
        self._problems: list[str] = []
        self._inbox: queue.SimpleQueue[Report | Came] = queue.SimpleQueue()
        self._stopped = False
        self._began = monotonic()
        self._before = _seconds_before(folder.path)

    def _entry(self, cell: Cell) -> RunEntry | None:
        return self._entries.get(self._folder.run_of(cell))

    def run(self) -> Outcome:
        """Train until every run has ended, or a signal comes.

        Raises:
            FailedError: no process can train.
            LeaveAtOnce: a second signal came before the runs were saved.
        """
        self._save(Status.RUNNING)
        with signals_into(self._inbox.put, self):
            self._executor.start(self._inbox.put)
            try:
                for cell in self._waiting:
                    self._submit(cell)
                first = self._follow()
            except Exception:
                self._executor.close()
                self._save(Status.STOPPED)
                raise
            self._executor.close()
            self._drain()
            self._save(Status.STOPPED if self._open or self._stopped or first else Status.FINISHED)
        return Outcome(first.number if first else None, self._stopped, tuple(self._problems))

    def close(self) -> None:
        """Stop and save what trains: called if the main thread is blocked after a signal."""
        self._executor.close()

    def _submit(self, cell: Cell) -> None:
        run = self._folder.run_of(cell)
        words = _command(self._folder, cell)
        resume = self._folder.has_begun(run) and self._executor.resumes
        self._executor.submit(Task.of(cell, run, resume=resume, command=words))

    def _follow(self) -> Came | None:
        first: Came | None = None
        beat = 0.0
        while (
            self._open and not (first and not self._training) and not (self._stopped and not self._training)
        ):
            if monotonic() >= beat:
                beat = monotonic() + HEARTBEAT_SECONDS
                with suppress(OSError):  # the next one may succeed
                    self._lock.beat()
                self._save(Status.RUNNING)
            try:
                news = self._inbox.get(timeout=_GLANCE)
            except queue.Empty:
                continue
            if isinstance(news, Came):
                if first is None:
                    first = news
                    self._executor.stop()
                elif news.at - first.at >= AGAIN_SECONDS:
                    raise LeaveAtOnce(news.number)
                continue
            self._take(news, ending=first is not None)
        return first

    def _drain(self) -> None:
        """Take what was reported while the processes ended."""
        with suppress(queue.Empty, BrokenPipeError):
            while True:
                news = self._inbox.get_nowait()
                if isinstance(news, Report):
                    self._take(news, ending=True)

    def _take(self, news: Report, *, ending: bool) -> None:
        """Take in what a process reports."""
        match news.kind:
            case "began":
                self._training[news.number] = news.where
                self._lost_in_row = 0
            case "progress":
                self._forecast.note(news.number, news.share, news.seconds)
            case "lost":
                if self._training.pop(news.number, None) is None:
                    self._lost_in_row += 1  # before it began: when a machine dies, many are lost at once
                self._retry(news, ending=ending)
            case "said":
                self._tell(lambda: self._reporter.warn(news.problem))
            case "gone" if not ending:
                raise FailedError(news.problem)
            case "ended":
                self._training.pop(news.number, None)
                self._end(news, ending=ending)
        self._tell(lambda: self._reporter.on_progress(self._progress()))
        left = self._forecast.left()
        if self._confirm is not None and left is not None:
            ask, self._confirm = self._confirm, None
            if left > ASK_ABOVE:
                with beating(self._lock):  # the answer may take long
                    wanted = ask(left)
                if not wanted:
                    self._stop()

    def _end(self, news: Report, *, ending: bool) -> None:
        cell = self._cells[news.number]
        run = self._folder.run_of(cell)
        status = Status(news.status)
        if status is Status.STOPPED and not ending and not self._stopped:
            self._submit(cell)  # its process was asked to end, but the sweep was not
            return
        if status is not Status.STOPPED:
            self._open.discard(cell.number)
        if status is Status.FAILED or news.problem:
            self._problems.append(f"{run}: {news.problem or 'failed'}")
        if news.problem and status is not Status.FAILED:
            self._stop()  # the disk is full or gone: the other runs would be lost, too
        self._forecast.end(news.number, news.share, news.seconds)
        self._entries[run] = entry = read_entry(self._folder.path / run)
        self._done += is_done(entry)
        if status is not Status.STOPPED:
            self._tell(lambda: self._reporter.on_cell(result_of(self._folder, cell, entry)))
            self._save(Status.RUNNING)

    def _retry(self, news: Report, *, ending: bool) -> None:
        if ending or self._stopped:
            return
        cell = self._cells[news.number]
        run = self._folder.run_of(cell)
        self._lost[news.number] += 1
        if self._lost_in_row >= MOST_TRIES:
            self._executor.stop()
            raise FailedError(f"no run can be trained: {news.problem}")
        if self._lost[news.number] >= MOST_TRIES:
            self._open.discard(news.number)
            self._problems.append(f"{run}: was lost {MOST_TRIES} times, at last because {news.problem}")
            return
        how = "continues from its last save" if self._executor.resumes else "begins again"
        self._reporter.warn(f"{run} was lost, because {news.problem}; it {how}")
        self._submit(cell)

    def _tell(self, report: Callable[[], None]) -> None:
        try:
            report()
        except BrokenPipeError:
            self._stop()

    def _stop(self) -> None:
        self._stopped = True
        self._executor.stop()

    def _progress(self) -> Progress:
        return Progress(self._done, len(self._cells), dict(self._training), self._forecast.left())

    def _save(self, status: Status) -> None:
        with suppress(OSError):  # it is only the line of a list
            seconds = self._before + monotonic() - self._began
            left = self._forecast.left() if status is Status.RUNNING else None
            if not os.path.exists(self._folder.path / DESCRIPTION):
                self._folder.describe()  # someone deleted the folder, and the runs make it again
            save_summary(self._folder, self._entries.values(), status, seconds, left)


def _seconds_before(folder: Path) -> float:
    """How long the sweep was trained in earlier sessions."""
    try:
        return read_summary(folder).time
    except (OSError, NotARun):
        return 0.0


def _command(folder: SweepFolder, cell: Cell) -> tuple[str, ...]:
    """The words after `vanish-tui` that train the same run alone."""
    from scenarios.variants import toml_value

    changes = [word for key, value in cell.values.items() for word in ("--set", f"{key}={toml_value(value)}")]
    return ("run", folder.sweep.base.id, *changes, "--seed", str(cell.seed))
