"""The process that trains runs of a sweep, one after the other: tasks come in as lines, reports go out.

It stops and saves its run when its input ends, which also happens if the process that leads the sweep is
killed. PyTorch and the data are loaded once.
"""

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from time import monotonic

from engine.data.carried import from_record
from engine.protocol.commands import Forget, ResumeRun, Stop, Train
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.sweeps.thinning import thin
from tui_vanish.sweeps.tasks import Report, Task
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, Sample
from vanish_recorder.protocol.status import Status

REPORT_SECONDS = 0.5  # between two reports of progress
_GLANCE = 1.0
_NEWS = Task | RunEvent | None  # None is the end of the input, or a signal


class Worker:
    """Trains tasks in one engine.

    Args:
        settings: of the engine, with the folder of the sweep as its folder for runs.
        keep: whether runs keep their checkpoints and all their samples.
        where: the core or GPU, for reports.
        out: gets a line for each report.
    """

    def __init__(self, settings: Settings, *, keep: bool, where: str, out: int) -> None:
        self._settings, self._keep, self._where, self._out = settings, keep, where, out
        self._news: queue.SimpleQueue[_NEWS] = queue.SimpleQueue()
        self._engine = Engine(settings, on_event=self._news.put)
        self._is_over = False

    def run(self, source: int) -> None:
        """Train until the input ends."""
        threading.Thread(target=self._read, args=(source,), daemon=True).start()
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, lambda *_: self._news.put(None))
        self._engine.start()
        try:
            while not self._is_over:
                news = self._next()
                if isinstance(news, Task):
                    self._train(news)
        finally:
            self._engine.close()

    def _read(self, source: int) -> None:
        with open(source, "rb") as lines:
            for line in lines:
                self._news.put(Task.from_line(line))
        self._news.put(None)

    def _next(self) -> _NEWS:
        """The next news; None sets the end. The glance is for signals, which wait for Python code to run."""
        while True:
            try:
                news = self._news.get(timeout=_GLANCE)
            except queue.Empty:
                if not self._engine.alive:
                    raise RuntimeError("the engine has stopped") from None
                continue
            if news is None:
                self._is_over = True
            return news

    def _train(self, task: Task) -> None:
        sys.argv[1:] = task.command  # what the run says it was begun with
        if task.resume:
            self._engine.send(ResumeRun(task.run))
        else:
            self._engine.send(Train(task.run, task.scenario, task.seed))
        self._report(Report(task.number, "began", self._where))
        end = self._follow(task)
        share = 1.0 if end.status is Status.FINISHED else self._share(task.run, end.steps)
        # A run that failed has nothing to save, and one that could not begin is not in the engine's memory.
        unsaved = self._unsaved(task.run) if end.status is not Status.FAILED else ""
        if not unsaved and end.status in (Status.FINISHED, Status.DIVERGED) and not self._keep:
            thin((self._settings.runs_dir or Path()) / task.run)
        self._report(
            Report(
                task.number,
                "ended",
                self._where,
                share,
                end.seconds,
                str(end.status),
                unsaved or end.error or "",
            )
        )

    def _follow(self, task: Task) -> RunFinished:
        """Report the run's progress until it has ended."""
        reported = 0.0
        while True:
            news = self._next()
            if news is None:
                self._engine.send(Stop(task.run))
            if isinstance(news, RunFinished):
                return news
            if isinstance(news, Sample | EpochFinished) and monotonic() - reported >= REPORT_SECONDS:
                reported = monotonic()
                share = self._share(task.run, news.step)
                self._report(Report(task.number, "progress", self._where, share, news.time))

    def _share(self, run: str, step: int) -> float:
        """The share of a run's steps that it has done."""
        steps = next((seen.steps for seen in self._engine.snapshot().runs if seen.run == run), 0)
        return min(1.0, step / steps) if steps else 0.0

    def _unsaved(self, run: str) -> str:
        """Wait until the run is saved; returns why it could not be, or nothing."""
        answer: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._engine.send(Forget(run, answer.put))
        while True:
            try:
                return answer.get(timeout=_GLANCE)
            except queue.Empty:
                if not self._engine.alive:
                    return "the engine has stopped"

    def _report(self, report: Report) -> None:
        line = report.to_line()
        try:
            while line:
                line = line[os.write(self._out, line) :]
        except BrokenPipeError:  # the leading process is gone: its end of the input says the same
            self._is_over = True


def main(words: list[str]) -> None:
    """Train what comes in on standard input.

    Args:
        words: folder, device, data, threads, keep and where; and the record of a copy of data as JSON.
    """
    folder, device, data, threads, keep, where, *carried = words
    out = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not be taken for a report
    settings = Settings(
        device=device,
        data=Path(data) if data else None,
        source=from_record(json.loads(carried[0])) if carried else None,
        threads=int(threads),
        runs_dir=Path(folder),
    )
    Worker(settings, keep=keep == "keep", where=where, out=out).run(0)


if __name__ == "__main__":
    main(sys.argv[1:])
