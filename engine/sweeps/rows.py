"""The runs of a sweep as rows of a table, for CSV."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.meanfield.depth_scale import depth_scale
from engine.sweeps.results import CellResult
from scenarios.sweep import Cell, Sweep
from vanish_recorder.protocol.codec import encoded

_RESULTS = (
    "status",
    "epoch",
    "step",
    "test_accuracy",
    "best_test_accuracy",
    "verdict",
    "seconds",
    "chi",
    "xi",
)


def columns(sweep: Sweep) -> tuple[str, ...]:
    """The names of the columns: the sweep's keys are dotted, as in a scenario."""
    return ("cell", "run", *(axis.key for axis in sweep.axes), "seed", *_RESULTS)


def rows(cells: Sequence[Cell], results: Sequence[CellResult]) -> Iterator[dict[str, Any]]:
    """A row per run, in the order of the cells."""
    for cell, result in zip(cells, results, strict=True):
        theory = depth_scale(cell.scenario)
        yield {
            "cell": cell.number,
            "run": result.run,
            **cell.values,
            "seed": cell.seed,
            "status": result.status,
            "epoch": result.epoch,
            "step": result.step,
            "test_accuracy": result.test_accuracy,
            "best_test_accuracy": result.best_test_accuracy,
            "verdict": result.verdict,
            "seconds": result.seconds,
            "chi": None if theory is None else encoded(theory.chi),
            "xi": None if theory is None else encoded(theory.xi),
        }
