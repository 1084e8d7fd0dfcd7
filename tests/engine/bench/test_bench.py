"""The benchmark's parts do what they are called, and its JSON has the keys that are relied on."""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import torch

import scenarios
from engine.bench import report
from engine.bench.pace import MatrixProducts, measure_pace, measure_steps
from engine.bench.report import Effort
from engine.bench.spread import Spread
from engine.runtime.state import Settings
from engine.training.pace import BLOCK, TrainerPace
from tests.engine.lab import make_scenario, random_data, write_data

LEAST = Effort(repeats=1, blocks=1, batches=1)


@pytest.fixture
def kept_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_spread_is_a_median_and_a_range() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of_ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == Spread(2.0, 1.0, 3.0)


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
    measure_pace(make_scenario(), random_data(), torch.get_num_threads(), repeats=1, blocks=6)
    _first_trainer, _first_products, *turns = turns  # their first blocks are not counted
    orders = {tuple(turns[first : first + 3]) for first in range(0, 18, 3)}
    assert orders == set(permutations(("True", "False", "products")))


def test_a_scenario_that_diverges_has_no_step_time() -> None:
    data = random_data(600)
    assert measure_steps(scenarios.load("linear-exploding"), data, repeats=1) is None
    assert measure_steps(scenarios.load("depth-3"), data, repeats=2) is not None


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


@pytest.mark.usefixtures("kept_threads")
def test_everything_is_measured_and_has_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = [entry for entry in scenarios.entries() if entry.id in ("depth-3", "adam")]
    monkeypatch.setattr(scenarios, "entries", lambda: two)
    settings = Settings(device="cpu", data=write_data(tmp_path / "data", 600, 20), threads=1)
    said: list[str] = []
    record: dict[str, Any] = report.measure(settings, LEAST, cores=1, spare=1, say=said.append).record()
    for key in ("epoch_seconds", "epoch_seconds_unmeasured", "floor_seconds", "dataloader_seconds"):
        assert record[key] > 0, key
    for key in ("over_floor", "over_dataloader", "measuring", "lockstep"):
        assert record[key] > 0, key
    assert record["auto_threads"] == 1
    detail = record["detail"]
    assert set(detail["steps"]) == {"depth-3", "adam"}
    assert set(detail["usual"]["by_workers"]) == {0, 2}
    assert [pace["threads"] for pace in detail["threads"]] == [1]  # of one core
    assert detail["launches"] is None
    assert {"python", "torch"} <= set(detail["versions"])
    assert len(said) == len(set(said)) == 6
