"""The cost of saving: a checkpoint during training, and the list of ten thousand runs.

    python -m tests.bench.saving

Prints both with their budgets. Nothing is asserted, as in the other benchmarks.
"""

import resource
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from unittest.mock import patch

import scenarios
from engine.data.fashion_mnist import find_source, load
from engine.runtime.state import SAVE_SECONDS
from engine.storage.checkpoint import Checkpoint, copied
from engine.storage.origin import Origin
from engine.storage.run_directory import RunDirectory, Save
from engine.storage.run_index import list_runs
from engine.training.trainer import Trainer
from tui_vanish.runs.columns import COLUMNS, Order
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.summary import Summary, write_summary

RUNS = 10_000
REPEATS = 7


def checkpoint_cost(scenario_id: str = "adam") -> float:
    """CPU time of a checkpoint, in the training thread and the saver, over the time between two saves."""
    data = load(find_source(), "cpu")
    trainer = Trainer("run", scenarios.load(scenario_id), 1, data, lambda event: None)
    trainer.begin()
    for _ in range(3):
        trainer.step()
    with TemporaryDirectory() as folder:
        origin = Origin.of(data, threads=1)
        directory = RunDirectory.create(Path(folder) / "run", trainer.scenario.resolved(), 1, origin)

        def save() -> None:
            state = copied(trainer.state())
            checkpoint = Checkpoint(run="run", step=3, status=Status.RUNNING, log_bytes=0, trainer=state)
            directory.save(Save(checkpoint=checkpoint, summary=Summary(scenario_id, 1, Status.RUNNING)))

        cost = _median(save, thread_time) / SAVE_SECONDS
        directory.close()
    return cost


def list_seconds(folder: Path) -> tuple[float, float, float]:
    """Seconds to list ten thousand runs the first time, to list them again, and to sort the list."""
    began = perf_counter()
    entries = list_runs(folder)
    first = perf_counter() - began
    cached = _median(lambda: list_runs(folder), perf_counter)
    orders = [Order(column) for column in range(len(COLUMNS))]
    slowest = max(_median(lambda order=order: order.sort(entries), perf_counter) for order in orders)  # type: ignore[misc]
    assert len(entries) == RUNS
    return first, cached, slowest


def fill(folder: Path) -> None:
    """Create directories like those of finished runs, but without checkpoints."""
    for number in range(RUNS):
        run = folder / f"20260101-{number:06}-depth-7-{number:04x}"
        run.mkdir()
        (run / EVENTS).write_bytes(b"x" * 64)
        accuracy = (number * 7919 % RUNS) / RUNS
        write_summary(
            run, Summary("depth-7", number, Status.FINISHED, epoch=100, test_accuracy=accuracy, log_bytes=64)
        )


def _median(work: Callable[[], object], clock: Callable[[], float]) -> float:
    seconds = []
    for _ in range(REPEATS):
        began = clock()
        work()
        seconds.append(clock() - began)
    return statistics.median(seconds)


def main() -> None:
    """Measure, and print a table in Markdown."""
    cost = checkpoint_cost()
    with TemporaryDirectory() as folder:
        with patch("os.fsync"):  # thirty thousand calls take minutes, and the list does not need them
            fill(Path(folder))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        first, cached, sort = list_seconds(Path(folder))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print("| what | must | measured |\n|---|---|---|")
    print(f"| CPU time of a checkpoint / the {SAVE_SECONDS:.0f} s between two saves | 1 % | {cost:.3%} |")
    print(f"| listing {RUNS:,} runs the first time | 1 s | {first:.2f} s |")
    print(f"| listing them again | 1 s | {cached:.2f} s |")
    print(f"| sorting them by the slowest column | | {sort:.3f} s |")
    print(f"| additional memory for the list | | {grown:.0f} MB |")


if __name__ == "__main__":
    main()
