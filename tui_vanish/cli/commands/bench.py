"""`vanish-tui bench`: measure how fast this machine trains, compared with its own limit."""

import argparse
import json
from typing import TYPE_CHECKING

from tui_vanish.cli import options
from tui_vanish.cli.importing import ending_at_once
from tui_vanish.jobs import children
from tui_vanish.jobs.cores import physical_cores, spare_cores
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import tell

if TYPE_CHECKING:
    from engine.bench.report import Report
    from engine.bench.spread import Spread

Row = tuple[str, str, str, str]

_BUSY = 0.9  # if training had less than this part of its cores, other load has distorted the figures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--quick", action="store_true", help="take half a minute, for a first look (without: 2 to 4 minutes)"
    )
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure, with progress on standard error, and print the report."""
    settings = options.settings(arguments)
    options.check(settings)
    children.protect_workers()
    with ending_at_once():
        import engine.runtime.live_run  # noqa: F401  used in lockstep, and timed
        from engine.bench.dataloader import load_torchvision
        from engine.bench.report import QUICK, THOROUGH, measure
        from engine.data.fashion_mnist import DataError

        load_torchvision()

    try:
        effort = QUICK if arguments.quick else THOROUGH
        report = measure(settings, effort, physical_cores(), spare_cores(), _say)
    except DataError as error:
        raise RefusedError(str(error)) from None
    if arguments.json:
        print(json.dumps(report.record(), indent=1))
    else:
        _print(report)
    return 0


def _say(text: str) -> None:
    tell(f"measuring {text}")


def _print(report: "Report") -> None:
    from rich.table import Table

    from tui_vanish.cli.printing import TableConsole

    console = TableConsole()
    pace, usual, lockstep = report.pace, report.usual, report.lockstep

    def table(title: str, rows: list[Row]) -> None:
        grid = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
        for number, heading in enumerate((title, "median", "from", "to")):
            grid.add_column(heading, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            grid.add_row(*row)
        console.print()
        console.print(grid)

    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    console.print(f"{report.device}, {report.cores} cores; {report.data}; {versions}")
    threads = f"{pace.threads} thread{'s' if pace.threads > 1 else ''}"
    table(
        f"One epoch of the 7-layer network, {threads}",
        [
            _seconds("with full measuring", pace.epoch),
            _seconds("without measuring", pace.unmeasured),
            _seconds("only its matrix products", pace.floor),
            *(
                _seconds(f"the usual DataLoader loop, {workers} workers", spread)
                for workers, spread in usual.by_workers.items()
            ),
        ],
    )
    table(
        "Ratios",
        [
            _ratio("epoch / its matrix products", pace.over_floor),
            _ratio("epoch with measuring / without", pace.measuring),
            _ratio("the faster DataLoader loop / our epoch", usual.over),
            _ratio(
                f"{lockstep.runs} runs in lockstep, {lockstep.side_by_side} in parallel / one after another",
                lockstep.over_in_turn,
            ),
        ],
    )
    if report.threads:
        table(
            f"One epoch by threads (--threads auto uses {report.auto_threads})",
            [_seconds(f"{each.threads}", each.epoch) for each in report.threads]
            + [
                _ratio(f"{each.threads}: epoch / its matrix products", each.over_floor)
                for each in report.threads
            ],
        )
    if report.launches is not None:
        table(
            f"A step on the GPU: {report.launches.bound}-bound",
            [
                _milliseconds("until the GPU has finished it", report.launches.step),
                _milliseconds("until everything is launched", report.launches.launch),
            ],
        )
    table("One step of each scenario", [_milliseconds(name, spread) for name, spread in report.steps.items()])
    if report.cores_had < _BUSY:
        console.print(
            f"\nThe machine was busy: training got only {100 * report.cores_had:.0f} % of the cores that it"
            " asked for. The figures for the DataLoader, for lockstep and for several threads are not"
            " reliable: run bench again when the machine is idle.",
            style="bold",
        )


def _seconds(name: str, spread: "Spread") -> Row:
    return name, f"{spread.median:.2f} s", f"{spread.low:.2f} s", f"{spread.high:.2f} s"


def _ratio(name: str, spread: "Spread") -> Row:
    return name, f"{spread.median:.2f}", f"{spread.low:.2f}", f"{spread.high:.2f}"


def _milliseconds(name: str, spread: "Spread | None") -> Row:
    if spread is None:
        return name, "diverges", "", ""
    return (
        name,
        f"{1000 * spread.median:.2f} ms",
        f"{1000 * spread.low:.2f} ms",
        f"{1000 * spread.high:.2f} ms",
    )
