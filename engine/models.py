"""The networks of the slides: hidden layers, each linear → norm → activation (+ skip), and an output."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine import activations
from engine.initializers import initialise, initialise_as_pytorch
from engine.randomness import generator
from scenarios.schema import Model

INPUTS, CLASSES = 28 * 28, 10


class CustomNorm(nn.Module):
    """(x − mean) / std with both scalars over the whole batch × units tensor, std unbiased.

    Nothing is learned and nothing is kept: training and evaluation do the same (the slides' CustomNorm).
    """

    def forward(self, z: Tensor) -> Tensor:
        """Normalise `z` [batch, units]."""
        return (z - z.mean()) / z.std()


@dataclass
class Tape:
    """What one forward pass leaves behind to be measured, a list entry per layer, output last.

    Attributes:
        z: what goes into the nonlinearity, after a normalisation; the logits at the output.
        a: what comes out of it; its gradient is kept.
        h: `a` plus a skip, if one ends here: what the next layer sees.
    """

    z: list[Tensor] = field(default_factory=list)
    a: list[Tensor] = field(default_factory=list)
    h: list[Tensor] = field(default_factory=list)

    def record(self, z: Tensor, a: Tensor, h: Tensor) -> None:
        """Note one layer and ask autograd to keep dL/da."""
        if a.requires_grad:
            a.retain_grad()
        self.z.append(z)
        self.a.append(a)
        self.h.append(h)


class HiddenLayer(nn.Module):
    """One hidden layer.

    Args:
        number: its place, from 1; `layer1` is next to the input.
        inputs: its fan-in.
        model: the scenario's.
    """

    def __init__(self, number: int, inputs: int, model: Model) -> None:
        super().__init__()
        self.name = f"layer{number}"
        self.linear = _blank_linear(inputs, model.width)
        self.norm = _norm(model.norm, model.width)
        self.activation = activations.build(model.activation, model.beta)
        self.normalises_gradient = model.gradient == "normalised"
        self.skip_from = next((source for source, target in model.skip if target == number), None)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """(z, a), both [batch, width]."""
        linear = self.linear
        z = F.linear(inputs, linear.weight, linear.bias)
        if self.norm is not None:
            z = self.norm(z)
        return z, self.activation(z)


class Network(nn.Module):
    """Hidden layers and an output layer; a stage of a schedule holds the first few of all hidden layers.

    The state's keys are `layer1.linear.weight` … `output.weight`, from the input to the output.
    """

    def __init__(self, hidden: Sequence[HiddenLayer], output: nn.Linear) -> None:
        super().__init__()
        for layer in hidden:
            self.add_module(layer.name, layer)
        self.output = output
        self._hidden = tuple(hidden)

    @property
    def hidden(self) -> tuple[HiddenLayer, ...]:
        """The hidden layers from the input on."""
        return self._hidden

    @property
    def layer_names(self) -> tuple[str, ...]:
        """layer1, layer2 … output."""
        return (*(layer.name for layer in self._hidden), "output")

    def linears(self) -> Iterator[nn.Linear]:
        """The linear layers from the input to the output."""
        yield from (layer.linear for layer in self._hidden)
        yield self.output

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """The logits [batch, classes] of `images` [batch, inputs]; `tape` takes down every layer."""
        seen = [images]
        for layer in self._hidden:
            z, a = layer.forward(seen[-1])  # calling modules as such would be 2 % of a step
            h = activations.normalise_gradient(a) if layer.normalises_gradient else a
            if layer.skip_from is not None:
                h = h + seen[layer.skip_from]
            if tape is not None:
                tape.record(z, a, h)
            seen.append(h)
        logits = F.linear(seen[-1], self.output.weight, self.output.bias)
        if tape is not None:
            tape.record(logits, logits, logits)
        return logits

    def freeze(self, names: frozenset[str]) -> None:
        """Freeze exactly the layers in `names` and thaw the others.

        A frozen layer gets no gradient and no update, not even from momentum (its gradients are None), and
        its BatchNorm uses its running statistics and leaves them.
        """
        self.train()
        for name in self.layer_names:
            layer = self.get_submodule(name)
            frozen = name in names
            layer.train(not frozen)
            for parameter in layer.parameters():
                parameter.requires_grad_(not frozen)
                if frozen:
                    parameter.grad = None


def build_hidden(model: Model, seed: int, device: torch.device) -> tuple[tuple[HiddenLayer, ...], nn.Linear]:
    """All hidden layers and the first output layer, drawn from the input to the output.

    Args:
        model: the scenario's.
        seed: the run's.
        device: where they are to live; they are drawn on the CPU.
    """
    draw = generator(seed, "init")
    fan_ins = [INPUTS, *[model.width] * (model.hidden_layers - 1)]
    hidden = tuple(HiddenLayer(number, fan_in, model) for number, fan_in in enumerate(fan_ins, 1))
    output = _blank_linear(model.width, CLASSES)
    for linear in (*(layer.linear for layer in hidden), output):
        initialise(linear.weight, model.init, draw)
        nn.init.zeros_(linear.bias)
    return tuple(layer.to(device) for layer in hidden), output.to(device)


def build_head(model: Model, seed: int, stage: int, device: torch.device) -> nn.Linear:
    """The fresh output layer that a stage of a staged schedule puts on top, as PyTorch initialises it."""
    output = _blank_linear(model.width, CLASSES)
    initialise_as_pytorch(output, generator(seed, "head", stage))
    return output.to(device)


def _blank_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer on the CPU that nobody has initialised: PyTorch's own draw would be thrown away."""
    return nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")


def _norm(name: str, width: int) -> nn.Module | None:
    match name:
        case "batch":
            return nn.BatchNorm1d(width)
        case "layer":
            return nn.LayerNorm(width)
        case "custom":
            return CustomNorm()
        case _:
            return None
