"""What `vanish-tui sweep` prints: a line that changes, JSON lines, and the table at the end."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

from engine.meanfield.depth_scale import DepthScale, depth_scale
from engine.sweeps.folder import SweepFolder
from engine.sweeps.results import CellResult
from scenarios.sweep import Cell
from tui_vanish.cli.live_table import grid
from tui_vanish.cli.progress_line import ProgressLine
from tui_vanish.cli.reporters import JsonLines
from tui_vanish.drawing import format
from tui_vanish.jobs.telling import tell
from tui_vanish.language import plural, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.sweeps.lead import Progress
from vanish_recorder.protocol.codec import encoded


class SweepLines(AbstractContextManager["SweepLines"]):
    """Reports a sweep: as JSON lines on standard output, or for people on standard error.

    Args:
        folder: of the sweep.
        cells: all of them.
        json: whether to print JSON lines.
    """

    def __init__(self, folder: SweepFolder, cells: Sequence[Cell], *, json: bool) -> None:
        self._folder, self._size = folder, len(cells)
        self._scenarios = {cell.number: cell.scenario for cell in cells}
        self._json = JsonLines() if json else None
        self._line = ProgressLine() if sys.stderr.isatty() else None
        self._done = 0

    def __enter__(self) -> Self:
        if self._json is not None:
            self._json.__enter__()
        if self._line is not None:
            self._line.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._line is not None:
            self._line.show("")
            self._line.__exit__(*error)

    def begin(self, rows: Sequence[CellResult], at_once: int) -> None:
        """Say what will be trained; for programs, the runs that are done already."""
        done = [row for row in rows if row.is_done]
        self._done = len(done)
        sweep = self._folder.sweep
        words = " × ".join(str(len(axis.values)) for axis in sweep.axes)
        if sweep.seeds > 1:
            words = plural("{grid} × {number} seed", "{grid} × {number} seeds", sweep.seeds, grid=words)
        values = {"title": sweep.title, "grid": words, "at_once": at_once, "folder": self._folder.path}
        if done:
            tell(
                plural(
                    "{title}: {number} run ({grid}), {done} are done, {at_once} at a time, in {folder}",
                    "{title}: {number} runs ({grid}), {done} are done, {at_once} at a time, in {folder}",
                    self._size,
                    done=len(done),
                    **values,
                )
            )
        else:
            tell(
                plural(
                    "{title}: {number} run ({grid}), {at_once} at a time, in {folder}",
                    "{title}: {number} runs ({grid}), {at_once} at a time, in {folder}",
                    self._size,
                    **values,
                )
            )
        if self._json is not None:
            for row in done:
                self._json.write(cell_record(row, self._theory(row)))

    def on_cell(self, result: CellResult) -> None:
        """A run has ended."""
        self._done += result.is_done
        if self._json is not None:
            self._json.write(cell_record(result, self._theory(result)))
        elif self._line is None:
            tell(f"{self._done}/{self._size}  {_words(result)}")

    def on_progress(self, progress: Progress) -> None:
        """Redraw the line."""
        if self._line is None:
            return
        names = ", ".join(
            tr("{number} on {where}", number=number, where=where)
            for number, where in sorted(progress.training.items())
        )
        line = tr(
            "{done}/{size} done · training {names}",
            done=progress.done,
            size=progress.size,
            names=names or tr("nothing yet"),
        )
        if progress.left is not None:
            line += " · " + tr("about {time} left", time=format.duration(progress.left))
        self._line.show(line)

    def warn(self, text: str) -> None:
        """Print a warning."""
        tell(spoken(text))

    def _theory(self, row: CellResult) -> DepthScale | None:
        return depth_scale(self._scenarios[row.number])


def _words(row: CellResult) -> str:
    """A run that has ended, in one line."""
    values = "  ".join(f"{_short(key)} {format.setting(key, value)}" for key, value in row.values.items())
    accuracy = "" if row.test_accuracy is None else f"  {format.percent(row.test_accuracy, 1)}"
    verdict = f"  {row.verdict.replace('_', ' ')}" if row.verdict else ""
    return f"{values}{accuracy}  {spoken(row.status)}{verdict}  {format.duration(row.seconds)}"


def _short(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ")


def sweep_table(folder: SweepFolder, rows: Sequence[CellResult]) -> None:
    """Print a row per run, in the order of the grid."""
    from tui_vanish.cli.printing import TableConsole

    axes, several = folder.sweep.axes, folder.sweep.seeds > 1
    keys = [_short(axis.key) for axis in axes] + ([tr_in("column", "seed")] if several else [])
    heads = (
        *keys,
        tr_in("column", "status"),
        tr("test acc."),
        tr_in("column", "best"),
        tr("time"),
        tr_in("column", "verdict"),
    )
    lines = [
        (
            *(format.setting(key, value) for key, value in row.values.items()),
            *([str(row.seed)] if several else []),
            row.status,
            "" if row.test_accuracy is None else format.percent(row.test_accuracy, 1),
            "" if row.best_test_accuracy is None else format.percent(row.best_test_accuracy, 1),
            format.duration(row.seconds) if row.step else "",
            row.verdict.replace("_", " "),
        )
        for row in rows
    ]
    TableConsole().print(grid(heads, lines, left=0))


def cell_record(row: CellResult, theory: DepthScale | None) -> dict[str, Any]:
    """The JSON of a run of a sweep.

    Args:
        row: of the run.
        theory: what theory says about its network; None where it says nothing.
    """
    return {
        "event": "cell",
        "run": row.run,
        "step": row.step,
        "epoch": row.epoch,
        "stage": 1,
        "time": row.seconds,
        "cell": row.number,
        "values": dict(row.values),
        "seed": row.seed,
        "status": row.status,
        "test_accuracy": row.test_accuracy,
        "best_test_accuracy": row.best_test_accuracy,
        "verdict": row.verdict,
        "theory": None if theory is None else {"chi": encoded(theory.chi), "xi": encoded(theory.xi)},
        **({"error": row.problem} if row.problem else {}),
    }


def sweep_record(folder: SweepFolder, rows: Sequence[CellResult]) -> dict[str, Any]:
    """The JSON of a sweep, its last line."""
    counts = {
        status: sum(row.status == status for row in rows) for status in ("finished", "diverged", "failed")
    }
    return {
        "event": "sweep",
        "run": folder.path.name,
        "step": sum(row.step for row in rows),
        "epoch": sum(row.epoch for row in rows),
        "stage": 1,
        "time": sum(row.seconds for row in rows),
        "name": folder.sweep.name,
        "title": folder.sweep.title,
        "grid": [axis.to_record() for axis in folder.sweep.axes],
        "seeds": folder.sweep.seeds,
        "cells": len(rows),
        **counts,
        "missing": sum(not row.is_done for row in rows),
        "folder": str(folder.path),
    }
