"""The part of a report about a sweep: its runs as a map over two settings, and as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine.sweeps.folder import NotASweep, SweepFolder
from engine.sweeps.results import CellResult, results
from engine.sweeps.rows import columns, rows
from scenarios.grid import Axis
from scenarios.problems import ScenarioError, printable
from scenarios.sweep import Sweep
from tui_vanish.drawing import format
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.language import plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.report.figures import Heat
from tui_vanish.report.page import text_of
from tui_vanish.report.tables import Table

_SHARES = ("test_accuracy", "best_test_accuracy")


@dataclass(frozen=True, slots=True)
class ReportSweep:
    """A sweep as it is now.

    Attributes:
        path: its folder.
        sweep: what it trains.
        found: of each of its runs what it has come to.
        lines: the rows of its CSV.
    """

    path: Path
    sweep: Sweep
    found: tuple[CellResult, ...]
    lines: tuple[dict[str, object], ...]

    @property
    def title(self) -> str:
        """The heading of the report."""
        return plural(
            "Report of a sweep of {number} run: {name}",
            "Report of a sweep of {number} runs: {name}",
            len(self.found),
            name=self.sweep.title or self.sweep.name,
        )


def read(path: Path) -> ReportSweep:
    """Read a sweep.

    Raises:
        RefusedError: it cannot be read.
    """
    try:
        folder = SweepFolder.read(path)
        cells = folder.sweep.cells()
        found = tuple(results(folder, cells))
    except (NotASweep, ScenarioError) as error:
        raise RefusedError(printable(f"{path.name}: {spoken(str(error))}")) from None
    return ReportSweep(path, folder.sweep, found, tuple(rows(cells, found)))


def maps(about: ReportSweep) -> Iterator[Heat]:
    """The test accuracy over the last two settings, once for each combination of the others."""
    axes = about.sweep.axes
    across = axes[-1]
    down = axes[-2] if len(axes) > 1 else None
    others: dict[tuple[str, ...], list[CellResult]] = {}
    for each in about.found:
        rest = tuple(str(each.values[axis.key]) for axis in axes[:-2])
        others.setdefault(rest, []).append(each)
    for place, (rest, cells) in enumerate(others.items(), 1):
        named = ", ".join(f"{axis.key} {value}" for axis, value in zip(axes[:-2], rest, strict=True))
        downs = _values(down)[::-1]
        yield Heat(
            f"sweep-{place}",
            tr("Test accuracy") + (f": {named}" if named else ""),
            tr("A cell is a combination of settings; with several seeds, it has their median."),
            across.key,
            down.key if down is not None else "",
            _values(across),
            downs,
            tuple(
                tuple(_cell(cells, across, column, down, row) for column in _values(across)) for row in downs
            ),
            is_share=True,
        )


def _values(axis: Axis | None) -> tuple[str, ...]:
    return ("",) if axis is None else tuple(_short(value) for value in axis.values)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cell(cells: list[CellResult], across: Axis, column: str, down: Axis | None, row: str) -> float | None:
    known = [
        each.test_accuracy
        for each in cells
        if each.test_accuracy is not None
        and _short(each.values[across.key]) == column
        and (down is None or _short(each.values[down.key]) == row)
    ]
    return median(known) if known else None


def cells(about: ReportSweep) -> Table:
    """A row per run."""
    names = columns(about.sweep)
    listed = tuple(tuple(_written(name, line[name]) for name in names) for line in about.lines)
    return Table(tr("The runs of the sweep"), names, listed)


def _written(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _SHARES and isinstance(value, float):
        return format.percent(value, 2).strip()
    return _short(value)


def again(about: ReportSweep) -> str:
    """How the sweep is trained again."""
    sweep = about.sweep
    words = ["vanish-tui", "sweep", sweep.base.id]
    for axis in sweep.axes:
        words += ["--grid", f"{axis.key}={','.join(map(_short, axis.values))}"]
    words += ["--seed", str(sweep.seed), *(["--seeds", str(sweep.seeds)] if sweep.seeds > 1 else [])]
    words += ["--epochs", str(sweep.base.training.epochs)]
    return f"<pre tabindex='0'><code>{text_of(' '.join(words))}</code></pre>"
