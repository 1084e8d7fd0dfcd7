"""What a sweep of short runs costs beyond their training.

python -m tests.bench.sweeping [--runs 16]
"""

import argparse
import json
import subprocess
from tempfile import TemporaryDirectory
from time import monotonic

from tests.bench.terminal import Environment
from tests.e2e.pseudo_terminal import PROGRAM, child_environment

RUNS, AT_ONCE = 64, 2


def sweep_over_training(environment: Environment, runs: int = RUNS) -> float:
    """The time of the whole command, over its runs' training seconds divided by the two cores they share.

    A run is five epochs of depth-7. Its training seconds do not include the evaluations.
    """
    with TemporaryDirectory() as folder:
        began = monotonic()
        done = subprocess.run(
            [
                *(*PROGRAM, "sweep", "depth-7", "--grid", f"optimizer.lr=log:0.01:1:{runs}"),
                *("--epochs", "5", "--device", "cpu", "--jobs", str(AT_ONCE), "--runs-dir", folder, "--json"),
            ],
            env=child_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        took = monotonic() - began
    *cells, last = map(json.loads, done.stdout.splitlines())
    assert (len(cells), last["missing"]) == (runs, 0)
    return took * AT_ONCE / float(last["time"])


def main() -> None:
    """Measure, and print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sweeping", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    print(f"{runs} runs by sweep / half of their training seconds: {sweep_over_training({}, runs):.3f}")


if __name__ == "__main__":
    main()
