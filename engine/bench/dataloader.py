"""The usual training loop, for comparison: torchvision's data set, its transforms, a DataLoader."""

import statistics
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.bench.deadline import Deadline
from engine.bench.spread import Spread
from engine.data.fashion_mnist import FILES, SIDE, Dataset
from engine.data.idx import encode
from engine.networks.initializers import initialise
from engine.randomness import generator
from engine.training.pace import BLOCK, TrainerPace, synchronise
from scenarios.schema import Scenario

_WORKERS = (0, 2)
_LR = 0.01
_WARM_UP = 4  # batches, during which the workers start


@dataclass(frozen=True, slots=True)
class UsualLoop:
    """An epoch in the usual loop, in seconds.

    Attributes:
        by_workers: by number of worker processes.
        epoch: with the faster number of workers.
        over: `epoch` divided by an epoch of ours.
    """

    by_workers: dict[int, Spread]
    epoch: Spread
    over: Spread


def measure_usual_loop(
    scenario: Scenario,
    data: Dataset,
    threads: int,
    default_threads: int,
    deadline: Deadline,
    *,
    repeats: int,
    batches: int,
) -> UsualLoop:
    """Time the usual loop with torch's default threads, alternating with our loop.

    Args:
        scenario: for its network.
        data: the training set.
        threads: for our loop.
        default_threads: the number that torch uses by default.
        deadline: fewer repetitions are made if it is near.
        repeats: the number of repetitions.
        batches: per repetition; the seconds are scaled to an epoch.

    Raises:
        OutOfTimeError: the deadline passed during the first repetition.
    """
    deadline.check()
    images = len(data.train_labels) * data.passes
    to_epoch = images / scenario.data.batch_size
    torch.set_num_threads(threads)
    pace = TrainerPace(scenario, data)
    with DataLoaderLoop(scenario, data) as loop:

        def repetition() -> tuple[float, list[float]]:
            torch.set_num_threads(threads)
            own = to_epoch / BLOCK * pace()
            torch.set_num_threads(default_threads)
            others = []
            for workers in _WORKERS:
                deadline.check()
                others.append(to_epoch / batches * loop(workers, batches))
            return own, others

        took = deadline.repeat(repetition, repeats)
    ours = [own for own, _ in took]
    usual = dict(zip(_WORKERS, zip(*(others for _, others in took), strict=True), strict=True))
    best = min(usual.values(), key=statistics.median)
    by_workers = {workers: Spread.of(seconds) for workers, seconds in usual.items()}
    return UsualLoop(by_workers, Spread.of(best), Spread.of_ratios(best, ours))


def load_torchvision() -> None:
    """Import what the loop needs, which is slow, before anything is measured."""
    import torchvision.datasets
    import torchvision.transforms  # noqa: F401


class DataLoaderLoop:
    """The same network and optimizer in the loop of tutorials, over torchvision's FashionMNIST.

    It is a context manager, because torchvision reads files, which are written to a temporary folder.

    Args:
        scenario: for its network of linear layers and sigmoids.
        data: the training set.
    """

    def __init__(self, scenario: Scenario, data: Dataset) -> None:
        self._scenario, self._data = scenario, data
        self._folder = TemporaryDirectory(prefix="vanish-tui-bench-")

    def __enter__(self) -> Self:
        from torchvision import datasets, transforms

        data = self._data
        raw = Path(self._folder.name) / "FashionMNIST" / "raw"
        raw.mkdir(parents=True)
        for name, tensor in zip(
            FILES, (data.train_images, data.train_labels, data.test_images, data.test_labels), strict=True
        ):
            shape = (len(tensor), SIDE, SIDE) if tensor.ndim == 2 else (len(tensor),)
            (raw / name).write_bytes(encode(shape, tensor.to("cpu", torch.uint8).numpy().tobytes()))
        self._dataset = datasets.FashionMNIST(self._folder.name, transform=transforms.ToTensor())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def __call__(self, workers: int, batches: int) -> float:
        """Train some batches after the workers have started; returns the seconds."""
        scenario, device = self._scenario, self._data.train_images.device
        model = _plain(scenario).to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=_LR)
        loader: Any = torch.utils.data.DataLoader(
            self._dataset, batch_size=scenario.data.batch_size, shuffle=True, num_workers=workers
        )
        total, hits, began = 0.0, 0, 0.0
        for number, (images, labels) in enumerate(islice(loader, _WARM_UP + batches)):
            if number == _WARM_UP:
                synchronise(device)
                began = perf_counter()
            images, labels = images.to(device), labels.to(device)
            logits: Tensor = model(images)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            total += loss.item()
            hits += int((logits.argmax(1) == labels).sum().item())
        synchronise(device)
        return perf_counter() - began


def _plain(scenario: Scenario) -> nn.Sequential:
    """The scenario's network as a tutorial writes it, initialised as the engine initialises it."""
    model, draw = scenario.mlp, generator(1, "init")
    widths = [SIDE * SIDE, *[model.width] * model.hidden_layers]
    layers: list[nn.Module] = [nn.Flatten()]
    for below, above in pairwise(widths):
        layers += [nn.Linear(below, above), nn.Sigmoid()]
    layers.append(nn.Linear(model.width, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            initialise(layer.weight, model.init, draw)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)
