"""Captured steps have the bits of steps that are not, with a recorder that holds what a CUDA graph holds.

It records each operation with the tensors and numbers that it had, and runs it again on the same memory. So
what a graph would not see is not seen here either: another number in Python, or a tensor made later.
"""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

import scenarios
from engine.bench.captured import measure_captured
from engine.bench.deadline import Deadline
from engine.data.fashion_mnist import Dataset
from engine.training.graphs import GraphTrainer
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import make_scenario, random_data, train
from vanish_recorder.protocol.events import RunEvent

STEPS = 60  # of ten batches and a shorter one in each epoch


class Recording(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The operations of a step, as a graph would hold them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._operations: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self._operations.append((func, args, kwargs or {}, result))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, made in self._operations:
            for before, now in zip(
                tree_flatten(made)[0], tree_flatten(func(*args, **kwargs))[0], strict=True
            ):
                if isinstance(before, Tensor) and before.data_ptr() != now.data_ptr():
                    before.copy_(now)


@torch.no_grad()
def record(work: Callable[[], None]) -> Callable[[], None]:
    """As `record_on_cuda`: what is captured does not run, so the weights are as before."""
    live = [each for each in _weights.values() if isinstance(each, Tensor)]
    kept = [each.clone() for each in live]
    with Recording() as recording:
        work()
    for each, before in zip(live, kept, strict=True):
        each.copy_(before)
    replay: Callable[[], None] = recording.replay
    return replay


_weights: dict[int, Tensor] = {}  # what a step changes in place: of the trainer that captures


class Recorded(GraphTrainer):
    record = staticmethod(record)

    def _capture(self, images: Tensor, labels: Tensor) -> Any:
        _weights.clear()
        velocities = self.optimizer.state_dict().get("velocity", {})
        for number, each in enumerate([*self.network.state_dict().values(), *velocities.values()]):
            _weights[number] = each
        return super()._capture(images, labels)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return random_data(32 * 10 + 8)


def trained(
    kind: type[Trainer],
    changes: Mapping[str, Any],
    data: Dataset,
    meanwhile: Callable[[Trainer], None],
    scenario: Scenario | None = None,
) -> tuple[Trainer, list[Any]]:
    events: list[RunEvent] = []
    scenario = scenario or make_scenario({"training.epochs": 50, **changes})
    trainer = kind("run", scenario, 1, data, events.append)
    trainer.begin()
    for _ in range(3):
        train(trainer, STEPS // 3)
        meanwhile(trainer)
    numbers = [
        (
            event.step,
            getattr(event, "loss", None),
            getattr(event, "test_loss", None),
            getattr(event, "layers", 0),
        )
        for event in events
    ]
    return trainer, numbers


def same(changes: Mapping[str, Any], data: Dataset, meanwhile: Callable[[Trainer], None]) -> Recorded:
    plain, expected = trained(Trainer, changes, data, meanwhile)
    captured, numbers = trained(Recorded, changes, data, meanwhile)
    assert numbers == expected
    weights = captured.network.state_dict()
    assert all(torch.equal(each, weights[name]) for name, each in plain.network.state_dict().items())
    assert isinstance(captured, Recorded)
    return captured


def nothing(trainer: Trainer) -> None:
    """Change nothing."""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer.momentum": 0.9},
        {"model.activation": "relu"},
        {"model.skip": [[1, 3]]},
        {"training.clip_norm": 0.1},
        {"training.loss": "bce"},
    ],
    ids=str,
)
def test_captured_steps_have_the_same_bits(changes: Mapping[str, Any], data: Dataset) -> None:
    trainer = same(changes, data, nothing)
    # Ten steps are measured, then every tenth; one of each epoch is short, and the first is not captured.
    assert trainer.captures == 1
    assert trainer.replays > STEPS // 2


def test_a_change_of_the_rate_or_of_what_trains_is_captured_again(data: Dataset) -> None:
    changes = iter(
        2
        * [
            lambda trainer: trainer.set_learning_rate(0.03),
            lambda trainer: trainer.freeze("layer2", frozen=True),
            lambda trainer: trainer.freeze("layer2", frozen=False),
        ]
    )
    trainer = same({"optimizer.momentum": 0.5}, data, lambda trainer: next(changes)(trainer))
    assert trainer.captures == 3


def test_each_stage_is_captured_again(data: Dataset) -> None:
    described = scenarios.load("staged", ["training.epochs=2", "data.batch_size=32"])
    _, expected = trained(Trainer, {}, data, nothing, described)
    captured, numbers = trained(Recorded, {}, data, nothing, described)
    assert numbers == expected
    assert isinstance(captured, Recorded)
    assert captured.captures == 3, "60 steps are two stages of 22 steps, and a part of the third"


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": {"name": "adam", "lr": 0.01}},
        {"model.norm": "batch"},
        {"model.dropout": 0.2},
        {"training.warmup_steps": 30},
        {"training.cosine_to": 0.1},
        {"training.precision": "bf16"},
    ],
    ids=str,
)
def test_what_needs_another_number_in_each_step_is_not_captured(
    changes: Mapping[str, Any], data: Dataset
) -> None:
    trainer = same(changes, data, nothing)
    assert (trainer.captures, trainer.replays) == (0, 0)


def test_captured_steps_are_compared_with_plain_ones(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bench.captured.GraphTrainer", Recorded)
    found = measure_captured(make_scenario(), data, Deadline(monotonic), repeats=2)
    assert found.same_bits
    assert found.replays == 4 * 9 - 1, (
        "of five blocks: nine of ten, without the first block and the first step"
    )
    assert found.plain.median > 0


def test_the_recorder_finds_a_number_that_changes(data: Dataset) -> None:
    """Otherwise the tests above would prove nothing."""

    class Careless(Recorded):
        def _can_be_captured(self) -> bool:
            return True

    changes = {"optimizer": {"name": "adam", "lr": 0.01}}
    _, expected = trained(Trainer, changes, data, nothing)
    _, numbers = trained(Careless, changes, data, nothing)
    assert numbers != expected
