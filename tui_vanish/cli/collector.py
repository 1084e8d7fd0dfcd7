"""What `vanish-tui reproduce` keeps of its runs, and its progress."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic
from typing import Self

from tui_vanish.cli.live_table import LiveTable
from tui_vanish.drawing import format
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, RunStarted, StageStarted

_EVERY = 60.0  # seconds between two lines about a run, outside a terminal


class Collector(AbstractContextManager["Collector"]):
    """Keeps the events that the table of results needs, and shows progress on standard error.

    In a terminal, a table shows the runs that train, with their time left. Outside one, there is a line per
    run and minute. A line says when a run has ended.

    Args:
        runs: how many there will be.
        clock: returns seconds.

    Attributes:
        events: by the name of the run.
    """

    def __init__(self, runs: int, clock: Callable[[], float] = monotonic) -> None:
        self.events: dict[str, list[RunEvent]] = {}
        self._runs, self._ended, self._clock = runs, 0, clock
        self._table = LiveTable(runs, only_running=True)
        self._is_terminal = sys.stderr.isatty()
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._table.__enter__()
        if not self._is_terminal:
            self._table.say(tr("loading PyTorch"))
        return self

    def __exit__(self, *_: object) -> None:
        self._table.__exit__()

    def on_event(self, event: RunEvent) -> None:
        """Keep the event if the results need it, and show the progress."""
        if isinstance(event, RunStarted | StageStarted | EpochFinished | RunFinished):
            self.events.setdefault(event.run, []).append(event)
        self._table.on_event(event)
        if isinstance(event, RunFinished):
            self._ended += 1
            accuracy = format.percent(event.test_accuracy, 1)
            self._table.say(
                tr(
                    "{ended}/{runs}  {run}  {status}, test accuracy {accuracy}",
                    ended=self._ended,
                    runs=self._runs,
                    run=event.run,
                    status=spoken(str(event.status)),
                    accuracy=accuracy,
                )
            )
        elif not self._is_terminal:
            self._say_progress(event)

    def _say_progress(self, event: RunEvent) -> None:
        now = self._clock()
        if isinstance(event, RunStarted):
            self._said[event.run] = now
            self._table.say(tr("{run}  training", run=event.run))
        elif isinstance(event, EpochFinished) and now - self._said[event.run] >= _EVERY:
            self._said[event.run] = now
            self._table.say(f"{event.run}  {self._table.progress_of(event.run)}")

    def warn(self, text: str) -> None:
        """Print a warning above the table."""
        self._table.warn(text)
