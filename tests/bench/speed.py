"""How fast the engine trains in the open app, and without it."""

import json
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.bench.terminal import Environment, begin_training
from tests.e2e.pseudo_terminal import PROGRAM, PseudoTerminal, child_environment


def under_the_app(environment: Environment, epochs: int, options: Sequence[str] = ()) -> float:
    """Seconds per epoch of depth-7 while the app, started with these options, shows it."""
    with (
        TemporaryDirectory() as folder,
        PseudoTerminal(("--runs-dir", folder, *options), environment=environment) as app,
    ):
        begin_training(app)
        deadline = monotonic() + 60 * epochs
        while len(seconds := _epochs(Path(folder))) < epochs and monotonic() < deadline:
            app.watch(0.5)
        return statistics.median(seconds[1:])


def headless(environment: Environment, epochs: int, options: Sequence[str] = ()) -> float:
    """The same with `vanish-tui run`."""
    with TemporaryDirectory() as folder:
        subprocess.run(
            [*PROGRAM, "run", "depth-7", "--epochs", str(epochs), "--runs-dir", folder, *options],
            env=child_environment(environment),
            capture_output=True,
            check=True,
        )
        return statistics.median(_epochs(Path(folder))[1:])


def app_over_headless(
    environment: Environment, epochs: int, repeats: int, options: Sequence[str] = ()
) -> list[float]:
    """The ratios of the two, measured in turn."""
    return [
        under_the_app(environment, epochs, options) / headless(environment, epochs, options)
        for _ in range(repeats)
    ]


def _epochs(runs: Path) -> list[float]:
    """The training seconds of each epoch of the only run in a folder."""
    lines = [
        line for log in runs.glob("*/events.jsonl") for line in log.read_text().splitlines(keepends=True)
    ]
    records = [json.loads(line) for line in lines if line.endswith("\n")]
    return [record["seconds"] for record in records if record["event"] == "epoch_finished"]
