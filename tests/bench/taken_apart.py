"""The parts of the training step, and alternatives to them.

    python -m tests.bench.taken_apart [--quick]

It uses one thread on the CPU, and counts only the time for which this thread had a core. Prints two tables in
Markdown; nothing is asserted, as in the other benchmarks.
"""

import argparse
import platform
import statistics
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

import scenarios
from engine.bench.pace import MatrixProducts
from engine.data.batches import Batches
from engine.data.fashion_mnist import Dataset, find_source, load
from engine.measure.probe import Probe, decode
from engine.networks.backprop import backpropagate
from engine.networks.losses import LOSSES
from engine.networks.mlp import Tape
from engine.runtime.live_run import LiveRun
from engine.runtime.rounds import Rounds
from engine.runtime.state import SAVE_SECONDS
from engine.storage.saver import Saver
from engine.training.pace import BLOCK, TrainerPace
from engine.training.tally import Tally
from tests.bench import alternatives
from tests.bench.alternatives import COURSE, course_trainer
from tests.bench.paired import Work, median_milliseconds, seconds

Row = tuple[str, float]


def parts(data: Dataset, repeats: int) -> Iterator[Row]:
    """(what, milliseconds per step) for the step of `depth-7`, its parts, and the work around it."""
    scenario = scenarios.load(COURSE)
    trainer = course_trainer(data)
    network, optimizer, loss_of = trainer.mlp, trainer.optimizer, LOSSES[scenario.training.loss]
    batches = Batches(data, 1, scenario.data.batch_size)
    batches.begin(1)
    images, labels = batches.next()
    tally = Tally()

    def gather() -> None:
        if batches.is_over:
            batches.begin(1)
        batches.next()

    @torch.no_grad()
    def forward() -> tuple[Tape, Tensor]:
        tape = Tape(images)
        _, error = loss_of(network(images, tape), labels)
        return tape, error

    def both_ways() -> None:
        tape, error = forward()
        optimizer.zero_grad()
        backpropagate(network, tape, error)

    def count() -> None:
        for _ in range(BLOCK):
            tally.add(loss, logits, labels)
        tally.fetch()

    def milliseconds(work: Work, calls: int = BLOCK) -> float:
        return median_milliseconds(work, repeats=repeats, calls=calls)

    pace = TrainerPace(scenario, data)
    floor = MatrixProducts(scenario, torch.device("cpu"))
    yield "the whole step, every tenth one measured", milliseconds(pace, 1) / BLOCK
    yield "the whole step, none measured", milliseconds(partial(pace, measuring=False), 1) / BLOCK
    yield "only its matrix products", milliseconds(floor, 1) / BLOCK
    yield "gathering and scaling the batch", milliseconds(gather)
    one_way = milliseconds(forward)
    yield "forward pass and loss", one_way
    yield "backward pass", milliseconds(both_ways) - one_way
    with torch.no_grad():
        logits = network(images)
    loss, _ = loss_of(logits, labels)
    yield "update (SGD)", milliseconds(optimizer.step)
    yield "counting hits and reading losses, per step", milliseconds(count) / BLOCK
    narrow = scenarios.load(COURSE, ["model.width=1", "data.batch_size=1"])
    few = partial(TrainerPace(narrow, data), measuring=False)
    yield "a step of width 1 on one image: Python and calls of torch", milliseconds(few, 1) / BLOCK
    yield from _measuring(data, repeats)
    yield "the rest of a round: view, diagnosis, log", _round(data, repeats)


def _measuring(data: Dataset, repeats: int) -> Iterator[Row]:
    """The parts of the time that measuring adds to a measured step."""
    trainer = course_trainer(data)
    network, scenario = trainer.mlp, trainer.scenario
    images, labels = Batches(data, 1, scenario.data.batch_size), data.train_labels
    images.begin(1)
    batch, labels = images.next()
    tape, deltas = Tape(batch), dict[int, Tensor]()
    with torch.no_grad():
        _, error = LOSSES[scenario.training.loss](network(batch, tape), labels)
    backpropagate(network, tape, error, deltas.__setitem__)

    def probe() -> Probe:
        return Probe(network, tape, scenario.mlp.activation)

    def take_deltas() -> None:
        for number, delta in deltas.items():
            reading.on_delta(number, delta)

    reading = probe()
    take_deltas()
    measurement = reading.read()
    numbers: list[float] = measurement.values.tolist()

    def milliseconds(work: Work) -> float:
        return median_milliseconds(work, repeats=repeats)

    yield "in a measured step: keeping the weights", milliseconds(probe)
    yield "in a measured step: the deltas, in the backward pass", milliseconds(take_deltas)
    yield "in a measured step: all other quantities", milliseconds(reading.read)
    yield (
        "in a measured step: reading the values",
        milliseconds(lambda: decode(numbers, measurement.present, network.layer_names, frozenset())),
    )


def _round(data: Dataset, repeats: int) -> float:
    """Milliseconds that a run's round takes in addition to its step, in the training thread."""
    scenario = scenarios.load(COURSE)
    bare = course_trainer(data)
    saver, rounds = Saver(SAVE_SECONDS, lambda: None), Rounds()
    saver.start()
    with TemporaryDirectory() as folder:
        run = LiveRun("bench", scenario, 1, Path(folder) / "bench", saver, lambda _: None, lambda *_: None)
        run.begin(data, 1)
        over = []
        for _ in range(repeats):
            within = seconds(lambda: rounds.advance([run]), 5 * BLOCK)
            over.append(1000 * (within - seconds(bare.step, 5 * BLOCK)))
        run.stop()
        saver.close()
    return statistics.median(over)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.taken_apart", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="repeat less often, for a first look")
    quick = parser.parse_args().quick
    repeats, steps = (3, 30) if quick else (15, 590)
    torch.set_num_threads(1)
    source = find_source()
    data = load(source, "cpu")
    print(f"cpu, 1 thread; {data.title}; python {platform.python_version()}, torch {torch.__version__}\n")

    print("| part of a step of `depth-7` | ms | share |\n|---|---:|---:|")
    whole = 0.0
    for what, milliseconds in parts(data, repeats):
        whole = whole or milliseconds
        print(f"| {what} | {milliseconds:.3f} | {100 * milliseconds / whole:.0f} % |", flush=True)

    print("\n| alternative | instead of | current | alternative | ratio (range) | |")
    print("|---|---|---:|---:|---:|---|")
    for group in (
        alternatives.backward(data, repeats),
        alternatives.losses(data, repeats),
        alternatives.sigmoids(data, repeats),
        alternatives.optimizers(data, repeats),
        alternatives.denormals(data, repeats, steps),
        alternatives.storage(data, repeats),
        alternatives.evaluation(data, repeats),
        alternatives.counting(data, repeats),
    ):
        for each in group:
            print(each.line(), flush=True)
    print("\nA ratio above 1 means that the current code is faster.", file=sys.stderr)


if __name__ == "__main__":
    main()
