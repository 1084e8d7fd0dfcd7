"""What the runs of a sweep have come to, one row per cell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.storage.run_index import RunEntry
from engine.sweeps.folder import SweepFolder, is_done
from scenarios.sweep import Cell

WAITING, TRAINING, STOPPED = "waiting", "training", "stopped"


@dataclass(frozen=True, slots=True)
class CellResult:
    """A cell at one moment.

    Attributes:
        number: of the cell, from 1.
        values: of the axes, by key.
        seed: of its run.
        run: name of its run.
        status: waiting, training, stopped, or how it ended: finished, diverged, failed.
        epoch: the epochs that it has finished.
        epochs: the epochs that it trains.
        step: the steps that it has taken.
        test_accuracy: after its last epoch, from 0 to 1; None before the first one ends.
        best_test_accuracy: the highest so far.
        verdict: the kind of its most severe verdict; empty if there is none.
        seconds: training time.
        problem: why it failed or cannot be read; empty if it did not.
    """

    number: int
    values: Mapping[str, Any]
    seed: int
    run: str
    status: str = WAITING
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    test_accuracy: float | None = None
    best_test_accuracy: float | None = None
    verdict: str = ""
    seconds: float = 0.0
    problem: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it needs no more training."""
        return self.status in ("finished", "diverged")


def result_of(folder: SweepFolder, cell: Cell, entry: RunEntry | None) -> CellResult:
    """The row of one cell.

    Args:
        folder: of the sweep.
        cell: one of its cells.
        entry: its run; None if it has not begun.
    """
    run, epochs = folder.run_of(cell), cell.scenario.training.epochs
    if entry is None:
        return CellResult(cell.number, cell.values, cell.seed, run, epochs=epochs)
    if (summary := entry.summary) is None:
        return CellResult(
            cell.number, cell.values, cell.seed, run, "failed", epochs=epochs, problem=entry.problem
        )
    if is_done(entry) or entry.state == "ended":
        status = str(summary.status)
    else:
        status = TRAINING if entry.state in ("live", "handing over") else STOPPED
    return CellResult(
        cell.number,
        cell.values,
        cell.seed,
        run,
        status,
        summary.epoch,
        summary.epochs or epochs,
        summary.step,
        summary.test_accuracy,
        summary.best_test_accuracy,
        summary.verdict,
        summary.time,
        entry.problem,
    )


def results(folder: SweepFolder, cells: Iterable[Cell]) -> list[CellResult]:
    """A row per cell, in their order.

    Raises:
        OSError: the folder cannot be read.
    """
    entries = folder.entries()
    return [result_of(folder, cell, entries.get(folder.run_of(cell))) for cell in cells]
