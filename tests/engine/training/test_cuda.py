"""On a GPU: the CPU's numbers, and no wait for the device between two samples."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

import scenarios
from engine.data.fashion_mnist import Dataset
from tests.engine.lab import begin, number, of_kind, train
from vanish_recorder.protocol.events import RunStarted, Sample

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]

SCENARIOS = ["depth-7", "batchnorm", "customnorm", "relu", "skip", "adam", "sdagd", "sigmoid-beta", "staged"]


@pytest.fixture(scope="module")
def on_gpu(sample_data: Dataset) -> Dataset:
    names = ("train_images", "train_labels", "test_images", "test_labels")
    return replace(sample_data, **{name: getattr(sample_data, name).to("cuda") for name in names})


@pytest.fixture
def no_synchronisation() -> Iterator[None]:
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_first_step_measures_what_it_measures_on_the_cpu(
    scenario: str, sample_data: Dataset, on_gpu: Dataset
) -> None:
    samples: list[Sample] = []
    for data in (sample_data, on_gpu):
        trainer, events = begin(scenarios.load(scenario), data)
        trainer.step()
        samples.append(of_kind(events, Sample)[0])
    cpu, cuda = samples
    assert cuda.loss == pytest.approx(cpu.loss, rel=1e-5)
    for ours, theirs in zip(cuda.layers, cpu.layers, strict=True):
        for name in ("grad_norm", "delta_norm", "weight_norm", "activation_mean", "activation_std"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-3), name
        assert number(ours.sample_std) == pytest.approx(number(theirs.sample_std), rel=1e-2)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_weights_and_batches_are_drawn_on_the_cpu(
    scenario: str, sample_data: Dataset, on_gpu: Dataset
) -> None:
    (cpu, _), (cuda, events) = (begin(scenarios.load(scenario), data) for data in (sample_data, on_gpu))
    for ours, theirs in zip(cuda.network.parameters(), cpu.network.parameters(), strict=True):
        assert torch.equal(ours.cpu(), theirs)
    assert of_kind(events, RunStarted)[0].device.startswith("cuda")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_between_two_samples_nothing_waits_for_the_device(
    scenario: str, on_gpu: Dataset, request: pytest.FixtureRequest
) -> None:
    trainer, _ = begin(scenarios.load(scenario), on_gpu)
    train(trainer, 10)
    request.getfixturevalue("no_synchronisation")
    train(trainer, 9)


def test_the_same_seed_gives_the_same_bits_twice(on_gpu: Dataset) -> None:
    runs = [begin(scenarios.load("batchnorm"), on_gpu)[0] for _ in range(2)]
    for trainer in runs:
        train(trainer, 15)
    first, second = (trainer.network.state_dict() for trainer in runs)
    assert all(torch.equal(first[name], second[name]) for name in first)
