"""One line per run on standard error, while several runs train."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from time import monotonic
from typing import TYPE_CHECKING, Self

from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import RunView
from engine.tracking.time_left import Course, TimeLeft
from tui_vanish.cli.displays import begin
from tui_vanish.cli.reporters import progress
from tui_vanish.drawing import format
from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.telling import lines_of, say, tell
from tui_vanish.language import plural, tr, tr_in
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, RunStarted, Sample

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from engine.tracking.snapshot import Snapshot

_REDRAW = 0.5  # seconds


class LiveTable(AbstractContextManager["LiveTable"]):
    """Shows one line per run on standard error, kept up to date; outside a terminal, one as a run ends.

    Args:
        runs: how many there will be.
        only_running: runs that have ended leave the table; the caller says how they ended.
    """

    def __init__(self, runs: int, *, only_running: bool = False) -> None:
        self._runs, self._only_running = runs, only_running
        self._views: dict[str, RunView] = {}
        self._time_left = TimeLeft(physical_cores())
        self._drawn = 0.0
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            begin(live, lambda: live.update(tr("loading PyTorch"), refresh=True))
            self._live = live
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def on_event(self, event: RunEvent) -> None:
        """Take in the event, and redraw at most a few times per second."""
        if isinstance(event, RunFinished) and event.error:
            self.warn(tr("{run} failed: {error}", run=event.run, error=spoken(event.error)))
        if isinstance(event, RunStarted):
            self._views[event.run] = RunView(event.run, RunSpec.of(event.scenario), event.seed)
        if (view := self._views.get(event.run)) is None:
            return  # it failed before it began
        view.apply(event)
        self._time_left.see(each.course() for each in self._views.values())
        if self._live is None:
            if isinstance(event, RunFinished) and not self._only_running:
                self.say(_sentence(view.snapshot()))
            return
        now = monotonic()
        if isinstance(event, Sample | EpochFinished) and now - self._drawn >= _REDRAW:
            self._drawn = now
            names = ("scenario", "seed", "status", "epoch", "loss", "train", "test")
            headings = (*(tr_in("column", name) for name in names), tr_in("column", "left"))
            shown = [view for view in self._views.values() if not self._only_running or not view.status.ended]
            rows = [(*_cells(view.snapshot()), self._left(view.course())) for view in shown]
            self._live.update(_lines(grid(headings, rows, left=3), self._whole()), refresh=True)

    def progress_of(self, run: str) -> str:
        """The progress of a run that has started, in one line; with the time left, if it is known."""
        return progress(self._views[run].snapshot(), self._time_left.of(run))

    def _left(self, run: Course) -> str:
        """The time left of a run, and what it is the end of, if stages follow; a dash if it is unknown."""
        left = self._time_left.of(run.run)
        if left is None:
            return "" if run.status.ended else format.MISSING
        time = format.duration(max(1.0, left.seconds))
        return time if left.whole else tr("{time} in stage {stage}", time=time, stage=run.stage)

    def _whole(self) -> str:
        """The time left of all runs; empty while it is unknown. Runs that wait have no pace yet."""
        if waiting := self._runs - len(self._views):
            return (
                plural("{number} more to train", "{number} more to train", waiting)
                if self._only_running
                else ""
            )
        left = self._time_left.of_all(view.course() for view in self._views.values())
        if not left:
            return ""
        time = format.time_left(left.seconds)
        return time if left.whole else tr("at least {time_left}", time_left=time)

    def say(self, line: str) -> None:
        """Print a line above the table."""
        if self._live is not None:
            self._live.console.print(line, markup=False, highlight=False)
        else:
            say(line, error=True)

    def warn(self, text: str) -> None:
        """Print a warning above the table."""
        if self._live is not None:
            self._live.console.print(f"vanish-tui: {lines_of(spoken(text))}", markup=False, highlight=False)
        else:
            tell(spoken(text))


def _cells(seen: "Snapshot") -> tuple[str, ...]:
    epoch = seen.last_epoch
    # All of the same epoch. Before the end of the first one, only the loss of the batch is known.
    loss = epoch.train_loss if epoch else seen.loss
    return (
        seen.scenario_id,
        str(seen.seed),
        spoken(seen.status.value),
        f"{seen.epoch}/{seen.epochs}",
        format.fixed(loss),
        format.percent(epoch.train_accuracy if epoch else None, 1),
        format.percent(epoch.test_accuracy if epoch else None, 1),
    )


def _sentence(seen: "Snapshot") -> str:
    """The cells as one readable line, for output without a table."""
    scenario, seed, status, epoch, loss, train, test = _cells(seen)
    return tr(
        "{scenario}, seed {seed}: {status}, epoch {epoch}, loss {loss}, accuracy train {train}, test {test}",
        scenario=scenario,
        seed=seed,
        status=status,
        epoch=epoch,
        loss=loss,
        train=train,
        test=test,
    )


def grid(headings: Sequence[str], rows: Sequence[tuple[str, ...]], *, left: int) -> "RenderableType":
    """A table without lines; the first `left` columns and the last are aligned to the left."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=any(headings))
    for column, heading in enumerate(headings):
        at_left = column < left or column == len(headings) - 1
        table.add_column(
            heading, justify="left" if at_left else "right", overflow="fold", no_wrap=column == 0
        )
    for row in rows:
        table.add_row(*row)
    return table


def _lines(table: "RenderableType", below: str) -> "RenderableType":
    """A table, and a line below it if there is one."""
    from rich.console import Group

    return Group(table, f"\n{below}") if below else table
