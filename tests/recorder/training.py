"""Small trainings for the tests of the recorder, and their logs."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.storage.run_log import read_events
from vanish_recorder.lab import Lab
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.watch_events import Measured, StructureFound

Batch = tuple[Tensor, Tensor]


def mlp(activation: Callable[[], nn.Module] = nn.ReLU, layers: int = 3, width: int = 8) -> nn.Sequential:
    """An MLP of `layers` hidden layers, from 4 inputs to 3 classes."""
    torch.manual_seed(1)
    widths = [4, *[width] * layers]
    hidden = [each for a, b in pairwise(widths) for each in (nn.Linear(a, b), activation())]
    return nn.Sequential(*hidden, nn.Linear(width, 3))


def linear(model: nn.Sequential, place: int) -> nn.Linear:
    """A linear layer of a model from `mlp`."""
    found = model[place]
    assert isinstance(found, nn.Linear)
    return found


def batches(*, shape: tuple[int, ...] = (4,), size: int = 16, seed: int = 2) -> Iterator[Batch]:
    """Random inputs with classes from 0 to 2, without end. They use no global randomness."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        inputs = torch.randn(size, *shape, generator=generator)
        yield inputs, torch.randint(0, 3, (size,), generator=generator)


def step(model: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch) -> Tensor:
    """One step of a plain loop; returns the loss."""
    inputs, classes = batch
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs), classes)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def weights_of(model: nn.Module) -> Tensor:
    """All parameters in one tensor."""
    return torch.cat([each.detach().reshape(-1).double() for each in model.parameters()])


def events_of(lab: Lab) -> list[RunEvent]:
    """The events of a closed recording."""
    assert lab.folder is not None
    return read_events(Path(lab.folder) / "events.jsonl")


def samples_of(lab: Lab) -> list[Measured]:
    """Its samples."""
    return [event for event in events_of(lab) if isinstance(event, Measured)]


def structure_of(lab: Lab) -> StructureFound:
    """The latest structure."""
    return [event for event in events_of(lab) if isinstance(event, StructureFound)][-1]


def tensor(lab: Lab, sample: Measured, name: str, quantity: str) -> float | None:
    """What was measured of a parameter."""
    number = [spec.name for spec in structure_of(lab).tensors].index(name)
    return sample.tensors[quantity][number]


def block(lab: Lab, sample: Measured, name: str, quantity: str) -> float | None:
    """What was measured of a block."""
    number = [spec.name for spec in structure_of(lab).blocks].index(name)
    return sample.blocks[quantity][number]


def state(lab: Lab, sample: Measured, name: str) -> str:
    """The state of a parameter in a sample."""
    return sample.states[[spec.name for spec in structure_of(lab).tensors].index(name)]
