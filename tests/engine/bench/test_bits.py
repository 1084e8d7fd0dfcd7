"""The table of bits per device says where two devices part, and how far."""

import json
from dataclasses import replace
from math import inf
from pathlib import Path
from time import monotonic

import pytest
import torch

import scenarios
from engine.bench import gpu_parts
from engine.bench.bits import measure_bits
from engine.bench.deadline import Deadline, OutOfTimeError
from engine.bench.lockstep import RunFailedError, measure_lockstep
from engine.data.fashion_mnist import Dataset
from engine.runtime.state import Settings
from engine.training.optimizers import Optimizer
from tests.engine.lab import make_scenario, random_data, write_data

ENDLESS = Deadline(monotonic, inf)


def nearly(data: Dataset) -> Dataset:
    """The same images, one of which has one other pixel: what another device's rounding does to a run."""
    images = data.train_images.clone()
    images[0, 0] ^= 1
    return replace(data, train_images=images)


def test_one_device_has_the_same_bits_twice() -> None:
    found = measure_bits(make_scenario(), random_data(), random_data(), ENDLESS, steps=12)
    assert (found.differs_at, found.first, found.largest, found.weights) == (None, 0.0, 0.0, 0.0)
    assert found.diverged == (None, None)


def test_other_numbers_are_found_and_measured() -> None:
    data = random_data()
    found = measure_bits(make_scenario(), data, nearly(data), ENDLESS, steps=12)
    assert found.differs_at is not None
    assert 0 < found.largest < 0.01
    assert found.first <= found.largest
    assert found.weights is not None
    assert 0 < found.weights < 0.01


def test_a_run_that_diverges_says_at_which_step() -> None:
    data = random_data(600)
    found = measure_bits(scenarios.load("linear-exploding"), data, data, ENDLESS, steps=12)
    assert found.diverged[0] is not None
    assert found.diverged[0] == found.diverged[1]
    assert found.weights is None


def test_no_run_begins_after_the_deadline() -> None:
    over = Deadline(monotonic, 0)
    with pytest.raises(OutOfTimeError):
        measure_bits(make_scenario(), random_data(), random_data(), over, steps=1)


def test_a_run_that_fails_is_no_time_of_lockstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(_: Optimizer) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr("engine.training.optimizers.Optimizer.step", step)
    settings = Settings(device="cpu", data=write_data(tmp_path))
    with pytest.raises(RunFailedError, match="too little free memory"):
        measure_lockstep(settings, make_scenario(), ENDLESS, runs=2, side_by_side=1, repeats=1)


def test_a_part_prints_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenarios.entries", lambda: [])
    data = str(write_data(tmp_path, 600))
    assert gpu_parts.main(["step", "--device", "cpu", "--data", data, "--steps", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["step"]["median"] > 0


@pytest.mark.parametrize(
    ("device", "error", "says"),
    [
        ("nonsense", None, "unknown device"),
        ("cpu", RuntimeError("CUDA error: uncorrectable ECC error encountered"), "depth-3: the memory of"),
        ("cpu", ValueError("what"), "depth-3: ValueError: what"),
    ],
)
def test_a_part_that_fails_says_why_and_in_which_scenario(
    device: str,
    error: Exception | None,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: object, **__: object) -> None:
        assert error is not None
        raise error

    monkeypatch.setattr("engine.bench.bits.measure_bits", failing)
    some = [entry for entry in scenarios.entries() if entry.id == "depth-3"]
    monkeypatch.setattr("scenarios.entries", lambda: some)
    arguments = ["bits", "--device", device, "--data", str(write_data(tmp_path)), "--steps", "1"]
    assert gpu_parts.main(arguments) == 1
    assert says in capsys.readouterr().err


def test_a_step_is_captured_only_on_a_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_parts.main(["graphs", "--device", "cpu", "--data", "sample", "--steps", "1"]) == 1
    assert capsys.readouterr().err == "a step can be captured only on a GPU, not on cpu\n"
