"""Random valid networks train some steps: what is measured is what a plain PyTorch loop finds."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from engine.data.fashion_mnist import Dataset
from engine.storage.run_log import read_events
from engine.training.optimizers import Adam
from tests.engine.lab import make_scenario, of_kind
from tests.fuzz.budget import cases
from tests.fuzz.random_networks import described, random_scenario, small_data
from tests.fuzz.same_weights import SameWeights
from tests.fuzz.test_verdict_exam import train
from vanish_recorder.protocol.codec import to_line
from vanish_recorder.protocol.events import RunEvent, Sample

STEPS = 20


def untimed(events: list[RunEvent]) -> list[Sample]:
    """The samples, without the run's name and the time that they took."""
    return [replace(sample, run="", time=0.0) for sample in of_kind(events, Sample)]


def test_what_is_measured_is_what_a_plain_loop_finds(sample_data: Dataset, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    for case in cases("measured networks", at_least=3):
        scenario = random_scenario(case.random, epochs=1)
        label = f"{case.label} {described(scenario)}"
        data = small_data(sample_data, scenario.data.batch_size, STEPS)
        both = SameWeights(scenario, data, case.number)
        differences = list(both.differences())
        assert not differences, f"{label}: {differences[0]} (and {len(differences) - 1} more)"

        folder = tmp_path / str(case.number)
        events = train(scenario, data, case.number, folder)
        assert untimed(events) == untimed(both.events), f"{label}: the run is not the trainer's"
        read = read_events(folder / "events.jsonl")
        assert [to_line(event) for event in read] == [to_line(event) for event in events], label


def test_an_adam_that_counts_a_step_twice_is_found(
    sample_data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison allows rounding, which Adam magnifies; so it must still see a wrong bias correction."""
    torch.set_num_threads(1)
    scenario = make_scenario({"optimizer": {"name": "adam", "lr": 0.001}, "training.epochs": 1})
    data = small_data(sample_data, scenario.data.batch_size, steps=3)
    assert not list(SameWeights(scenario, data, 1).differences())
    right = Adam._update

    def counts_twice(self: Adam, number: int, parameter: nn.Parameter, gradient: Tensor) -> None:
        right(self, number, parameter, gradient)
        self._steps[number] += 1

    monkeypatch.setattr(Adam, "_update", counts_twice)
    found = list(SameWeights(scenario, data, 1).differences())
    assert found
    assert not any(each.startswith("step 1,") for each in found)
