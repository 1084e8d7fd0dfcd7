"""Alternatives to parts of the training step, each compared with the current code."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

import torch
from torch import Tensor

import scenarios
from engine.data.batches import Batches
from engine.data.fashion_mnist import Dataset, scaled
from engine.networks.activations import Activation
from engine.networks.backprop import backpropagate
from engine.networks.losses import LOSSES, cross_entropy
from engine.networks.mlp import Tape
from engine.training.evaluation import evaluate
from engine.training.optimizers import SGD, Adam
from engine.training.pace import TrainerPace
from engine.training.tally import Tally
from engine.training.trainer import Trainer
from tests.bench.paired import Pair, Work, pair
from tests.engine.lab import plain_loss

COURSE = "depth-7"
DEEP = 24  # layers: at this depth, Adam's second moments of the first layers are denormal or 0


@dataclass(frozen=True, slots=True)
class Alternative:
    """A row of the table: what was tried, instead of what, and the result."""

    tried: str
    instead_of: str
    pair: Pair
    remark: str = ""

    def line(self) -> str:
        """As a row of Markdown."""
        ours, other, ratio = self.pair.ours, self.pair.other, self.pair.ratio
        cells = (
            self.tried,
            self.instead_of,
            f"{ours.median:.3g} ms",
            f"{other.median:.3g} ms",
            f"{ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})",
            self.remark,
        )
        return f"| {' | '.join(cells)} |"


def course_trainer(data: Dataset, scenario: str = COURSE, overrides: tuple[str, ...] = ()) -> Trainer:
    """A trainer after its first step, so that its network has gradients."""
    loaded = scenarios.load(scenario, list(overrides))
    trainer = Trainer("bench", loaded, 1, data, lambda event: None)
    trainer.begin()
    trainer.step()
    return trainer


def backward(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """Autograd for forward pass, loss and backward pass; also in a network with almost no arithmetic."""
    for what, overrides in {"": (), ", width 1, one image": ("model.width=1", "data.batch_size=1")}.items():
        trainer = course_trainer(data, overrides=overrides)
        batches = Batches(data, 1, trainer.scenario.data.batch_size)
        batches.begin(1)
        works = partial(_by_hand, trainer, *batches.next()), partial(_by_autograd, trainer, *batches.next())
        yield Alternative(f"autograd{what}", "written out by hand", pair(*works, repeats=repeats))


@torch.no_grad()
def _by_hand(trainer: Trainer, images: Tensor, labels: Tensor) -> None:
    tape = Tape(images)
    _, error = LOSSES["cross_entropy"](trainer.network(images, tape), labels)
    trainer.optimizer.zero_grad()
    backpropagate(trainer.mlp, tape, error)


def _by_autograd(trainer: Trainer, images: Tensor, labels: Tensor) -> None:
    loss = plain_loss("cross_entropy", trainer.network(images), labels)
    trainer.optimizer.zero_grad()
    torch.autograd.backward(loss)


def losses(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """Cross-entropy and its gradient row by row, as PyTorch computes them."""
    trainer = course_trainer(data)
    batches = Batches(data, 1, trainer.scenario.data.batch_size)
    batches.begin(1)
    images, labels = batches.next()
    logits = trainer.network(images).detach()
    works = partial(LOSSES["cross_entropy"], logits, labels), partial(cross_entropy, logits, labels)
    yield Alternative("cross-entropy by rows", "by columns", pair(*works, repeats=repeats))


def sigmoids(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """Ten steps whose sigmoids overwrite z."""
    pace = TrainerPace(scenarios.load(COURSE), data)
    hidden = pace.trainer.mlp.layers[:-1]
    beside = hidden[0].activation
    in_place = Activation(torch.sigmoid_, beside.backward)

    def steps(activation: Activation) -> None:
        for layer in hidden:
            layer.activation = activation
        pace(measuring=False)

    works = partial(steps, beside), partial(steps, in_place)
    yield Alternative(
        "ten steps, sigmoid overwrites z", "separate buffers", pair(*works, repeats=repeats, calls=1)
    )


def optimizers(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """torch.optim's update rules, in each of its implementations."""
    kinds: dict[str, dict[str, Any]] = {
        "for-loop": {"foreach": False},
        "foreach": {"foreach": True},
        "fused": {"fused": True},
    }
    for kind, options in kinds.items():
        mine = list(course_trainer(data).network.parameters())
        theirs = list(course_trainer(data).network.parameters())
        rules: dict[str, tuple[Work, Work]] = {
            "SGD": (SGD(mine, 0.01, 0.0).step, torch.optim.SGD(theirs, 0.01, **options).step),
            "Adam": (
                Adam(mine, 0.001, (0.9, 0.999), 1e-8).step,
                torch.optim.Adam(theirs, 0.001, **options).step,
            ),
        }
        for name, (ours, other) in rules.items():
            yield Alternative(f"torch.optim.{name}, {kind}", "ours", pair(ours, other, repeats=repeats))


def denormals(data: Dataset, repeats: int, steps: int) -> Iterator[Alternative]:
    """`torch.set_flush_denormal` with Adam, in networks with a vanishing gradient: speed and result."""
    for layers in (7, DEEP):
        overrides = (f"model.hidden_layers={layers}", "training.epochs=1")
        scenario = scenarios.load("adam", list(overrides))
        kept, flushed = TrainerPace(scenario, data), TrainerPace(scenario, data)
        timed = pair(kept, _flushing(flushed), repeats=repeats, calls=1)
        remark = _difference(data, overrides, steps)
        yield Alternative(
            f"flush_denormal, ten steps of `adam` with {layers} layers", "denormals kept", timed, remark
        )


def _flushing(work: Work) -> Work:
    def flushing() -> None:
        torch.set_flush_denormal(True)
        work()
        torch.set_flush_denormal(False)

    return flushing


def _difference(data: Dataset, overrides: tuple[str, ...], steps: int) -> str:
    """The difference after `steps` steps between flushing denormals and keeping them."""
    kept, flushed = (course_trainer(data, "adam", overrides) for _ in range(2))
    for trainer, flush in ((kept, False), (flushed, True)):
        torch.set_flush_denormal(flush)
        for _ in range(steps):
            if not trainer.status.ended:
                trainer.step()
    torch.set_flush_denormal(False)
    moments = torch.cat([moment.flatten() for moment in kept.optimizer.state_dict()["second"].values()])
    tiny = torch.finfo(moments.dtype).tiny
    share = float(((moments > 0) & (moments < tiny)).double().mean())
    pairs = zip(kept.network.parameters(), flushed.network.parameters(), strict=True)
    apart = max(float((one - other).detach().abs().max()) for one, other in pairs)
    same = "bit-identical" if not apart else f"weights up to {apart:.1e} apart"
    return f"{100 * share:.2g} % of the second moments denormal after {steps} steps; {same}"


def storage(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """How the images are stored, and how a batch is taken from them."""
    size = scenarios.load(COURSE).data.batch_size
    floats = scaled(data.train_images)
    order = torch.randperm(len(data.train_labels))
    chunks = [order[first : first + size] for first in range(0, len(order), size)]
    batch = partial(next, cycle(chunks))  # a new chunk each time, because the last one is in the cache
    images, labels = data.train_images, data.train_labels

    def ours() -> tuple[Tensor, Tensor]:
        chosen = batch()
        return scaled(images.index_select(0, chosen)), labels.index_select(0, chosen)

    def gather_floats() -> tuple[Tensor, Tensor]:
        chosen = batch()
        return floats.index_select(0, chosen), labels.index_select(0, chosen)

    def index() -> tuple[Tensor, Tensor]:
        chosen = batch()
        return scaled(images[chosen]), labels[chosen]

    times = math.ceil(floats.nbytes / images.nbytes)
    yield Alternative(
        "float32 storage", "uint8 storage", pair(ours, gather_floats, repeats=repeats), f"{times}× the memory"
    )
    yield Alternative("`X[idx]`", "`index_select`", pair(ours, index, repeats=repeats))

    batches = Batches(data, 1, size)

    def epoch_of_ours() -> None:
        batches.begin(1)
        while not batches.is_over:
            batches.next()

    def permuted_once() -> None:
        batches.begin(1)
        order = batches._order
        shuffled, shuffled_labels = images.index_select(0, order), labels.index_select(0, order)
        for first in range(0, len(order), size):
            scaled(shuffled[first : first + size]), shuffled_labels[first : first + size]

    yield Alternative(
        "permuting all images once per epoch",
        "gathering each batch",
        pair(epoch_of_ours, permuted_once, repeats=repeats, calls=1),
        f"{data.train_images.nbytes * data.passes / 1e6:.0f} MB more per run",
    )


def evaluation(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """How autograd is switched off in an evaluation over the test set."""
    trainer = course_trainer(data)
    bare: Callable[..., tuple[float, float]] = evaluate.__wrapped__  # type: ignore[attr-defined]
    loss = LOSSES["cross_entropy"]

    def under(context: Callable[[], AbstractContextManager[Any]]) -> Work:
        def work() -> None:
            with context():
                bare(trainer.network, loss, data)

        return work

    ours = under(torch.inference_mode)
    for name, context in (("no_grad", torch.no_grad), ("nothing", nullcontext)):
        yield Alternative(
            f"{name} around an evaluation",
            "inference_mode",
            pair(ours, under(context), repeats=repeats, calls=1),
        )


def counting(data: Dataset, repeats: int) -> Iterator[Alternative]:
    """When hits are counted and losses are read: after each batch, or for ten batches at a sample."""
    trainer = course_trainer(data)
    batches = Batches(data, 1, trainer.scenario.data.batch_size)
    batches.begin(1)
    images, labels = batches.next()
    logits = trainer.network(images).detach()
    loss, _ = LOSSES["cross_entropy"](logits, labels)
    tally = Tally()

    def ours() -> None:
        for _ in range(10):
            tally.add(loss, logits, labels)
        tally.fetch()

    def each() -> None:
        for _ in range(10):
            loss.item(), int((logits.argmax(1) == labels).sum().item())

    yield Alternative(
        "counting after each of ten batches",
        "counting all ten at a sample",
        pair(ours, each, repeats=repeats),
    )
