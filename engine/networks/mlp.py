"""The networks of the slides: hidden layers (linear → norm → activation, then skip), and an output layer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.networks import activations
from engine.networks.activations import IDENTITY, Activation
from engine.networks.dropout import Dropout
from engine.networks.initializers import initialise, initialise_as_pytorch
from engine.networks.norms import NormRecord, build_norm, normalised
from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.spec import OUTPUT, hidden_name
from engine.randomness import generator
from scenarios.schema import Mlp


@dataclass
class Tape:
    """What one forward pass records, for the backward pass and for measuring.

    Attributes:
        images: float [batch, inputs].
        a: the output of each layer's activation, [batch, units]; the last one is the logits.
        h: what the next layer sees, [batch, units]: `a`, plus the skip if one ends here. The last one is
            the logits.
        kept: what the backward pass of each layer's activation needs, [batch, units]: its input or `a`.
        norms: the normalisations by layer, counted from 0, where the layer or one below it trains.
        masks: of dropout, [batch, units], by layer, counted from 0; `h` is `a` times the mask, plus the skip.
        dropout: draws the masks; None without dropout.
        multiplied: the two factors of each linear layer's product, its inputs [batch, in] and its weight
            [units, in], in the type of the product; empty in float32, where they are its input and its
            weight.
    """

    images: Tensor
    a: list[Tensor] = field(default_factory=list)
    h: list[Tensor] = field(default_factory=list)
    kept: list[Tensor] = field(default_factory=list)
    norms: dict[int, NormRecord] = field(default_factory=dict)
    masks: dict[int, Tensor] = field(default_factory=dict)
    dropout: Dropout | None = None
    multiplied: list[tuple[Tensor, Tensor]] = field(default_factory=list)


class Layer:
    """z = W·x + b, then a normalisation, an activation and a skip. The output layer is z only.

    It is a plain object that refers to its modules. Each step reads these attributes many times, and in a
    module each of these reads is a slow call.

    Args:
        name: `layer1` (next to the input), `layer2` … `output`.
        linear: W and b.
        norm: of z, if there is one.
        activation: of the normalised z.
        skip_from: the layer, counted from 1, whose output is added to this layer's output.
        normalises_gradient: whether dL/da is normalised on its way back.
        module: holds all parameters under their names in the network's state; None builds one from `linear`
            and `norm`.

    Attributes:
        weight: float [units, inputs]. This is the parameter itself, so change it in place only.
        bias: float [units]. Change it in place only, too.
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
        """Whether the layer trains: it is not frozen."""
        return self.weight.requires_grad


class Network(nn.Module):
    """Hidden layers and an output layer. In a staged schedule a stage holds only the first hidden layers.

    The keys of its state are `layer1.linear.weight` … `output.weight`, from the input to the output.

    Args:
        hidden: from the input on.
        output: the output layer.
        computes: the 16-bit type of the linear layers' products, whatever type the weights have; None for
            float32. What follows a product has its type, as under torch.autocast, except the logits.
    """

    def __init__(self, hidden: Sequence[Layer], output: Layer, computes: torch.dtype | None = None) -> None:
        super().__init__()
        self.computes = computes
        self._layers = (*hidden, output)
        for layer in self._layers:
            self.add_module(layer.name, layer.module)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, from the input to the output."""
        return self._layers

    @property
    def layer_names(self) -> tuple[str, ...]:
        """layer1, layer2 … output."""
        return tuple(layer.name for layer in self._layers)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """Compute the logits.

        Args:
            images: float [batch, inputs], pixels in [0, 1].
            tape: records every layer for `engine.networks.backprop`, which does this network's backward
                pass. With a tape, autograd's graph ends at each normalisation.

        Returns:
            The logits, float [batch, classes]; float32 where the products have 16 bits.
        """
        seen, goes_back = [images], False  # seen[i]: the input of layer i, [batch, in]
        output = self._layers[-1]
        for number, layer in enumerate(self._layers):
            x: Tensor = seen[-1]
            weight: Tensor = layer.weight
            bias: Tensor = layer.bias
            if self.computes is not None:
                x, weight, bias = (each.to(self.computes) for each in (x, weight, bias))
                if tape is not None:
                    tape.multiplied.append((x, weight))
            # A function instead of a call of the module, which would cost 2 % of a step.
            z = F.linear(x, weight, bias)  # x·Wᵀ + b [batch, units]
            goes_back = goes_back or layer.weight.requires_grad
            if layer.norm is not None:
                if tape is not None and goes_back:
                    tape.norms[number] = NormRecord(layer.norm, z, self.computes)
                    z = tape.norms[number].output
                else:
                    z = normalised(layer.norm, z, self.computes)
            a = layer.activation.forward(z)  # [batch, units]
            h = a
            if tape is not None and tape.dropout is not None and layer.trains and layer is not output:
                tape.masks[number] = tape.dropout.mask(a)
                h = a * tape.masks[number]
            h = h if layer.skip_from is None else h + seen[layer.skip_from]  # [batch, units]
            if tape is not None:
                tape.a.append(a)
                tape.h.append(h)
                tape.kept.append(z if layer.activation.keeps_z else a)
            seen.append(h)
        return h if self.computes is None else h.float()

    def freeze(self, names: frozenset[str]) -> None:
        """Freeze exactly the layers in `names`, and unfreeze the others.

        A frozen layer gets no gradient and no update, not even from momentum, because its gradients are
        None. Its BatchNorm uses its running statistics and does not change them.
        """
        self.train()
        for layer in self._layers:
            frozen = layer.name in names
            layer.module.train(not frozen)
            for parameter in layer.module.parameters():
                parameter.requires_grad_(not frozen)
                if frozen:
                    parameter.grad = None


def build_hidden(
    model: Mlp, seed: int, device: torch.device, dtype: torch.dtype = torch.float32
) -> tuple[tuple[Layer, ...], Layer]:
    """Build all hidden layers and the first output layer, drawn in order from the input to the output.

    Args:
        model: of the scenario.
        seed: of the run.
        device: where the parameters will be. They are drawn on the CPU, so that a seed means the same
            weights on every device.
        dtype: of the parameters. They are drawn in float32, so that it only rounds them.

    Returns:
        (the hidden layers, the output layer); weights [units, inputs], biases 0 [units].
    """
    draw = generator(seed, "init")
    sizes = [FASHION_MNIST.inputs, *[model.width] * model.hidden_layers, FASHION_MNIST.classes]
    linears = [_BlankLinear(*each, device="cpu") for each in pairwise(sizes)]
    for linear in linears:
        initialise(linear.weight, model.init, draw)
        nn.init.zeros_(linear.bias)
    *below, output = [linear.to(device, dtype) for linear in linears]
    activation = activations.build(model.activation, model.beta)
    hidden = [
        Layer(
            hidden_name(number),
            linear,
            build_norm(model.norm, model.width, device, dtype),
            activation,
            skip_from=next((source for source, target in model.skip if target == number), None),
            normalises_gradient=model.gradient == "normalised",
        )
        for number, linear in enumerate(below, 1)
    ]
    return tuple(hidden), _output(output)


def build_head(
    model: Mlp, seed: int, stage: int, device: torch.device, dtype: torch.dtype = torch.float32
) -> Layer:
    """Build the new output layer of a stage in a staged schedule, initialised as PyTorch does it.

    Args:
        model: of the scenario.
        seed: of the run.
        stage: counted from 1.
        device: where the parameters will be.
        dtype: of the parameters.

    Returns:
        The layer; weight [classes, width], bias [classes].
    """
    output = _BlankLinear(model.width, FASHION_MNIST.classes, device="cpu")
    initialise_as_pytorch(output, generator(seed, "head", stage))
    return _output(output.to(device, dtype))


def _output(linear: nn.Linear) -> Layer:
    return Layer(OUTPUT, linear, module=linear)


class _BlankLinear(nn.Linear):
    """An uninitialised linear layer. PyTorch's own draw would cost time and be overwritten.

    Not made with `torch.nn.utils.skip_init` or on the device "meta": their first use imports PyTorch's
    symbolic mathematics, which takes half a second.
    """

    def reset_parameters(self) -> None:
        """Leave the memory as it is."""
