"""A scenario's network and training, written from the slides in plain PyTorch: the exams' independent truth.

It shares the scenario, the images and the seeds with the engine, and none of its code: the network is an
`nn.Module`, the gradients come from autograd, SGD and Adam from `torch.optim`.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.fashion_mnist import Dataset
from engine.randomness import epoch_order, generator
from scenarios.schema import Adam, Mlp, Scenario, Sdagd, Sgd


def _beta_sigmoid(z: Tensor, beta: float) -> Tensor:
    """σ(z); autograd finds the slope σ'(z) + β, because the second term is 0 and has the slope β."""
    return torch.sigmoid(z) + beta * (z - z.detach()).nan_to_num()


def _activation(model: Mlp) -> Callable[[Tensor], Tensor]:
    match model.activation:
        case "sigmoid_beta":
            return lambda z: _beta_sigmoid(z, model.beta or 0.0)
        case "identity":
            return lambda z: z
        case name:
            functions: dict[str, Callable[[Tensor], Tensor]] = {
                "sigmoid": torch.sigmoid,
                "tanh": torch.tanh,
                "relu": torch.relu,
                "leaky_relu": nn.LeakyReLU(),
                "elu": nn.ELU(),
                "silu": nn.SiLU(),
                "gelu": nn.GELU(),
            }
            return functions[name]


class PlainNetwork(nn.Module):
    """Linear → norm → activation → + skip, and an output layer, with the weights that a seed draws.

    Attributes:
        z, h: of the latest forward pass: each hidden layer's input to the nonlinearity, and what the layer
            after it sees. `a`: what the gradient dL/da is of.
    """

    def __init__(self, model: Mlp, seed: int) -> None:
        super().__init__()
        draw = generator(seed, "init")
        sizes = [784, *[model.width] * model.hidden_layers, 10]
        self.linears: list[nn.Linear] = []
        for inputs, units in pairwise(sizes):
            linear = nn.Linear(inputs, units)
            self._draw(linear.weight, model, draw)
            nn.init.zeros_(linear.bias)
            self.linears.append(linear)
        self._linears = nn.ModuleList(self.linears)
        kinds: dict[str, Callable[[], nn.Module]] = {
            "batch": lambda: nn.BatchNorm1d(model.width),
            "layer": lambda: nn.LayerNorm(model.width),
        }
        made = kinds.get(model.norm)
        self.norms = nn.ModuleList([made() for _ in range(model.hidden_layers)] if made else [])
        self._model, self._activation = model, _activation(model)
        self.z: list[Tensor] = []
        self.a: list[Tensor] = []
        self.h: list[Tensor] = []

    def copied(self) -> "PlainNetwork":
        """A network with the same weights and running statistics."""
        copy = PlainNetwork(self._model, 0)
        copy.load_state_dict(self.state_dict())
        return copy

    def _draw(self, weight: Tensor, model: Mlp, draw: torch.Generator) -> None:
        match model.init.scheme:
            case "normal":
                nn.init.normal_(weight, std=model.init.std, generator=draw)
            case "xavier":
                nn.init.xavier_normal_(weight, gain=model.init.gain, generator=draw)
            case "he":
                std = model.init.gain * math.sqrt(2 / weight.shape[1])
                nn.init.normal_(weight, std=std, generator=draw)
            case "orthogonal":
                nn.init.orthogonal_(weight, gain=model.init.gain, generator=draw)

    def forward(self, images: Tensor) -> Tensor:
        self.z, self.a, self.h = [], [], []
        seen = [images]
        for place, linear in enumerate(self.linears[:-1]):
            z = linear(seen[-1])
            if self._model.norm == "custom":
                z = (z - z.mean()) / z.std()
            elif self.norms:
                z = self.norms[place](z)
            a = self._activation(z)
            if self._model.activation == "identity" and a is z:
                a = z * 1  # a tensor of its own, whose gradient autograd can retain
            if self._model.gradient == "normalised" and a.requires_grad:
                hooked: Any = a  # torch does not type register_hook
                hooked.register_hook(lambda g: (g - g.mean()) / (g.std() + 1e-6))
            h = a
            for source, target in self._model.skip:
                if target == place + 1:
                    h = a + seen[source]
            self.z.append(z)
            self.a.append(a)
            self.h.append(h)
            seen.append(h)
        logits: Tensor = self.linears[-1](seen[-1])
        return logits


def plain_loss(name: str, logits: Tensor, labels: Tensor) -> Tensor:
    """What a scenario minimises."""
    if name == "bce":
        return F.binary_cross_entropy_with_logits(logits, F.one_hot(labels, 10).to(logits.dtype))
    return F.cross_entropy(logits, labels)


class PlainTraining:
    """Trains a scenario's network step by step.

    Args:
        scenario: without stages.
        data: what to train on.
        seed: of the run.
        rate: a factor for the learning rate.
        precision: of everything, after the weights were drawn.

    Attributes:
        step, epoch: counted from 1.
        losses: of every step.
        images, labels, logits, deltas: of the latest step; `deltas` are dL/da of each hidden layer.
        before: the weights before the latest step.
    """

    def __init__(
        self,
        scenario: Scenario,
        data: Dataset,
        seed: int,
        rate: float = 1.0,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.scenario, self._data, self._seed = scenario, data, seed
        self.network = PlainNetwork(scenario.mlp, seed).to(precision)
        self._rate, self._precision = rate, precision
        self._optimizer = self._torch_optimizer()
        self.step = self.epoch = 0
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.images: Tensor
        self.labels: Tensor
        self.logits: Tensor
        self.before: list[Tensor] = []
        self.deltas: list[Tensor] = []

    def _torch_optimizer(self) -> torch.optim.Optimizer | None:
        config, parameters = self.scenario.optimizer, list(self.network.parameters())
        match config:
            case Sgd():
                return torch.optim.SGD(parameters, lr=config.lr * self._rate, momentum=config.momentum)
            case Sdagd():
                return None
            case Adam():
                return torch.optim.Adam(
                    parameters, lr=config.lr * self._rate, betas=config.betas, eps=config.eps
                )
            case _:
                raise ValueError(f"the exam's plain loop has no {config.name}")

    def epochs(self) -> Iterator[Iterator[int]]:
        """The epochs; each yields the number of a step after it was taken, until the loss is not finite."""
        for epoch in range(1, self.scenario.training.epochs + 1):
            self.epoch = epoch
            yield self._steps()
            if self.broken:
                return

    @torch.no_grad()
    def begin_at(self, weights: Iterable[Tensor]) -> None:
        """Begin the next step with these parameters of all linear layers, then of all normalisations.

        Running statistics and the optimizer's state stay its own.
        """
        for parameter, given in zip(self.network.parameters(), weights, strict=True):
            parameter.copy_(given)

    @property
    def broken(self) -> bool:
        """Whether the loss of a step was not finite."""
        return bool(self.losses) and not math.isfinite(self.losses[-1])

    def _steps(self) -> Iterator[int]:
        data = self._data
        order = epoch_order(self._seed, self.epoch, len(data.train_labels), data.passes)
        for chosen in torch.split(order, self.scenario.data.batch_size):
            self._step(data.train_images[chosen].to(self._precision) / 255, data.train_labels[chosen])
            yield self.step
            if self.broken:
                return

    def _step(self, images: Tensor, labels: Tensor) -> None:
        self.step += 1
        self.images, self.labels = images, labels
        network = self.network
        self.before = [linear.weight.detach().clone() for linear in network.linears]
        network.zero_grad(set_to_none=True)
        logits = network(images)
        for a in network.a:
            a.retain_grad()
        loss = plain_loss(self.scenario.training.loss, logits, labels)
        torch.autograd.backward(loss)
        self.logits = logits.detach()
        self.deltas = [a.grad for a in network.a if a.grad is not None]
        if self._optimizer is None:
            self._greatest_descent()
        else:
            self._optimizer.step()
        self.losses.append(loss.item())
        self.accuracies.append((logits.argmax(1) == labels).double().mean().item())

    @torch.no_grad()
    def _greatest_descent(self) -> None:
        """SDAGD: each parameter moves by −g / (‖g‖/R + h), with h of Becker and LeCun."""
        config, network = self.scenario.optimizer, self.network
        assert isinstance(config, Sdagd)
        slopes = [self._slope(a.detach()) for a in network.a]
        inputs = [self.images, *(h.detach() for h in network.h)]
        p = torch.softmax(self.logits, dim=1)
        h_z = p * (1 - p)
        steps = []
        for place in reversed(range(len(network.linears))):
            linear = network.linears[place]
            curvature = (h_z.T @ inputs[place].square() / len(self.labels), h_z.mean(0))
            steps.append((linear, curvature))
            if place:
                h_z = slopes[place - 1].square() * (h_z @ linear.weight.square())
        norms = [
            math.hypot(*(_norm_of_gradient(each) for each in linear.parameters())) for linear, _ in steps
        ]
        for (linear, curvature), own in zip(steps, norms, strict=True):
            mu = (math.hypot(*norms) if config.norm == "global" else own) / (config.radius * self._rate)
            for parameter, h in zip((linear.weight, linear.bias), curvature, strict=True):
                tiny = torch.finfo(torch.float32).tiny  # a gradient of 0 moves nothing
                assert parameter.grad is not None
                parameter -= parameter.grad / (h + mu).clamp_min(tiny)

    def _slope(self, a: Tensor) -> Tensor:
        model = self.scenario.mlp
        match model.activation:
            case "sigmoid":
                return a * (1 - a)
            case "sigmoid_beta":
                return a * (1 - a) + (model.beta or 0.0)
            case "tanh":
                return 1 - a.square()
            case "relu":
                return (a > 0).to(a.dtype)
            case _:
                return torch.ones_like(a)


def _norm_of_gradient(parameter: nn.Parameter) -> float:
    assert parameter.grad is not None
    return float(torch.linalg.vector_norm(parameter.grad, dtype=torch.float64))
