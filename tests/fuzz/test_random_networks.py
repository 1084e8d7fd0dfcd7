"""Random valid networks train some steps: what is measured is what a plain PyTorch loop finds."""

import math
from pathlib import Path

import pytest
import torch

from engine.data.fashion_mnist import Dataset
from engine.storage.run_log import read_events
from scenarios.schema import Adam
from tests.engine.lab import of_kind
from tests.fuzz.budget import cases
from tests.fuzz.random_networks import described, random_scenario, small_data
from tests.fuzz.test_verdict_exam import train
from tests.fuzz.truths import find_truth
from vanish_recorder.protocol.codec import to_line
from vanish_recorder.protocol.events import RunFinished, Sample
from vanish_recorder.protocol.status import Status

STEPS = 20
MEASURED = {
    "grad": "grad_norm",
    "update": "update_ratio",
    "weight": "weight_norm",
    "mean": "activation_mean",
    "std": "activation_std",
    "sample_std": "sample_std",
    "delta": "delta_norm",
    "saturated": "saturated",
    "inactive": "inactive",
    "dead": "dead",
}


def test_what_is_measured_is_what_a_plain_loop_finds(sample_data: Dataset, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    for case in cases("measured networks", at_least=3):
        scenario = random_scenario(case.random, epochs=1)
        label = f"{case.label} {described(scenario)}"
        data = small_data(sample_data, scenario.data.batch_size, STEPS)
        truth = find_truth(scenario, data, case.number)
        folder = tmp_path / str(case.number)
        events = train(scenario, data, case.number, folder)
        end = of_kind(events, RunFinished)[-1]
        assert end.status in (Status.FINISHED, Status.DIVERGED), f"{label}: {end.error}"
        assert (end.status is Status.DIVERGED) == (truth.first_bad is not None), label
        read = read_events(folder / "events.jsonl")
        assert [to_line(event) for event in read] == [to_line(event) for event in events], label
        for sample in of_kind(events, Sample):
            if not math.isfinite(sample.loss):
                continue
            plain = truth.steps[sample.step]
            assert sample.loss == pytest.approx(plain.loss, rel=1e-5), f"{label}, step {sample.step}"
            for ours, theirs in zip(sample.layers, plain.layers, strict=True):
                for name, quantity in MEASURED.items():
                    found, true = getattr(ours, quantity), getattr(theirs, name)
                    if found is None or true is None or not math.isfinite(true):
                        continue
                    size = theirs.size if name in ("mean", "std", "sample_std") else 0.0
                    # Adam divides by the gradient's size, which magnifies the last bits of a tiny gradient.
                    part = 1e-4 if name == "update" and isinstance(scenario.optimizer, Adam) else 1e-5
                    where = f"{label}, step {sample.step}, {ours.name}: {quantity}"
                    assert found == pytest.approx(true, rel=part, abs=1e-5 * size + 1e-30), where
