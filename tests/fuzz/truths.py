"""What is true of a network while it trains, computed from the plain PyTorch loop."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.data.fashion_mnist import Dataset
from scenarios.schema import Scenario
from tests.fuzz.plain_network import PlainTraining, plain_loss

FLAT = 0.05  # of the largest slope


@dataclass(frozen=True)
class LayerTruth:
    """One layer in one step; `delta`, `saturated` and `dead` only of hidden ones, `dead` only with ReLU."""

    grad: float
    update: float
    unmoved: float
    weight: float
    gain: float  # σ_w² = fan-in times the variance of the weights
    mean: float
    std: float
    sample_std: float
    delta: float | None = None
    saturated: float | None = None
    inactive: float | None = None
    dead: float | None = None

    @property
    def size(self) -> float:
        """Root mean square of the output."""
        return math.hypot(self.mean, self.std)


@dataclass(frozen=True)
class StepTruth:
    """One step: the batch's loss and accuracy before the update, and its layers."""

    step: int
    loss: float
    accuracy: float
    layers: tuple[LayerTruth, ...]

    @property
    def hidden(self) -> tuple[LayerTruth, ...]:
        """All but the output layer."""
        return self.layers[:-1]


@dataclass(frozen=True)
class EpochTruth:
    """An epoch's results, and each hidden layer over the whole sample, in double precision.

    Attributes:
        dead: the parts of the units that are zero for every image; None without ReLU.
        spread: how much the outputs differ between images, over the layer's size; None if that is 0.
    """

    step: int
    train_loss: float
    train_accuracy: float
    dead: tuple[float | None, ...]
    spread: tuple[float | None, ...]
    size: tuple[float, ...]


@dataclass
class Truth:
    """Everything that is known of a training.

    Attributes:
        first_bad: the first step whose loss is not finite.
        tenth_learns: whether a tenth of the rate would have learnt; None if it was not tried.
    """

    scenario: Scenario
    guessing: float
    steps: dict[int, StepTruth] = field(default_factory=dict)
    epochs: list[EpochTruth] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    first_bad: int | None = None
    tenth_learns: bool | None = None

    def before(self, step: int, most: int = 10) -> list[StepTruth]:
        """The measured steps up to one, the latest last."""
        return [self.steps[number] for number in sorted(self.steps) if number <= step][-most:]


def measured(step: int) -> bool:
    """The steps that the product measures in a single stage."""
    return step <= 10 or step % 10 == 0


def find_truth(scenario: Scenario, data: Dataset, seed: int) -> Truth:
    """Train the plain network, and look at it."""
    guessing = plain_guessing(scenario.training.loss)
    truth, training = Truth(scenario, guessing), PlainTraining(scenario, data, seed)
    for steps in training.epochs():
        first = len(training.losses)
        sizes: list[int] = []
        for step in steps:
            sizes.append(len(training.labels))
            if measured(step):
                truth.steps[step] = step_truth(training)
        if not training.broken:
            truth.epochs.append(_epoch_truth(training, data, first, sizes))
    truth.losses = training.losses
    if training.broken or not math.isfinite(plain_test_loss(training, data)):
        truth.first_bad = training.step
    if truth.first_bad is not None or truth.losses[-1] > 0.8 * guessing:
        truth.tenth_learns = _learns(PlainTraining(scenario, data, seed, rate=0.1), guessing)
    return truth


def plain_guessing(loss: str) -> float:
    """The loss of guessing one of ten classes that are equally frequent."""
    return math.log(10) if loss == "cross_entropy" else -(math.log(0.1) + 9 * math.log(0.9)) / 10


@torch.no_grad()
def step_truth(training: PlainTraining) -> StepTruth:
    """Look at the latest step."""
    network, model = training.network, training.scenario.mlp
    deltas = list(training.deltas)
    layers = []
    logits = training.logits.double()
    for place, (linear, before) in enumerate(zip(network.linears, training.before, strict=True)):
        is_hidden = place < len(network.h)
        output = network.h[place].double() if is_hidden else logits
        gradient = linear.weight.grad
        assert gradient is not None
        change = linear.weight - before
        is_pushed = gradient.ne(0)
        pushed, stays = int(is_pushed.sum()), int(change.eq(0).logical_and(is_pushed).sum())
        more = _of_hidden(network.a[place], model.activation) if is_hidden else {}
        norm = _norm(before)
        layers.append(
            LayerTruth(
                grad=_norm(gradient),
                update=_norm(change) / norm if norm else math.nan,
                unmoved=stays / pushed if pushed else math.nan,
                weight=norm,
                gain=before.shape[1] * before.double().square().mean().item(),
                mean=output.mean().item(),
                std=output.std(correction=0).item(),
                sample_std=output.std(0, correction=0).mean().item(),
                delta=_norm(deltas[place]) if is_hidden else None,
                **more,
            )
        )
    return StepTruth(training.step, training.losses[-1], training.accuracies[-1], tuple(layers))


def _of_hidden(a: Tensor, activation: str) -> dict[str, float]:
    if activation == "relu":
        zero = a == 0
        dead = zero.all(0).double().mean().item()
        return {"inactive": zero.double().mean().item(), "dead": dead}
    if activation in ("identity", "leaky_relu", "elu", "silu", "gelu"):
        return {}
    return {"saturated": (relative_slope(a, activation) < FLAT).double().mean().item()}


def relative_slope(a: Tensor, activation: str) -> Tensor:
    """The slope of tanh or a sigmoid at each output, in parts of its largest slope."""
    return 1 - a.square() if activation == "tanh" else 4 * a * (1 - a)


def _norm(tensor: Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))


@torch.no_grad()
def _epoch_truth(training: PlainTraining, data: Dataset, first: int, sizes: list[int]) -> EpochTruth:
    losses, hits = training.losses[first:], training.accuracies[first:]
    images = sum(sizes)
    network = training.network.copied().double()  # a copy, because running statistics change
    size = training.scenario.data.batch_size
    zero: list[Tensor] = []
    sums: list[list[tuple[float, float]]] = []
    for batch in torch.split(data.train_images, size):
        if len(batch) == 1:
            continue
        network((batch / 255).double())
        outputs = [h.detach() for h in network.h]
        is_zero = [(a == 0).all(0) for a in network.a]
        zero = [one & other for one, other in zip(zero, is_zero, strict=True)] if zero else is_zero
        sums.append([(h.std(0, correction=0).mean().item(), h.square().mean().item()) for h in outputs])
    sizes_of_layers = [
        math.sqrt(sum(each[1] for each in layer) / len(sums)) for layer in zip(*sums, strict=True)
    ]
    spreads = [sum(each[0] for each in layer) / len(sums) for layer in zip(*sums, strict=True)]
    is_relu = training.scenario.mlp.activation == "relu"
    return EpochTruth(
        step=training.step,
        train_loss=sum(loss * part for loss, part in zip(losses, sizes, strict=True)) / images,
        train_accuracy=sum(hit * part for hit, part in zip(hits, sizes, strict=True)) / images,
        dead=tuple(units.double().mean().item() if is_relu else None for units in zero),
        spread=tuple(s / r if r else None for s, r in zip(spreads, sizes_of_layers, strict=True)),
        size=tuple(sizes_of_layers),
    )


@torch.no_grad()
def plain_test_loss(training: PlainTraining, data: Dataset) -> float:
    """The loss over the test images, with the running statistics of normalisations."""
    network = training.network.copied().eval()
    logits = network(data.test_images / 255)
    return plain_loss(training.scenario.training.loss, logits, data.test_labels).item()


def _learns(training: PlainTraining, guessing: float) -> bool:
    """Whether the second half of the training is clearly better than guessing."""
    for steps in training.epochs():
        for _ in steps:
            pass
    half = training.losses[len(training.losses) // 2 :]
    hits = training.accuracies[len(half) :]
    return not training.broken and sum(half) / len(half) < 0.9 * guessing and sum(hits) / len(hits) > 0.2
