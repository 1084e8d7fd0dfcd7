"""The map of a sweep of 400 runs: from a key to its answer.

python -m tests.bench.sweep_map
"""

import random
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import scenarios
from engine.sweeps.folder import Means, SweepFolder, save_summary
from scenarios.grid import parse_axis
from scenarios.sweep import sweep_of
from tests.bench.terminal import Environment, percentile_95
from tests.e2e.pseudo_terminal import PseudoTerminal
from tests.engine.sweeps.test_folder import add_run
from vanish_recorder.protocol.status import Status

_KEYS = 60
_SIDE = 20


def answers(environment: Environment) -> list[float]:
    """Seconds from a key that moves the cursor until the screen shows the other cell."""
    with TemporaryDirectory() as folder:
        _made(Path(folder))
        arguments = ("--runs-dir", folder)
        with PseudoTerminal(arguments, environment=environment, columns=200, rows=60) as app:
            app.wait_for("depth-7")
            app.type("X")
            app.wait_for("hidden layers 1  ")
            draw, found = random.Random(1), []
            for number in range(_KEYS):
                app.watch(draw.uniform(0.1, 0.5))
                deep = number % 2 == 0
                began = monotonic()
                app.type("k" if deep else "j")
                app.wait_for(f"hidden layers {2 if deep else 1}  ")
                found.append(monotonic() - began)
            return found


def _made(runs: Path) -> None:
    """A sweep whose runs have ended, half of them without having learnt."""
    axes = [parse_axis(f"model.init.std=log:0.01:4:{_SIDE}"), parse_axis(f"model.hidden_layers=1..{_SIDE}")]
    sweep = sweep_of("large", scenarios.load("depth-7"), axes)
    folder = SweepFolder.create(runs / "20260101-000000-large-abcd", sweep, Means())
    for cell in sweep.cells():
        learns = cell.scenario.mlp.hidden_layers < _SIDE * cell.values["model.init.std"]
        add_run(
            folder,
            cell.number,
            Status.FINISHED,
            epoch=3,
            epochs=3,
            step=354,
            time=3.0,
            test_accuracy=0.8 if learns else 0.1,
            verdict="learning" if learns else "vanishing",
        )
    save_summary(folder, folder.entries().values(), Status.FINISHED, 60.0, None)


def main() -> None:
    """Print what was measured."""
    found = [1000 * each for each in answers({})]
    median = statistics.median(found)
    print(f"a map of {_SIDE**2} runs, key to answer: {percentile_95(found):.0f} ms at the 95th percentile")
    print(f"median {median:.0f} ms")


if __name__ == "__main__":
    main()
