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


class NormRecord:
    """One pass through a normalisation, which autograd takes back: a piece of its graph that stands alone.

    Args:
        norm: the module.
        z: [batch, units], what goes in.
    """

    def __init__(self, norm: nn.Module, z: Tensor) -> None:
        self._norm = norm
        with torch.enable_grad():
            self._before = z.detach().requires_grad_()
            self._after: Tensor = norm(self._before)

    @property
    def output(self) -> Tensor:
        """[batch, units]."""
        return self._after.detach()

    def backward(self, gradient: Tensor) -> Tensor:
        """From dL by its output to dL by what went in. Sets the gradients of what the module learns."""
        learnt = [parameter for parameter in self._norm.parameters() if parameter.requires_grad]
        below, *own = torch.autograd.grad(self._after, [self._before, *learnt], gradient)
        for parameter, each in zip(learnt, own, strict=True):
            parameter.grad = each
        return below


@dataclass
class Tape:
    """What one forward pass leaves behind for the backward pass and to be measured.

    Attributes:
        images: [batch, inputs].
        a: what comes out of each layer's nonlinearity, the logits last.
        h: `a` plus a skip, if one ends here: what the next layer sees; the logits last.
        norms: by layer, counted from 0: its normalisation, if something trains at the layer or below it.
    """

    images: Tensor
    a: list[Tensor] = field(default_factory=list)
    h: list[Tensor] = field(default_factory=list)
    norms: dict[int, NormRecord] = field(default_factory=dict)


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

    @property
    def trains(self) -> bool:
        """Whether it isn't frozen."""
        return self.linear.weight.requires_grad


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
        """The logits [batch, classes].

        Args:
            images: [batch, inputs].
            tape: takes down every layer, for `engine.backprop`, whose backward pass this network's is. It
                cuts autograd's graph at normalisations.
        """
        seen, goes_back = [images], False
        for number, layer in enumerate(self._hidden):
            # As functions and not by calling modules, which would be 2 % of a step; a module's attributes
            # are dear as well.
            linear, norm = layer.linear, layer.norm
            z = F.linear(seen[-1], linear.weight, linear.bias)
            goes_back = goes_back or layer.trains
            if norm is not None and tape is not None and goes_back:
                tape.norms[number] = NormRecord(norm, z)
                z = tape.norms[number].output
            elif norm is not None:
                z = norm(z)
            a = layer.activation.forward(z)
            h = a if layer.skip_from is None else a + seen[layer.skip_from]
            if tape is not None:
                tape.a.append(a)
                tape.h.append(h)
            seen.append(h)
        logits = F.linear(seen[-1], self.output.weight, self.output.bias)
        if tape is not None:
            tape.a.append(logits)
            tape.h.append(logits)
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
