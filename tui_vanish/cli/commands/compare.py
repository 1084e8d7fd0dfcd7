"""`vanish-tui compare`: train several scenarios in lockstep, then print a ranking and what differs."""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Self

from engine.protocol.events import EpochFinished, RunEvent, RunFinished, RunStarted, Sample
from engine.protocol.spec import RunSpec
from engine.protocol.status import Status
from engine.tracking.comparison import Entrant, Ranking, differences, entrants, rank, to_record
from engine.tracking.snapshot import RunView
from tui_vanish.cli import options
from tui_vanish.cli.reporters import JsonLines
from tui_vanish.cli.unsaved import report_unsaved
from tui_vanish.compare.ranking import gap, number, span
from tui_vanish.drawing import format
from tui_vanish.jobs import exits
from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.telling import lines_of, tell
from tui_vanish.jobs.train import Job, train_all

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from engine.tracking.snapshot import Snapshot

_REDRAW = 0.5  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenarios", metavar="ID|FILE", nargs="+", help="scenarios; the first is the baseline"
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=options.epochs,
        help="number of epochs (for each stage, if there are several)",
    )
    parser.add_argument(
        "--seeds",
        metavar="K",
        type=options.seeds,
        default=1,
        help="number of seeds per scenario (default: 1)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print every event as a JSON line, and the comparison as the last line",
    )
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train all scenarios, then print the comparison; a diverged run is a result, not a failure."""
    names = list(dict.fromkeys(arguments.scenarios))
    if len(names) < 2:
        raise exits.RefusedError("compare needs at least two different scenarios (see vanish-tui list)")
    overrides = [] if arguments.epochs is None else [f"training.epochs={arguments.epochs}"]
    loaded = [options.load_scenario(name, overrides) for name in names]
    first = options.seed(arguments)
    jobs = [Job(scenario, first + number) for scenario in loaded for number in range(arguments.seeds)]
    settings = options.settings(arguments)
    options.check(settings)
    settings = replace(settings, side_by_side=physical_cores())
    reporter: JsonLines | _LiveTable = JsonLines() if arguments.json else _LiveTable()
    with reporter:
        endings = train_all(settings, jobs, reporter)
    compared = entrants([ending.snapshot for ending in endings])
    if arguments.json:
        print(json.dumps(to_record(compared), separators=(",", ":"), ensure_ascii=False), flush=True)
    else:
        _print(compared)
    is_unsaved = report_unsaved(endings)
    if endings[0].signal:
        stopped = " ".join(end.finished.run for end in endings if end.finished.status is Status.STOPPED)
        if stopped:
            tell(f"stopped and saved; to continue: vanish-tui run --resume {stopped}")
        return 128 + endings[0].signal
    has_failed = any(ending.finished.status is Status.FAILED for ending in endings)
    return exits.FAILED if has_failed or is_unsaved else 0


class _LiveTable(AbstractContextManager["_LiveTable"]):
    """Shows one line per run on standard error, kept up to date; outside a terminal, one as a run ends."""

    def __init__(self) -> None:
        self._views: dict[str, RunView] = {}
        self._drawn = 0.0
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._live.start()
            self._live.update("loading PyTorch", refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def on_event(self, event: RunEvent) -> None:
        """Take in the event, and redraw at most a few times per second."""
        if isinstance(event, RunFinished) and event.error:
            self.warn(f"{event.run} failed: {event.error}")
        if isinstance(event, RunStarted):
            self._views[event.run] = RunView(event.run, RunSpec.of(event.scenario), event.seed)
        if (view := self._views.get(event.run)) is None:
            return  # it failed before it began
        view.apply(event)
        if self._live is None:
            if isinstance(event, RunFinished):
                print(_sentence(view.snapshot()), file=sys.stderr, flush=True)
            return
        now = monotonic()
        if isinstance(event, Sample | EpochFinished) and now - self._drawn >= _REDRAW:
            self._drawn = now
            headings = ("scenario", "seed", "status", "epoch", "loss", "train", "test", "left")
            rows = [_cells(view.snapshot()) for view in self._views.values()]
            self._live.update(_grid(headings, rows, left=3), refresh=True)

    def warn(self, text: str) -> None:
        """Print a warning above the table."""
        if self._live is not None:
            self._live.console.print(f"vanish-tui: {lines_of(text)}", markup=False, highlight=False)
        else:
            tell(text)


def _cells(seen: "Snapshot") -> tuple[str, ...]:
    epoch = seen.last_epoch
    return (
        seen.scenario_id,
        str(seen.seed),
        seen.status.value,
        f"{seen.epoch}/{seen.epochs}",
        format.fixed(seen.loss),
        format.percent(epoch.train_accuracy if epoch else None, 1),
        format.percent(epoch.test_accuracy if epoch else None, 1),
        format.duration(seen.seconds_left),
    )


def _sentence(seen: "Snapshot") -> str:
    """The cells as one readable line, for output without a table."""
    scenario, seed, status, epoch, loss, train, test, _ = _cells(seen)
    return (
        f"{scenario}, seed {seed}: {status}, epoch {epoch}, loss {loss}, accuracy train {train}, test {test}"
    )


def _print(compared: Sequence[Entrant]) -> None:
    """Print the ranking at equal epochs and at equal seconds, then the settings that differ."""
    from tui_vanish.cli.printing import TableConsole

    console = TableConsole()
    tied = False
    for axis in ("epochs", "seconds"):
        ranking = rank(compared, axis)
        standings = _standings(compared, ranking)
        tied = tied or any("≈" in cell for row in standings for cell in row)
        at = format.count(round(ranking.at)) if axis == "epochs" else format.duration(ranking.at)
        console.print(f"\nAt equal {axis} ({at})", style="bold")
        console.print(_grid(("", "scenario", "test acc.", "range", "− base", ""), standings, left=2))
    if tied:
        console.print("≈ the difference is within the range of the seeds", style="dim")
    rows = differences(compared)
    labels = [entrant.label for entrant in compared]
    console.print("\nSettings that differ" if rows else "\nAll settings are identical.", style="bold")
    if rows:
        words = [(row.key, *(format.setting(row.key, value) for value in row.values)) for row in rows]
        console.print(_grid(("", *labels), words, left=99))


def _standings(compared: Sequence[Entrant], ranking: Ranking) -> list[tuple[str, ...]]:
    base = next(place for place in ranking.places if place.label == compared[0].label)
    known = {entrant.label: entrant for entrant in compared}
    return [
        (
            number(ranking.places, place),
            place.label,
            format.percent(place.accuracy, 1),
            span(place),
            "base" if place is base else gap(place, base),
            place.ended or _verdicts(known[place.label]),
        )
        for place in ranking.places
    ]


def _verdicts(entrant: Entrant) -> str:
    return ", ".join(verdict.kind.replace("_", " ") for verdict in entrant.furthest.verdicts)


def _grid(headings: Sequence[str], rows: Sequence[tuple[str, ...]], *, left: int) -> "RenderableType":
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
