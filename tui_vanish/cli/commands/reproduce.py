"""`vanish-tui reproduce`: train the slides' scenarios, compare the results with the published ones."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import scenarios
from engine.tracking.snapshot import Snapshot
from scenarios.published import published, sources
from tui_vanish.cli import options
from tui_vanish.cli.collector import Collector
from tui_vanish.cli.reproduction import METRICS, Row, Spread, outcomes, table
from tui_vanish.cli.unsaved import report_unsaved
from tui_vanish.drawing import format
from tui_vanish.jobs import exits
from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.pytorch import require_torch
from tui_vanish.jobs.telling import say
from tui_vanish.jobs.train import Job, train_all
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.status import Status

_COLUMNS = (
    marked("scenario"),
    marked("train loss"),
    marked("train acc."),
    marked("test loss"),
    marked("test acc."),
    "",
)
# Whether the published numbers lie in the joint 95 % prediction intervals of the seeds.
_WITHIN = {True: marked("within spread"), False: marked("outside"), None: marked("one seed")}
_PUBLISHED_IMAGES = (60_000, 10_000)  # for training and test
EXAMPLES = (
    (
        "vanish-tui reproduce relu batchnorm --epochs 100",
        marked("two scenarios beside what the course published"),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenarios", metavar="ID", nargs="*", help=tr("scenarios (default: all that are on the slides)")
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=options.epochs,
        help=tr("number of epochs (for each stage, if there are several)"),
    )
    parser.add_argument(
        "--seeds",
        metavar="K",
        type=options.seeds,
        default=1,
        help=tr("number of seeds per scenario (default: 1)"),
    )
    parser.add_argument("--markdown", action="store_true", help=tr("print the table as Markdown"))
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train, then print one table; a diverged run is a result, not a failure."""
    require_torch()
    chosen = arguments.scenarios or [entry.id for entry in scenarios.entries() if entry.of_slides]
    overrides = [] if arguments.epochs is None else [f"training.epochs={arguments.epochs}"]
    loaded = [options.load_scenario(name, overrides) for name in dict.fromkeys(chosen)]
    first = options.seed(arguments)
    jobs = [Job(scenario, first + number) for scenario in loaded for number in range(arguments.seeds)]
    settings = options.settings(arguments)
    options.check(settings)
    # No screen needs a core here: as many runs train at once as there are cores for them.
    at_once = max(1, physical_cores() // settings.threads)
    with Collector(len(jobs)) as collector:
        endings = train_all(replace(settings, side_by_side=at_once), jobs, collector, at_once=at_once)
    rows = table(
        outcome
        for ending in endings
        for outcome in outcomes(
            ending.snapshot.scenario_id, ending.snapshot.seed, collector.events[ending.snapshot.run]
        )
    )
    lines = [line for row in rows for line in _lines(row)]
    print_table = _print_markdown if arguments.markdown else _print_table
    print_table(lines)
    say("\n".join(["", *_footnotes(rows), *_provenance([ending.snapshot for ending in endings])]))
    is_unsaved = report_unsaved(endings)
    if any(ending.signal for ending in endings):
        return 128 + next(ending.signal for ending in endings if ending.signal)
    has_failed = any(ending.finished.status is Status.FAILED for ending in endings)
    return exits.FAILED if has_failed or is_unsaved else 0


def _lines(row: Row) -> list[tuple[str, ...]]:
    """A row's lines: measured, the seeds' range, published, the difference."""
    note = spoken(row.ended) or plural("{number} epoch", "{number} epochs", row.epochs)
    lines = [(row.name, *_cells(row, lambda spread: f"{spread.middle:.3f}"), note)]
    if row.seeds > 1 and row.measured:
        ranges = _cells(row, lambda spread: f"{spread.low:.3f}–{spread.high:.3f}")
        lines.append(
            ("  " + plural("range of {number} seed", "range of {number} seeds", row.seeds), *ranges, "")
        )
    if row.published is not None:
        figures = [f"{getattr(row.published.figures, name):.3f}" for name in METRICS]
        lines.append(("  " + tr("published ({source})", source=row.published.source), *figures, ""))
    if row.difference:
        differences = [f"{row.difference[name]:+.3f}" for name in METRICS]
        lines.append(("  " + tr("difference"), *differences, tr(_WITHIN[row.within])))
    return lines


def _cells(row: Row, text: Callable[[Spread], str]) -> list[str]:
    return [text(row.measured[name]) if name in row.measured else "" for name in METRICS]


def _print_table(lines: list[tuple[str, ...]]) -> None:
    from rich.table import Table

    from tui_vanish.cli.printing import TableConsole

    grid = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for number, heading in enumerate(map(tr, _COLUMNS)):
        at_an_end = number in (0, len(_COLUMNS) - 1)
        grid.add_column(heading, justify="left" if at_an_end else "right", no_wrap=True)
    for line in lines:
        grid.add_row(*line)
    TableConsole().print(grid)


def _print_markdown(lines: list[tuple[str, ...]]) -> None:
    say("| " + " | ".join(map(tr, _COLUMNS)) + " |")
    say("|---|" + "--:|" * (len(_COLUMNS) - 2) + "---|")
    for line in lines:
        say("| " + " | ".join(cell.replace("  ", "&ensp;") for cell in line) + " |")


def _footnotes(rows: Sequence[Row]) -> list[str]:
    """What the table's marks mean, of those that it has."""
    letters = sorted({row.published.source for row in rows if row.published is not None})
    notes = [
        tr("published ({letter}): {sources}, one seed", letter=letter, sources=sources()[letter])
        for letter in letters
    ]
    bare = {row.name for row in rows if row.published is None}
    for run in published():
        if run.scenario in bare:
            notes.append(
                tr(
                    "{scenario}: published after {epochs} epochs; to compare: --epochs {epochs}",
                    scenario=run.scenario,
                    epochs=run.epochs,
                )
            )
    if any(row.within is not None for row in rows):
        notes.append(
            tr(
                "within spread: all four published numbers lie where one more seed would (joint 95 % "
                "prediction intervals)"
            )
        )
    return notes


def _provenance(seen: Sequence[Snapshot]) -> list[str]:
    """The date, versions, device and data of the table; empty if no run started."""
    started = next((snapshot.started for snapshot in seen if snapshot.started is not None), None)
    if started is None:
        return []
    versions = ", ".join(f"{name} {version}" for name, version in started.versions.items())
    data = started.data
    threads = plural("{number} thread", "{number} threads", started.threads or 0)
    size = f"{format.count(data['train'])}/{format.count(data['test'])}"
    seeds = ", ".join(map(str, sorted({snapshot.seed for snapshot in seen})))
    lines = [
        tr(
            "{date}; {versions}; device {device}, {threads} per run; {data} {size} ({source}); seeds {seeds}",
            date=f"{date.today():%Y-%m-%d}",
            versions=versions,
            device=started.device,
            threads=threads,
            data=data["name"],
            size=size,
            source=data["source"],
            seeds=seeds,
        )
    ]
    if data.get("known") is False:
        lines.append(tr("These data are not the known Fashion-MNIST: their checksum differs."))
    if (data["train"], data["test"]) != _PUBLISHED_IMAGES:
        lines.append(tr("The published runs were trained on the whole set, 60 000/10 000 images."))
    return lines
