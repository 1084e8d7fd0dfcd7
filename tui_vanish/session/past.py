"""Runs as they were at a step in the past, read from their logs when a screen asks for it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.problems import printable
from tui_vanish.language import tr

if TYPE_CHECKING:
    from engine.storage.history import History
    from engine.tracking.snapshot import Snapshot

_MOST = 8  # logs that are kept ready: as many as a comparison has runs
_AT_ONCE = 2**20  # bytes of a log to read at once: the screen needs the interpreter, too


class PastRuns:
    """Shows each run at any step, whether it trains, has ended, is watched or was recorded.

        then = session.past.at(run, 1_180)

    A log is read in a thread, which takes a moment the first time; after that a step is a few milliseconds
    away. The run itself is not touched: it continues to train.

    Args:
        folder: returns the runs folder.

    Attributes:
        on_read: called when more of a log has been read, so that `at` may have an answer now.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self.on_read: Callable[[], None] = lambda: None
        self._folder = folder
        self._logs: dict[str, _Log] = {}  # the one that was asked for last is the last one

    def at(self, run: "Snapshot", step: int) -> "Snapshot | None":
        """The run after all events up to a step.

        Args:
            run: the run as it is now.
            step: from 1 on; between two measured steps, the earlier one is shown.

        Returns:
            The run as it was. While its log is read, what was shown last; None before that, and if the log
            cannot be read.
        """
        log = self._logs.pop(run.run, None)
        if log is None:
            log = _Log(self._folder, run.run)
            while len(self._logs) >= _MOST:
                del self._logs[next(iter(self._logs))]
        self._logs[run.run] = log
        return log.at(run, step, lambda: self.on_read())

    def reading(self, run: str) -> str:
        """How far its log has been read, in a few words; empty if it is not being read."""
        log = self._logs.get(run)
        if log is None or not log.is_reading:
            return ""
        return tr("reading its log, {share} %", share=f"{100 * log.part_read:.0f}")

    def problem(self, run: str) -> str:
        """Why the run cannot be shown as it was; empty if it can."""
        log = self._logs.get(run)
        return log.problem if log is not None else ""


class _Log:
    """One run's log."""

    def __init__(self, folder: Callable[[], Path], run: str) -> None:
        self._folder, self._run = folder, run
        self._history: History | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_polled = False  # in another thread, so that the history must be left alone
        self._read_to = -1  # the number of events that the run had when the log was read
        self._shown: Snapshot | None = None
        self._asked = 0  # the step that was asked for last
        self.problem = ""

    @property
    def is_reading(self) -> bool:
        return self._task is not None

    @property
    def part_read(self) -> float:
        return self._history.part_read if self._history is not None else 0.0

    def at(self, run: "Snapshot", step: int, on_read: Callable[[], None]) -> "Snapshot | None":
        if self.problem and step != self._asked:  # the disk may work again, or the file is back
            self.problem, self._read_to = "", -1
        self._asked = step
        is_missing = self._is_missing(run, step)
        if self._task is None and is_missing:
            self._read_to = run.sequence
            self._is_polled = True
            self._task = asyncio.create_task(self._read(on_read))
        history = None if self._is_polled or self.problem else self._history
        if history is not None and (self._task is None or step < history.last_step):
            self._show(history, step)
        return self._shown

    def _is_missing(self, run: "Snapshot", step: int) -> bool:
        """Whether the run has events that have not been read and may belong to the step."""
        if self._is_polled or self._read_to >= run.sequence:
            return False
        return self._history is None or self._history.last_step <= step

    def _show(self, history: "History", step: int) -> None:
        from engine.storage.history import LogChanged

        try:
            self._shown = history.at(step)
        except LogChanged:  # it is read again at the next request
            self._history, self._read_to = None, -1
        except OSError as error:
            self.problem = _reason(error)

    async def _read(self, on_read: Callable[[], None]) -> None:
        try:
            self._history = history = await asyncio.to_thread(
                _opened, self._folder(), self._run, self._history
            )
            while True:
                await asyncio.to_thread(history.poll, _AT_ONCE)
                if not history.is_behind:
                    break
                self._is_polled = False
                on_read()  # a step that has been read already can be shown
                self._is_polled = True
            self.problem = ""
        except Exception as error:  # whatever is in the log: its charts are shown all the same
            self._history, self._shown = None, None
            self.problem = _reason(error)
        finally:
            self._task, self._is_polled = None, False
        on_read()


def _opened(runs: Path, run: str, history: "History | None") -> "History":
    if history is not None:
        return history
    from engine.storage.history import History
    from engine.storage.nested import run_folder

    return History(run_folder(runs, run))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return printable(tr("its log cannot be read ({reason})", reason=error.strerror))
    return printable(str(error) or type(error).__name__)
