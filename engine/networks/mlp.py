"""The networks of the slides: hidden layers, each linear → norm → activation (+ skip), and an output."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.networks import activations
from engine.networks.activations import IDENTITY, Activation
from engine.networks.initializers import initialise, initialise_as_pytorch
from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.spec import OUTPUT, hidden_name
from engine.randomness import generator
from scenarios.schema import Model


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


class Layer:
    """z = W·x + b, then a normalisation, a nonlinearity and what a skip adds; the output layer is z alone.

    A plain object over its modules: a step asks for these again and again, and a module looks each of them
    up by a call.

    Args:
        name: `layer1`, next to the input, `layer2` … `output`.
        linear: W and b.
        norm: over z, if any.
        activation: its nonlinearity.
        skip_from: the layer, from 1, whose output is added to this one's.
        normalises_gradient: whether dL/da is normalised on its way down.
        module: holds all its parameters, under the names that they have in the network's state; None makes
            one of `linear` and `norm`.

    Attributes:
        weight: [units, inputs]. The parameter itself: it may only ever be changed in place.
        bias: [units], likewise.
    """

    __slots__ = (
        "activation",
        "bias",
        "module",
        "name",
        "norm",
        "normalises_gradient",
        "skip_from",
        "weight",
    )

    def __init__(
        self,
        name: str,
        linear: nn.Linear,
        norm: nn.Module | None = None,
        activation: Activation = IDENTITY,
        skip_from: int | None = None,
        *,
        normalises_gradient: bool = False,
        module: nn.Module | None = None,
    ) -> None:
        self.name, self.norm, self.activation = name, norm, activation
        self.weight, self.bias = linear.weight, linear.bias
        self.skip_from, self.normalises_gradient = skip_from, normalises_gradient
        parts = {"linear": linear} if norm is None else {"linear": linear, "norm": norm}
        self.module = nn.ModuleDict(parts) if module is None else module

    @property
    def trains(self) -> bool:
        """Whether it isn't frozen."""
        return self.weight.requires_grad


class Network(nn.Module):
    """Hidden layers and an output layer; a stage of a schedule holds the first few of all hidden layers.

    The state's keys are `layer1.linear.weight` … `output.weight`, from the input to the output.
    """

    def __init__(self, hidden: Sequence[Layer], output: Layer) -> None:
        super().__init__()
        self._layers = (*hidden, output)
        for layer in self._layers:
            self.add_module(layer.name, layer.module)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers from the input on, the output layer last."""
        return self._layers

    @property
    def layer_names(self) -> tuple[str, ...]:
        """layer1, layer2 … output."""
        return tuple(layer.name for layer in self._layers)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """The logits [batch, classes].

        Args:
            images: [batch, inputs].
            tape: takes down every layer, for `engine.networks.backprop`, whose backward pass this network's
                is. It cuts autograd's graph at normalisations.
        """
        seen, goes_back = [images], False
        for number, layer in enumerate(self._layers):
            # As functions and not by calling modules, which would be 2 % of a step.
            z = F.linear(seen[-1], layer.weight, layer.bias)
            goes_back = goes_back or layer.weight.requires_grad
            if layer.norm is not None:
                if tape is not None and goes_back:
                    tape.norms[number] = NormRecord(layer.norm, z)
                    z = tape.norms[number].output
                else:
                    z = layer.norm(z)
            a = layer.activation.forward(z)
            h = a if layer.skip_from is None else a + seen[layer.skip_from]
            if tape is not None:
                tape.a.append(a)
                tape.h.append(h)
            seen.append(h)
        return h

    def freeze(self, names: frozenset[str]) -> None:
        """Freeze exactly the layers in `names` and thaw the others.

        A frozen layer gets no gradient and no update, not even from momentum (its gradients are None), and
        its BatchNorm uses its running statistics and leaves them.
        """
        self.train()
        for layer in self._layers:
            frozen = layer.name in names
            layer.module.train(not frozen)
            for parameter in layer.module.parameters():
                parameter.requires_grad_(not frozen)
                if frozen:
                    parameter.grad = None


def build_hidden(model: Model, seed: int, device: torch.device) -> tuple[tuple[Layer, ...], Layer]:
    """All hidden layers and the first output layer, drawn from the input to the output.

    Args:
        model: the scenario's.
        seed: the run's.
        device: where they are to live; they are drawn on the CPU.
    """
    draw = generator(seed, "init")
    sizes = [FASHION_MNIST.inputs, *[model.width] * model.hidden_layers, FASHION_MNIST.classes]
    linears = [_blank_linear(*each) for each in pairwise(sizes)]
    for linear in linears:
        initialise(linear.weight, model.init, draw)
        nn.init.zeros_(linear.bias)
    *below, output = [linear.to(device) for linear in linears]
    activation = activations.build(model.activation, model.beta)
    hidden = [
        Layer(
            hidden_name(number),
            linear,
            _norm(model.norm, model.width, device),
            activation,
            skip_from=next((source for source, target in model.skip if target == number), None),
            normalises_gradient=model.gradient == "normalised",
        )
        for number, linear in enumerate(below, 1)
    ]
    return tuple(hidden), _output(output)


def build_head(model: Model, seed: int, stage: int, device: torch.device) -> Layer:
    """The fresh output layer that a stage of a staged schedule puts on top, as PyTorch initialises it."""
    output = _blank_linear(model.width, FASHION_MNIST.classes)
    initialise_as_pytorch(output, generator(seed, "head", stage))
    return _output(output.to(device))


def _output(linear: nn.Linear) -> Layer:
    return Layer(OUTPUT, linear, module=linear)


def _blank_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer on the CPU that nobody has initialised: PyTorch's own draw would be thrown away."""
    return nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")


def _norm(name: str, width: int, device: torch.device) -> nn.Module | None:
    match name:
        case "batch":
            return nn.BatchNorm1d(width, device=device)
        case "layer":
            return nn.LayerNorm(width, device=device)
        case "custom":
            return CustomNorm()
        case _:
            return None
