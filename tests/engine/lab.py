"""Small scenarios, data sets and trainers for the engine's tests."""

import copy
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.data import idx
from engine.data.fashion_mnist import FILES, PIXELS, Dataset, fingerprint
from engine.storage.origin import Origin
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from vanish_recorder.protocol.events import RunEvent, Sample
from vanish_recorder.protocol.status import Status

DEADLINE = 60.0  # seconds: longer than anything here takes on a busy machine

_BASE: dict[str, Any] = {
    "id": "small",
    "title": "A small network",
    "section": "Tests",
    "model": {
        "hidden_layers": 3,
        "width": 16,
        "activation": "sigmoid",
        "init": {"scheme": "normal", "std": 0.3},
    },
    "data": {"name": "fashion-mnist", "batch_size": 32},
    "optimizer": {"name": "sgd", "lr": 0.1},
    "training": {"loss": "cross_entropy", "epochs": 2},
}

COURSE = {"model.width": 128, "model.init.std": 0.05, "data.batch_size": 512, "optimizer.lr": 0.01}

E = TypeVar("E", bound=RunEvent)


def make_scenario(changes: Mapping[str, Any] | None = None) -> Scenario:
    """Three hidden layers of 16 sigmoids, batch 32, two epochs; `changes` go by dotted key."""
    table = copy.deepcopy(_BASE)
    for key, value in (changes or {}).items():
        *path, last = key.split(".")
        inner = table
        for part in path:
            inner = inner[part]
        inner[last] = value
    return Scenario.model_validate(table)


def course(hidden_layers: int = 7, changes: Mapping[str, Any] | None = None) -> Scenario:
    """What all of the slides' networks have in common, `hidden_layers` deep."""
    return make_scenario({"model.hidden_layers": hidden_layers, **COURSE, **(changes or {})})


def plain_loss(name: str, logits: Tensor, labels: Tensor) -> Tensor:
    """What a scenario minimises, for autograd to follow."""
    if name == "bce":
        return F.binary_cross_entropy_with_logits(logits, torch.eye(10)[labels])
    return F.cross_entropy(logits, labels)


def random_data(train: int = 80, test: int = 20, *, passes: int = 1) -> Dataset:
    """Noise in the shape of Fashion-MNIST."""
    draw = torch.Generator().manual_seed(11)
    parts = (
        torch.randint(256, (train, PIXELS), generator=draw, dtype=torch.uint8),
        torch.randint(10, (train,), generator=draw),
        torch.randint(256, (test, PIXELS), generator=draw, dtype=torch.uint8),
        torch.randint(10, (test,), generator=draw),
    )
    train_images, train_labels, test_images, test_labels = parts
    return Dataset(
        name="fashion-mnist",
        source="noise",
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        passes=passes,
        folder=None,
        sha256=fingerprint(*(part.to(torch.uint8).numpy().tobytes() for part in parts)),
    )


def write_data(folder: Path, train: int = 80, test: int = 20) -> Path:
    """A folder with the four IDX files of a data set as `random_data` gives it."""
    data = random_data(train, test)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = (data.train_images, data.train_labels, data.test_images, data.test_labels)
    for name, tensor in zip(FILES, tensors, strict=True):
        shape = (len(tensor), 28, 28) if tensor.dtype == torch.uint8 else (len(tensor),)
        (folder / name).write_bytes(idx.encode(shape, bytes(tensor.flatten().tolist())))
    return folder


def origin() -> Origin:
    """Where a run begins that is trained on `random_data`."""
    return replace(Origin.of(random_data(), threads=1), host="gpu-box-3", command="vanish-tui run small")


def begin(
    scenario: Scenario, data: Dataset, seed: int = 1, *, measuring: bool = True
) -> tuple[Trainer, list[RunEvent]]:
    """A trainer that has begun, and the list that its events go to."""
    events: list[RunEvent] = []
    trainer = Trainer("run", scenario, seed, data, events.append, measuring=measuring)
    trainer.begin()
    return trainer, events


def train(trainer: Trainer, steps: int | None = None) -> None:
    """Some steps, or all that are left."""
    while trainer.status is Status.RUNNING and steps != 0:
        trainer.step()
        steps = None if steps is None else steps - 1


def watch_batches(trainer: Trainer) -> list[Tensor]:
    """A list that the images of every batch to come go to."""
    batches: list[Tensor] = []
    trainer.network.register_forward_pre_hook(lambda _, inputs: batches.append(inputs[0]))
    return batches


def of_kind(events: Iterable[RunEvent], kind: type[E]) -> list[E]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def first_sample(scenario: Scenario, data: Dataset, seed: int = 1) -> Sample:
    """What is measured in a run's first step."""
    trainer, events = begin(scenario, data, seed)
    trainer.step()
    return of_kind(events, Sample)[0]


def number(value: float | None) -> float:
    """A measured value that has to be there."""
    assert value is not None
    return value


class Listener:
    """An `on_event` that keeps every event, lets a test wait for one, and may answer each.

    Args:
        answer: called with each event in the engine's thread.

    Attributes:
        gate: while it is not set, the engine waits at its next event.
    """

    def __init__(self, answer: Callable[[RunEvent], None] | None = None) -> None:
        self.events: list[RunEvent] = []
        self.answer = answer
        self.gate = threading.Event()
        self.gate.set()
        self._changed = threading.Condition()

    def __call__(self, event: RunEvent) -> None:
        assert self.gate.wait(DEADLINE)
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        if self.answer is not None:
            self.answer(event)

    def wait_for(self, kind: type[E], count: int = 1, *, run: str | None = None) -> E:
        """The `count`th event of one kind, of one run if it is named."""

        def found() -> list[E]:
            return [event for event in of_kind(self.events, kind) if run in (None, event.run)]

        with self._changed:
            came = self._changed.wait_for(lambda: len(found()) >= count, DEADLINE)
        assert came, f"no {count}. {kind.__name__} among {[event.event for event in self.events]}"
        return found()[count - 1]
