"""The exam: networks that train well, of which nothing may be said, and sick ones, which must be found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.recorder.exam import models, other_models, tasks

Optimizer = torch.optim.Optimizer
Data = Callable[[int], Iterator[tuple[Tensor, ...]]]


@dataclass(frozen=True)
class Case:
    """One network, its data and its optimizer.

    Attributes:
        name: what it is.
        model: a new one, from the global seed.
        optimizer: for its parameters.
        data: batches from a seed.
        loss: of the model for a batch.
        blocks: names of the modules that are its blocks; empty for its leaf modules.
        finds: the kinds of which one must be said; empty for a healthy network.
        at: the first letters of the block that it must name, for the first of these kinds.
        steps: in which a sick one must be found.
        dtype: of its weights and data.
    """

    name: str
    model: Callable[[], nn.Module]
    optimizer: Callable[[Iterator[nn.Parameter]], Optimizer]
    data: Data
    loss: Callable[[nn.Module, tuple[Tensor, ...]], Tensor]
    blocks: Sequence[str] = ()
    finds: tuple[str, ...] = ()
    at: str = ""
    steps: int = 40
    dtype: torch.dtype = torch.float32

    def begin(self, seed: int) -> tuple[nn.Module, Optimizer, Iterator[tuple[Tensor, ...]]]:
        """The model, its optimizer and its batches."""
        torch.manual_seed(seed)
        model = self.model().to(self.dtype)
        return model, self.optimizer(model.parameters()), self._batches(seed)

    def _batches(self, seed: int) -> Iterator[tuple[Tensor, ...]]:
        for batch in self.data(seed):
            yield tuple(each.to(self.dtype) if each.is_floating_point() else each for each in batch)


def classify(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Cross entropy, computed in float32."""
    return functional.cross_entropy(model(batch[0]).float().flatten(0, -2), batch[1].flatten())


def classify_in_half(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Cross entropy in the model's own type."""
    return functional.cross_entropy(model(batch[0]).flatten(0, -2), batch[1].flatten())


def rebuild(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """The mean square of what is missing."""
    return functional.mse_loss(model(batch[0]), batch[0])


def last_token(seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Sequences of 50 tokens, of which only the last one matters: a recurrent network learns to forget."""
    for tokens, _ in tasks.text(seed, length=50):
        yield tokens, tokens[:, -1] % 10


def sgd(lr: float, momentum: float = 0.9) -> Callable[[Iterator[nn.Parameter]], Optimizer]:
    """SGD."""
    return lambda parameters: torch.optim.SGD(parameters, lr=lr, momentum=momentum)


def adamw(lr: float) -> Callable[[Iterator[nn.Parameter]], Optimizer]:
    """AdamW."""
    return lambda parameters: torch.optim.AdamW(parameters, lr=lr)


def chain(prefix: str, length: int) -> list[str]:
    """Names of a chain's modules."""
    return [f"{prefix}{number}" for number in range(length)]


RELU, SIGMOID = nn.ReLU, nn.Sigmoid
HEALTHY = (
    Case("ResNet, 24 blocks, SGD", models.ResNet, sgd(0.05), tasks.images, classify, chain("blocks.", 24)),
    Case("pre-LN GPT, 24 blocks, AdamW", models.Gpt, adamw(1e-3), tasks.text, classify, chain("h.", 24)),
    Case(
        "MLP, 32 ReLU layers, He, SGD",
        lambda: models.mlp(32, 64, RELU, he=True),
        sgd(0.01),
        tasks.vectors,
        classify,
        chain("layer", 32),
    ),
)
SICK = (
    Case(
        "16 sigmoid layers, SGD",
        lambda: models.mlp(16, 64, SIGMOID),
        sgd(0.1),
        tasks.vectors,
        classify,
        chain("layer", 16),
        ("vanishing",),
        "layer0",
    ),
    Case(
        "16 sigmoid layers, Adam",
        lambda: models.mlp(16, 64, SIGMOID),
        adamw(1e-3),
        tasks.vectors,
        classify,
        chain("layer", 16),
        ("vanishing",),
        "layer0",
    ),
    Case(
        "16 convolutions, PyTorch's weights, SGD",
        lambda: models.plain_convolutions(16, 16),
        sgd(0.05),
        tasks.images,
        classify,
        chain("conv", 16),
        ("vanishing",),
        "conv0",
    ),
    Case(
        "16 convolutions, std 0.02, SGD",
        lambda: models.plain_convolutions(16, 16, std=0.02),
        sgd(0.05),
        tasks.images,
        classify,
        chain("conv", 16),
        ("vanishing",),
        "conv0",
    ),
    Case(
        "post-LN GPT, 24 blocks, AdamW 1e-3 without warm-up",
        lambda: models.Gpt(24, post=True),
        adamw(1e-3),
        tasks.text,
        classify,
        chain("h.", 24),
        ("vanishing",),
        "h.",
        steps=100,
    ),
    Case(
        "pre-LN GPT, all in bfloat16, AdamW 2e-5",
        lambda: models.Gpt(6),
        adamw(2e-5),
        tasks.text,
        classify,
        chain("h.", 6),
        ("immovable",),
        "h.",
        dtype=torch.bfloat16,
    ),
    Case(
        "8 sigmoid layers, all in fp16 without a scale, SGD",
        lambda: models.mlp(8, 64, SIGMOID),
        sgd(0.1),
        tasks.vectors,
        classify_in_half,
        chain("layer", 8),
        ("underflow",),
        "layer0",
        dtype=torch.float16,
    ),
    Case(
        "8 convolutions, all in fp16 without a scale, SGD",
        lambda: models.plain_convolutions(8, 16),
        sgd(0.05),
        tasks.images,
        classify_in_half,
        chain("conv", 8),
        ("immovable",),
        "conv",
        dtype=torch.float16,
    ),
    Case(
        "MLP, 8 ReLU layers, all in fp16 without a scale, Adam",
        lambda: models.mlp(8, 64, RELU, he=True),
        adamw(1e-3),
        tasks.vectors,
        classify_in_half,
        chain("layer", 8),
        ("non_finite",),
        "layer0",
        dtype=torch.float16,
    ),
    Case(
        "RNN classifier of 50 time steps",
        lambda: other_models.Recurrent(nn.RNN),
        adamw(1e-3),
        last_token,
        classify,
        finds=("vanishing_in_time",),
        at="rnn",
        steps=150,
    ),
)
OTHERS = (
    Case("autoencoder", other_models.Autoencoder, adamw(1e-3), tasks.vectors, rebuild),
    Case("UNet", other_models.UNet, adamw(1e-3), tasks.images, rebuild),
    Case(
        "PyTorch's transformer encoder, 4 blocks",
        other_models.Encoder,
        adamw(5e-4),
        tasks.topics,
        classify,
        chain("encoder.layers.", 4),
    ),
    Case("LSTM classifier", other_models.Recurrent, adamw(1e-3), tasks.topics, classify),
    Case("logistic regression", lambda: nn.Sequential(nn.Linear(64, 10)), sgd(0.1), tasks.vectors, classify),
    Case("embedding bag", other_models.Bag, sgd(0.5, 0), tasks.topics, classify),
    Case("LoRA, zero B", other_models.adapted, adamw(1e-3), tasks.vectors, classify),
    Case(
        "BatchNorm without skips, 16 convolutions",
        lambda: models.plain_convolutions(16, 16, norm=True),
        sgd(0.02),
        tasks.images,
        classify,
        chain("conv", 16),
    ),
    Case("MLP, 3 ReLU layers", lambda: models.mlp(3, 64, RELU), adamw(1e-3), tasks.vectors, classify),
    Case("MLP, 2 tanh layers", lambda: models.mlp(2, 64, nn.Tanh), sgd(0.1), tasks.vectors, classify),
)
