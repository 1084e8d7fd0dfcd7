"""The memory that a comparison needs: one run and six runs of the race, each in its own process.

    python -m tests.bench.comparison_memory

Prints the resident memory after some epochs. Nothing is asserted, as in the other benchmarks.
"""

import resource
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

EPOCHS = 2


def main() -> None:
    """Measure one run and six, and print the difference and the size of the images."""
    one, six = (_in_a_process(runs) for runs in (1, 6))
    print("| runs in lockstep | resident memory |")
    print("|---|---|")
    print(f"| 1 | {one:.0f} MB |")
    print(f"| 6 | {six:.0f} MB |")
    print(
        f"\n{(six - one) / 5:.1f} MB for each further run; a copy of the images would be {_images():.0f} MB"
    )


def _in_a_process(runs: int) -> float:
    command = [sys.executable, "-m", "tests.bench.comparison_memory", str(runs)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _resident(runs: int) -> float:
    """The peak memory in MB of this process while `runs` runs of the race trained."""
    import scenarios
    from engine.runtime.engine import Engine
    from engine.runtime.state import Settings
    from scenarios.index import race
    from vanish_recorder.protocol.events import RunEvent, RunFinished

    done = threading.Semaphore(0)

    def on_event(event: RunEvent) -> None:
        if isinstance(event, RunFinished):
            done.release()

    with TemporaryDirectory() as folder:
        engine = Engine(Settings(device="cpu", runs_dir=Path(folder)), on_event=on_event)
        engine.start()
        for name in race()[:runs]:
            scenario = scenarios.load(name)
            training = scenario.training.model_copy(update={"epochs": EPOCHS})
            engine.train(scenario.model_copy(update={"training": training}), 1)
        for _ in range(runs):
            done.acquire()
        engine.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _images() -> float:
    from engine.data.fashion_mnist import find_source

    source = find_source()
    return (source.train + source.test) * 28 * 28 / 2**20


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(_resident(int(sys.argv[1])))
    else:
        main()
