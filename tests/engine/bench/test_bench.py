"""The benchmark's parts do what they are called, and its JSON has the keys that are relied on."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, permutations
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import torch

import scenarios
from engine.bench import report
from engine.bench.deadline import Deadline, OutOfTimeError
from engine.bench.lockstep import measure_lockstep
from engine.bench.pace import MatrixProducts, measure_pace, measure_steps
from engine.bench.report import Effort
from engine.bench.spread import Spread
from engine.runtime.state import Settings
from engine.training.pace import BLOCK, TrainerPace
from tests.engine.lab import make_scenario, random_data, write_data

LEAST = Effort(repeats=1, blocks=1, batches=1)
ENDLESS = Deadline(monotonic)


@pytest.fixture
def kept_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_spread_is_a_median_and_a_range() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0, 3)
    assert Spread.of_ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == Spread(2.0, 1.0, 3.0, 3)


def test_a_block_is_ten_steps_with_one_sample_among_them() -> None:
    pace = TrainerPace(make_scenario(), random_data())
    assert pace.trainer.steps == BLOCK  # behind the first ten, which are all measured
    assert pace() > 0
    assert pace.trainer.steps == 2 * BLOCK


def test_a_pace_is_taken_with_and_without_measuring_in_every_order(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def watched(block: Callable[[Any], None]) -> Callable[[Any], None]:
        def watching(way: Any) -> None:
            turns.append("products" if isinstance(way, MatrixProducts) else str(way.trainer.measuring))
            block(way)

        return watching

    for kind in (TrainerPace, MatrixProducts):
        monkeypatch.setattr(kind, "_block", watched(kind._block))
    measure_pace(make_scenario(), random_data(), torch.get_num_threads(), ENDLESS, repeats=1, blocks=6)
    _first_trainer, _first_products, *turns = turns  # their first blocks are not counted
    orders = {tuple(turns[first : first + 3]) for first in range(0, 18, 3)}
    assert orders == set(permutations(("True", "False", "products")))


def test_a_scenario_that_diverges_has_no_step_time() -> None:
    data = random_data(600)
    assert measure_steps(scenarios.load("linear-exploding"), data, ENDLESS, repeats=1) is None
    assert measure_steps(scenarios.load("depth-3"), data, ENDLESS, repeats=2) is not None


def test_the_floor_is_every_matrix_product_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by torch: one product forward and two backward per layer, one backward in the first layer."""
    from torch.utils.flop_counter import FlopCounterMode

    scenario, data = make_scenario(), random_data()
    monkeypatch.setattr("engine.bench.pace.BLOCK", 1)
    monkeypatch.setattr("engine.training.pace.BLOCK", 1)
    floor, pace = MatrixProducts(scenario, torch.device("cpu")), TrainerPace(scenario, data)
    counts = []
    for work in (floor, pace):
        with FlopCounterMode(display=False) as counter:
            work()
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1]


class Clock:
    """A made-up clock, on which every block of steps takes one second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        block = TrainerPace._block

        def taking_a_second(pace: TrainerPace) -> None:
            block(pace)
            self.now += 1

        monkeypatch.setattr(TrainerPace, "_block", taking_a_second)

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Bench:
    """The benchmark of two scenarios on one core."""

    settings: Settings
    clock: Clock
    said: list[tuple[int, int, str]]

    def measure(self, seconds: float, effort: Effort = LEAST) -> report.Report:
        deadline = Deadline(self.clock, seconds)
        return report.measure(self.settings, effort, 1, 1, deadline, lambda *what: self.said.append(what))


PARTS = (
    "an epoch with and without measuring, and its matrix products",
    "the usual DataLoader loop",
    "a step of depth-3",
    "a step of adam",
    "an epoch with 1 thread",
    "6 runs in lockstep, and one after another",
)


@pytest.fixture
def bench(kept_threads: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    two = [entry for entry in scenarios.entries() if entry.id in ("depth-3", "adam")]
    monkeypatch.setattr(scenarios, "entries", lambda: two)
    settings = Settings(device="cpu", data=write_data(tmp_path / "data", 600, 20), threads=1)
    return Bench(settings, Clock(monkeypatch), [])


def test_everything_is_measured_and_has_its_key(bench: Bench) -> None:
    found = bench.measure(inf)
    record = found.record()
    for key in ("epoch_seconds", "epoch_seconds_unmeasured", "floor_seconds", "dataloader_seconds"):
        assert record[key] > 0, key
    for key in ("over_floor", "over_dataloader", "measuring", "lockstep"):
        assert record[key] > 0, key
    assert record["auto_threads"] == 1
    assert record["not_measured"] == ()
    detail = record["detail"]
    assert set(detail["steps"]) == {"depth-3", "adam"}
    assert set(detail["usual"]["by_workers"]) == {0, 2}
    assert [pace["threads"] for pace in detail["threads"]] == [1]  # of one core
    assert detail["launches"] is None
    assert {"python", "torch"} <= set(detail["versions"])
    assert bench.said == [(number + 1, len(PARTS), name) for number, name in enumerate(PARTS)]


def test_what_there_was_no_time_for_is_named_and_has_no_number(bench: Bench) -> None:
    # Three blocks for the pace, two for the DataLoader loop, two for the first scenario's step.
    found = bench.measure(7.0)
    assert found.not_measured == PARTS[3:]
    assert set(found.steps) == {"depth-3"}
    assert (found.lockstep, found.threads, found.auto_threads) == (None, (), None)
    record = found.record()
    assert record["over_floor"] > 0
    assert (record["lockstep"], record["auto_threads"]) == (None, None)
    assert record["not_measured"] == PARTS[3:]
    assert bench.clock.now == 7.0, "nothing has begun after the deadline"


def test_without_any_time_nothing_is_measured_and_nothing_begins(bench: Bench) -> None:
    found = bench.measure(0.0)
    assert found.not_measured == PARTS
    assert found.cores_had is None
    assert json.loads(json.dumps(found.record()))["epoch_seconds"] is None
    assert bench.clock.now == 0.0


def test_a_part_is_not_repeated_in_the_time_of_those_that_follow(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def five_seconds(*_: object, at_once: bool) -> float:
        bench.clock.now += 5.0
        return 5.0

    monkeypatch.setattr("engine.bench.lockstep._time_runs", five_seconds)
    found = bench.measure(60.0, Effort(repeats=50, blocks=1, batches=1))
    assert found.not_measured == ()
    assert found.pace is not None
    assert found.pace.epoch.count == 3, "of 3 seconds, in 4/22 of 60 seconds"
    assert found.lockstep is not None
    assert found.lockstep.together.count == 3, "of 10 seconds, in what is left"
    assert 50.0 < bench.clock.now <= 60.0


def test_runs_in_lockstep_end_at_the_deadline(tmp_path: Path) -> None:
    """Each look at this clock takes a second, and there is one for each event of a run."""
    settings = Settings(device="cpu", data=write_data(tmp_path / "data", 600, 20), threads=1)
    deadline = Deadline(count().__next__, 6.0)
    with pytest.raises(OutOfTimeError):
        measure_lockstep(settings, make_scenario(), deadline, runs=2, side_by_side=1, repeats=1)
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
