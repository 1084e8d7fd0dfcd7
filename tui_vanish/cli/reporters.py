"""Report headless runs: as JSON lines for programs, as a progress bar or one line per epoch for people."""

import json
import sys
from collections.abc import Collection, Mapping
from time import monotonic
from types import TracebackType
from typing import Self

from engine.tracking.snapshot import RunView, Snapshot
from engine.tracking.time_left import Left, TimeLeft
from scenarios.problems import printable
from tui_vanish.cli.displays import begin
from tui_vanish.drawing import format
from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.telling import json_line_of, lines_of, say, tell
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.codec import to_line
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import EpochFinished, Resumed, RunEvent, RunStarted, Sample

_REDRAW = 0.2  # seconds


class JsonLines:
    """Prints every event as one JSON line on standard output, and no other text there."""

    def __enter__(self) -> Self:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # the encoding of JSON, in every locale
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def on_event(self, event: RunEvent) -> None:
        """Print the event at once."""
        self._write(to_line(event))

    def write(self, record: Record) -> None:
        """Print a record that is no event of a run."""
        self._write(json.dumps(record, separators=(",", ":"), ensure_ascii=False))

    def _write(self, line: str) -> None:
        sys.stdout.write(json_line_of(line) + "\n")
        sys.stdout.flush()

    def warn(self, text: str) -> None:
        """Print a warning on standard error."""
        tell(spoken(text))


class EpochLines:
    """Prints one line per epoch on standard error.

    Args:
        view: the run so far.
        label: printed before each line, to tell several runs apart.
        together: the runs that train beside it, this one too, and what estimates the time left of them all.
    """

    def __init__(
        self, view: RunView, label: str = "", together: tuple[TimeLeft, Collection[RunView]] | None = None
    ) -> None:
        self._view, self._label = view, label
        self._time_left, self._views = together or (TimeLeft(), (view,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def on_event(self, event: RunEvent) -> None:
        """Print the results of a finished epoch."""
        self._view.apply(event)
        self._time_left.see(view.course() for view in self._views)
        if isinstance(event, EpochFinished):
            seen = self._view.snapshot()
            line = progress(seen, self._time_left.of(seen.run))
            say(f"{self._label}{line}", error=True)

    def warn(self, text: str) -> None:
        """Print a warning between two lines."""
        tell(spoken(text))


class ProgressBar:
    """Shows a progress bar on standard error.

    Args:
        view: the run so far.
    """

    def __init__(self, view: RunView) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._view, self._time_left = view, TimeLeft()
        self._drawn = 0.0
        self._progress = Progress(
            TextColumn("{task.fields[name]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            auto_refresh=False,  # a refreshing thread would slow down the training
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task(
            tr("loading PyTorch"), total=None, name=view.snapshot().scenario_id
        )

    def __enter__(self) -> Self:
        begin(self._progress, self._progress.refresh)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_event(self, event: RunEvent) -> None:
        """Update the bar, at most a few times per second."""
        self._view.apply(event)
        self._time_left.see([self._view.course()])
        now = monotonic()
        if not isinstance(event, RunStarted | Resumed | EpochFinished) and (
            not isinstance(event, Sample) or now - self._drawn < _REDRAW
        ):
            return
        self._drawn = now
        seen = self._view.snapshot()
        line = progress(seen, self._time_left.of(seen.run))
        self._progress.update(
            self._task, completed=seen.step, total=seen.steps, description=line, refresh=True
        )

    def warn(self, text: str) -> None:
        """Print a warning above the bar."""
        self._progress.console.print(f"vanish-tui: {lines_of(spoken(text))}", markup=False, highlight=False)


class SeveralRuns:
    """Prints the epoch lines of several runs, each with the run's name before it.

    Args:
        views: the runs so far, by name.
    """

    def __init__(self, views: Mapping[str, RunView]) -> None:
        together = (TimeLeft(physical_cores()), views.values())
        self._lines = {
            name: EpochLines(view, f"{printable(name)}  ", together) for name, view in views.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def on_event(self, event: RunEvent) -> None:
        """Pass the event to the lines of its run."""
        self._lines[event.run].on_event(event)

    def warn(self, text: str) -> None:
        """Print a warning between two lines."""
        tell(spoken(text))


RunReporter = JsonLines | EpochLines | ProgressBar | SeveralRuns


def reporter_for(views: Mapping[str, RunView], *, json: bool) -> RunReporter:
    """The reporter that fits the options and the output; `views` are the runs so far, by name."""
    if json:
        return JsonLines()
    if len(views) > 1:
        return SeveralRuns(views)
    (view,) = views.values()
    if not sys.stderr.isatty():
        return EpochLines(view)
    return ProgressBar(view)


def progress(seen: Snapshot, left: Left | None = None) -> str:
    """The progress of a run, in one line; with the time left, if it is known."""
    number = f"{seen.epoch}/{seen.epochs}" if seen.epochs else str(seen.epoch)
    parts = [tr("epoch {number}", number=number)]
    if seen.started is not None and seen.started.stages > 1:
        parts.insert(0, tr("stage {stage}/{stages}", stage=seen.stage, stages=seen.started.stages))
    if seen.last_epoch is not None:
        train, test = seen.last_epoch.train_accuracy, seen.last_epoch.test_accuracy
        parts.append(f"loss {format.fixed(seen.last_epoch.train_loss)}")
        parts.append(f"train {format.percent(train, 1)} test {format.percent(test, 1)}")
    elif seen.loss is not None:
        parts.append(f"loss {format.fixed(seen.loss)}")
    if left is not None:
        parts.append(
            format.time_left(left.seconds, "" if left.whole else tr("stage {stage}", stage=seen.stage))
        )
    return "  ".join(parts)
