"""Training on CUDA tensors, without a GPU: everything is on the device, and only samples leave it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException

import scenarios
from engine.data.fashion_mnist import Dataset
from engine.measure import inspection
from engine.measure.inspection import Histogram
from engine.storage.checkpoint import copied
from engine.training import run_events
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, of_kind, random_data, train
from tests.engine.training.fake_cuda import CUDA, Copies, Unpinned, fake_cuda, on_cuda
from tests.engine.training.test_host_synchronisation import VARIANTS
from vanish_recorder.protocol.events import EpochFinished, RunFinished, Sample, StageStarted
from vanish_recorder.protocol.status import Status

IDS = [entry.id for entry in scenarios.entries()]


@pytest.fixture(scope="module")
def data() -> Dataset:
    return random_data(200, 1000)


@pytest.fixture(autouse=True)
def unhashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake weights have no bytes."""
    monkeypatch.setattr(run_events, "weights_sha256", lambda network: "0" * 64)


def started(scenario: Scenario, data: Dataset) -> tuple[Trainer, list[Any]]:
    return begin(scenario, on_cuda(data))


def tensors(state: Any) -> Iterator[Tensor]:
    """All tensors in a trainer's state."""
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, dict | list | tuple):
        for each in state.values() if isinstance(state, dict) else state:
            yield from tensors(each)


def expected(events: list[Any]) -> list[str]:
    """One copy for each sample, and two for each epoch: the losses since the last sample, the test set."""
    epochs = of_kind(events, EpochFinished)
    ends_with_sample = sum(
        isinstance(before, Sample) and before.step == event.step
        for before, event in pairwise(events)
        if isinstance(event, EpochFinished)
    )
    return ["pinned"] * (len(of_kind(events, Sample)) + 2 * len(epochs) - ends_with_sample)


@pytest.mark.parametrize("scenario", IDS)
def test_every_scenario_trains_and_copies_only_samples(scenario: str, data: Dataset) -> None:
    with fake_cuda() as copies:
        trainer, events = started(scenarios.load(scenario, ["data.batch_size=16"]), data)
        train(trainer, 30)  # two epochs and a part of the third
        assert copies.seen == expected(events)
        assert {each.device for each in tensors(trainer.state())} == {CUDA}
    assert {event.step for event in of_kind(events, Sample)} == {*range(1, 11), 20, 30}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_step_is_on_the_device(variant: str, data: Dataset) -> None:
    with fake_cuda() as copies:
        trainer, events = started(make_scenario(VARIANTS[variant]), data)
        train(trainer, 20)
        assert copies.seen == expected(events)
        assert {each.device for each in tensors(trainer.state())} == {CUDA}


def test_a_staged_training_builds_every_stage_on_the_device_and_ends(data: Dataset) -> None:
    with fake_cuda() as copies:
        trainer, events = started(scenarios.load("staged", ["training.epochs=1"]), data)
        train(trainer)
        assert copies.seen == expected(events)
        assert {each.device for each in trainer.network.parameters()} == {CUDA}
    stages = [event.stage for event in of_kind(events, StageStarted)]
    assert stages == list(range(1, events[0].stages + 1))
    assert of_kind(events, RunFinished)[0].status is Status.FINISHED


def test_what_a_user_changes_copies_nothing(data: Dataset) -> None:
    with fake_cuda() as copies:
        trainer, events = started(scenarios.load("depth-7"), data)
        train(trainer, 1)
        before = list(copies.seen)
        trainer.freeze("layer1", frozen=True)
        trainer.set_learning_rate(0.5)
        trainer.pause("p")
        trainer.resume("p")
        assert copies.seen == before
        train(trainer, 3)
        trainer.freeze("layer1", frozen=False)
        train(trainer, 3)
        assert copies.seen == expected(events)


@pytest.mark.parametrize("scenario", ["adam", "batchnorm", "relu", "staged", "resnet-20"])
def test_a_checkpoint_is_copied_into_pinned_memory(scenario: str, data: Dataset) -> None:
    with fake_cuda() as copies:
        trainer, _ = started(scenarios.load(scenario, ["data.batch_size=16"]), data)
        train(trainer, 14)
        state, before = trainer.state(), len(copies.seen)
        saved = copied(state)
        assert copies.seen[before:] == ["pinned"] * len(list(tensors(state)))
        assert {each.device.type for each in tensors(saved)} == {"cpu"}
        shapes = [(each.shape, each.dtype) for each in tensors(state)]
        assert [(each.shape, each.dtype) for each in tensors(saved)] == shapes


@pytest.mark.parametrize(
    "scenario", ["adam", "momentum", "sdagd", "batchnorm", "relu", "staged", "resnet-20"]
)
def test_a_checkpoint_of_the_cpu_continues_on_the_device(scenario: str, data: Dataset) -> None:
    described = scenarios.load(scenario, ["data.batch_size=16"])
    on_cpu, _ = begin(described, data)
    train(on_cpu, 18)
    saved = copied(on_cpu.state())
    events: list[Any] = []
    with fake_cuda():
        trainer = Trainer("run", described, 1, on_cuda(data), events.append)
        trainer.restore(saved)
        trainer.resume("r")
        train(trainer, 12)
        assert {each.device for each in tensors(trainer.state())} == {CUDA}
    assert [event.step for event in of_kind(events, Sample)] == [20, 30]


@pytest.mark.parametrize(
    "scenario", ["depth-7", "skip", "batchnorm", "customnorm", "resnet-20", "gru-rows", "vit-post-ln"]
)
def test_a_layer_is_inspected_on_the_device(
    scenario: str, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.device] = []

    def histogram(values: Tensor) -> Histogram:
        seen.append(values.device)
        return Histogram(0.0, 1.0, (1,), 0.5, 0.1, 0, 0)

    monkeypatch.setattr(inspection, "histogram", histogram)
    with fake_cuda() as copies:
        trainer, _ = started(scenarios.load(scenario, ["data.batch_size=16"]), data)
        train(trainer, 2)
        before = list(copies.seen)
        trainer.inspect(trainer.network.layer_names[1])
        assert seen == [CUDA] * 3
        assert copies.seen == before


def test_runs_of_a_comparison_take_turns_on_one_device(data: Dataset) -> None:
    with fake_cuda() as copies:
        there = on_cuda(data)
        runs = [begin(scenarios.load(each), there) for each in ("depth-7", "adam", "batchnorm")]
        for _ in range(5):
            for trainer, _ in runs:
                trainer.step()
        assert copies.seen == ["pinned"] * sum(len(expected(events)) for _, events in runs)


# ------------------------------------------------------------------------ the mode finds what is wrong


def test_tensors_of_two_devices_fail() -> None:
    with fake_cuda(), pytest.raises(RuntimeError, match="device"):
        torch.ones(3, device=CUDA) + torch.ones(3)


def test_a_value_that_is_read_fails() -> None:
    with fake_cuda(), pytest.raises(DataDependentOutputException):
        float(torch.ones((), device=CUDA))
    with fake_cuda(), pytest.raises(Unpinned):
        torch.ones(3, device=CUDA).tolist()


def test_a_copy_that_is_not_pinned_fails_or_is_seen() -> None:
    with fake_cuda() as copies:
        there = torch.ones(3, device=CUDA)
        with pytest.raises(Unpinned):
            torch.empty(3).copy_(there, non_blocking=True)
        with pytest.raises(Unpinned):
            torch.empty(3, pin_memory=True).copy_(there)  # the CPU would wait
        there.cpu()
        there.to("cpu")
        assert copies.seen == ["cpu", "to"]
        assert isinstance(copies, Copies)
