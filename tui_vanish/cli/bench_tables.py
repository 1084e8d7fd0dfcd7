"""The report of `vanish-tui bench` as tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_vanish.language import plural, tr

if TYPE_CHECKING:
    from engine.bench.report import Report
    from engine.bench.spread import Spread

Row = tuple[str, str, str, str]
Table = tuple[str, list[Row]]

_BUSY = 0.9  # if training had less than this part of its cores, other load has distorted the figures
_DIVERGES = "diverges"


def print_report(report: "Report") -> None:
    """Print the tables on standard output, then what limits their use."""
    from rich import table

    from tui_vanish.cli.printing import TableConsole

    console = TableConsole()
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    console.print(
        tr(
            "{device}, {cores} cores; {data}; {versions}",
            device=report.device,
            cores=report.cores,
            data=report.data,
            versions=versions,
        )
    )
    for title, rows in _tables(report):
        if not rows:
            continue
        grid = table.Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
        for number, heading in enumerate((title, tr("median"), tr("from"), tr("to"))):
            grid.add_column(heading, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            grid.add_row(*row)
        console.print()
        console.print(grid)
    for text in _limits(report):
        console.print(f"\n{text}", style="bold")


def _tables(report: "Report") -> list[Table]:
    pace = report.pace
    auto = report.auto_threads
    by_threads = tr("One epoch by threads")
    if auto:
        by_threads = tr("One epoch by threads (--threads auto uses {number})", number=auto)
    epoch = tr("One epoch of the 7-layer network")
    if pace:
        epoch = plural(
            "One epoch of the 7-layer network, {number} thread",
            "One epoch of the 7-layer network, {number} threads",
            pace.threads,
        )
    tables: list[Table] = [
        (epoch, _epochs(report)),
        (tr("Ratios"), _ratios(report)),
        (
            by_threads,
            [_seconds(f"{each.threads}", each.epoch) for each in report.threads]
            + [
                _ratio(tr("{threads}: epoch / its matrix products", threads=each.threads), each.over_floor)
                for each in report.threads
            ],
        ),
    ]
    if report.launches is not None:
        rows = [
            _milliseconds(tr("until the GPU has finished it"), report.launches.step),
            _milliseconds(tr("until everything is launched"), report.launches.launch),
        ]
        tables.append((tr("A step on the GPU: {bound}-bound", bound=report.launches.bound), rows))
    steps = [_milliseconds(name, spread) for name, spread in report.steps.items()]
    return [*tables, (tr("One step of each scenario"), steps)]


def _epochs(report: "Report") -> list[Row]:
    rows = []
    if (pace := report.pace) is not None:
        rows += [
            _seconds(tr("with full measuring"), pace.epoch),
            _seconds(tr("without measuring"), pace.unmeasured),
            _seconds(tr("only its matrix products"), pace.floor),
        ]
    if report.usual is not None:
        rows += [
            _seconds(tr("the usual DataLoader loop, {workers} workers", workers=workers), spread)
            for workers, spread in report.usual.by_workers.items()
        ]
    return rows


def _ratios(report: "Report") -> list[Row]:
    rows = []
    if (pace := report.pace) is not None:
        rows += [
            _ratio(tr("epoch / its matrix products"), pace.over_floor),
            _ratio(tr("epoch with measuring / without"), pace.measuring),
        ]
    if report.usual is not None:
        rows.append(_ratio(tr("the faster DataLoader loop / our epoch"), report.usual.over))
    if (lockstep := report.lockstep) is not None:
        rows.append(
            _ratio(
                tr(
                    "{runs} runs in lockstep, {side_by_side} in parallel / one after another",
                    runs=lockstep.runs,
                    side_by_side=lockstep.side_by_side,
                ),
                lockstep.over_in_turn,
            )
        )
    return rows


def _limits(report: "Report") -> list[str]:
    """What the reader must know about the figures."""
    texts = []
    if report.not_measured:
        names = "; ".join(_together(report.not_measured))
        texts.append(tr("There was no time to measure {names}. Run bench without --quick.", names=names))
    if any(not row[2] for _, rows in _tables(report) for row in rows if row[1] != _DIVERGES):
        texts.append(tr("A figure without a range was measured only once."))
    if report.cores_had is not None and report.cores_had < _BUSY:
        texts.append(
            tr(
                "The machine was busy: training got only {share} % of the cores that it asked for."
                " The figures for the DataLoader, for lockstep and for several threads are not"
                " reliable: run bench again when the machine is idle.",
                share=f"{100 * report.cores_had:.0f}",
            )
        )
    return texts


def _together(names: Sequence[str]) -> list[str]:
    """The names, with all scenarios whose step is missing as one."""
    from engine.bench.report import STEP  # loads PyTorch, which the report has loaded

    steps = [name for name in names if name.startswith(STEP)]
    one = [STEP + ", ".join(name.removeprefix(STEP) for name in steps)] if steps else []
    return [*one, *(name for name in names if name not in steps)]


def _seconds(name: str, spread: "Spread") -> Row:
    return _row(name, spread, 1.0, " s")


def _ratio(name: str, spread: "Spread") -> Row:
    return _row(name, spread, 1.0, "")


def _milliseconds(name: str, spread: "Spread | None") -> Row:
    return (name, _DIVERGES, "", "") if spread is None else _row(name, spread, 1000.0, " ms")


def _row(name: str, spread: "Spread", factor: float, unit: str) -> Row:
    """The median and the range; without a range if it was measured once."""
    median, low, high = (f"{factor * each:.2f}{unit}" for each in (spread.median, spread.low, spread.high))
    return (name, median, low, high) if spread.count > 1 else (name, median, "", "")
