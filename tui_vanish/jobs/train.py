"""Training without the app, until the runs end, a signal arrives, or the output is closed."""

import os
import queue
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.protocol.commands import ResumeRun, Stop
from engine.protocol.spec import RunSpec
from engine.runtime.state import Settings
from engine.tracking.snapshot import Snapshot
from tui_vanish.jobs.engines import engine_for
from tui_vanish.jobs.exits import FailedError, LeaveAtOnce
from tui_vanish.jobs.signals import AGAIN_SECONDS, Came, signals_into
from vanish_recorder.protocol.events import Resumed, RunEvent, RunFinished, RunStarted
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.paths import default_runs_folder

if TYPE_CHECKING:
    from engine.attach.spread_engine import SpreadEngine
    from engine.runtime.engine import Engine
    from scenarios.schema import Scenario

_DEFECT = (
    "internal error: the engine has stopped. Runs are safe up to their last save:"
    " resume them with vanish-tui run --resume RUN"
)
_GLANCE = 0.05  # seconds between two checks of an engine that is stopping
_LOOK = 1.0  # and of one that trains


class Reporter(Protocol):
    """Reports runs to the user, in the main thread."""

    def on_event(self, event: RunEvent) -> None:
        """Report an event. Raises BrokenPipeError when the reader has closed the output."""

    def warn(self, text: str) -> None:
        """Report a warning; it is passed only once."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        snapshot: the run's last.
        finished: its last event.
        signal: the signal that stopped it, or None.
        folder: where it is saved; None if it could not be saved.
        refused: whether it failed before it began, as a run does that cannot be resumed.
        unsaved: why it could not be saved, or not to its end; empty if it is saved.
    """

    snapshot: Snapshot
    finished: RunFinished
    signal: int | None
    folder: Path | None
    refused: bool = False
    unsaved: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A new run to train; with `seconds` it stops after so many seconds of training."""

    scenario: "Scenario"
    seed: int
    seconds: float | None = None

    def start(self, engine: "Engine | SpreadEngine") -> str:
        """Ask for the run; returns its name."""
        return engine.train(self.scenario, self.seed, self.seconds)


@dataclass(frozen=True, slots=True)
class Continuation:
    """A saved run to resume."""

    command: ResumeRun

    def start(self, engine: "Engine | SpreadEngine") -> str:
        """Ask for the run; returns its name."""
        engine.send(self.command)
        return self.command.run


def train_all(
    settings: Settings,
    jobs: Sequence[Job | Continuation],
    reporter: Reporter,
    *,
    at_once: int | None = None,
) -> list[Ending]:
    """Train several runs in one engine, and report them as they go.

    A signal, or a reader that closes the output, stops all runs cleanly: they are saved. A signal also
    does so while this thread is blocked in a write to a reader that has stopped reading; see jobs.signals.

    Args:
        settings: of the engine.
        jobs: what to train.
        reporter: receives every event of every run.
        at_once: how many train at the same time, in lockstep, while the others wait; None means all.

    Returns:
        One ending per job, in their order. A job has none if a signal, or a problem with its directory,
        prevented its start.

    Raises:
        LeaveAtOnce: a signal arrived during the import of torch, or a second one (not the first one
            passed on by another process) before the runs had stopped.
        FailedError: the engine ended before its runs, or the reporter cannot write.
    """
    inbox: queue.SimpleQueue[RunEvent | Came] = queue.SimpleQueue()
    begun: set[str] = set()

    def on_event(event: RunEvent) -> None:
        if isinstance(event, RunStarted | Resumed):
            begun.add(event.run)
        inbox.put(event)

    engine = engine_for(settings, on_event, runs=len(jobs))
    warnings = _Warnings(engine, reporter)
    with signals_into(inbox.put, engine):
        engine.start()
        try:
            finished, number = _follow(engine, deque(jobs), at_once or len(jobs), inbox, reporter, warnings)
        except Exception:  # from the reporter, for example: the runs would continue without any report
            engine.close()
            raise
        engine.close()
    warnings.pass_on()
    runs, last = settings.runs_dir or default_runs_folder(), engine.snapshot()
    seen = {snapshot.run: snapshot for snapshot in last.runs}
    names = [*seen, *(name for name in finished if name not in seen)]
    return [
        _ending(
            seen.get(name) or Snapshot(0, name, finished[name].status, RunSpec(id=name), 0),
            finished[name],
            number,
            runs / name,
            last.unsaved.get(name, ""),
            refused=finished[name].status is Status.FAILED and name not in begun,
        )
        for name in names
    ]


def _ending(
    snapshot: Snapshot, finished: RunFinished, number: int | None, folder: Path, why: str, *, refused: bool
) -> Ending:
    is_there = os.path.isdir(folder)
    if not is_there and not why and finished.status is not Status.FAILED:
        why = f"{folder}: the folder was removed"
    saved = folder if is_there and not why else None
    return Ending(snapshot, finished, number, saved, refused=refused, unsaved=why)


def _follow(
    engine: "Engine | SpreadEngine",
    waiting: deque[Job | Continuation],
    at_once: int,
    inbox: "queue.SimpleQueue[RunEvent | Came]",
    reporter: Reporter,
    warnings: "_Warnings",
) -> tuple[dict[str, RunFinished], int | None]:
    """Start the jobs, and pass on their events until the last job has ended."""
    finished: dict[str, RunFinished] = {}
    active: set[str] = set()
    first: Came | None = None
    listened = True

    def stop() -> None:
        waiting.clear()
        for run in active:
            engine.send(Stop(run))

    while True:
        while waiting and len(active) < at_once:
            active.add(waiting.popleft().start(engine))
        try:
            news = inbox.get(timeout=_GLANCE if first else _LOOK)
        except queue.Empty:
            news = None
            if not engine.alive:
                if first is not None:  # this thread was blocked, and the engine was closed meanwhile
                    return finished, first.number
                raise FailedError(_DEFECT) from None
        if isinstance(news, Came):
            if first is None:
                first = news
                stop()
            elif news.at - first.at >= AGAIN_SECONDS:
                raise LeaveAtOnce(news.number)
        if first is not None and engine.importing:
            raise LeaveAtOnce(first.number)
        warnings.pass_on()
        if news is None or isinstance(news, Came):
            continue
        if listened:
            try:
                reporter.on_event(news)
            except BrokenPipeError:
                listened = False
                stop()
        if isinstance(news, RunFinished):
            finished[news.run] = news
            active.discard(news.run)
            if not active and not waiting:
                return finished, first.number if first else None


class _Warnings:
    """Passes on the engine's warnings, each one once."""

    def __init__(self, engine: "Engine | SpreadEngine", reporter: Reporter) -> None:
        self._engine, self._reporter = engine, reporter
        self._passed_on = 0

    def pass_on(self) -> None:
        """Pass new warnings to the reporter."""
        for notice in self._engine.snapshot().notices[self._passed_on :]:
            self._passed_on = notice.number
            if notice.severity == "warning":
                self._reporter.warn(notice.text)
