"""A made-up sweep of weights and depths, with runs in every state."""

from pathlib import Path

import scenarios
from engine.sweeps.folder import Means, SweepFolder, save_summary
from scenarios.grid import parse_axis
from scenarios.sweep import sweep_of
from tests.engine.sweeps.test_folder import add_run
from vanish_recorder.protocol.status import Status

NAME = "20260101-000000-deep-abcd"
STD, DEPTH, RATE = "model.init.std=log:0.02:2:9", "model.hidden_layers=1,2,3,4,5,6,8,10", "optimizer.lr=0.1,1"


def make(runs: Path, *grid: str, seeds: int = 1) -> SweepFolder:
    """The folder of a new sweep."""
    runs.mkdir(exist_ok=True)
    axes = [parse_axis(text) for text in grid or (STD, DEPTH)]
    sweep = sweep_of("deep", scenarios.load("depth-7"), axes, seeds=seeds, title="sigmoid: std × depth")
    return SweepFolder.create(runs / NAME, sweep, Means())


def fill(folder: SweepFolder) -> None:
    """Deep networks have not learnt; the last runs failed, diverged, were stopped or wait."""
    cells = folder.sweep.cells()
    for cell in cells[:-4]:
        depth, std = cell.scenario.mlp.hidden_layers, cell.values["model.init.std"]
        learns = depth <= 2 + 4 * std
        add_run(
            folder,
            cell.number,
            Status.FINISHED,
            epoch=3,
            epochs=3,
            step=354,
            time=3.0 + depth,
            test_accuracy=max(0.1, 0.8 - depth / 50) if learns else 0.1,
            verdict="learning" if learns else "vanishing",
        )
    last = cells[-4:]
    add_run(folder, last[0].number, Status.DIVERGED, epoch=1, epochs=3, step=100, verdict="non_finite")
    add_run(folder, last[1].number, Status.FAILED, epoch=0, epochs=3)
    add_run(folder, last[2].number, Status.RUNNING, epoch=1, epochs=3, step=150, test_accuracy=0.2, time=2.0)
    save_summary(folder, folder.entries().values(), Status.STOPPED, 60.0, None)
