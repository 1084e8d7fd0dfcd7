"""The modules of a scenario's network, as Python builds them and as PyTorch prints them, without torch."""

from collections.abc import Iterator
from typing import NamedTuple

from scenarios.networks import Mlp

INPUTS, CLASSES = 784, 10


class Module(NamedTuple):
    """One module of a hidden layer.

    Attributes:
        code: what builds it; `inputs` is the number of its layer's inputs.
        printed: what `print` writes of it, with `{inputs}` for that number.
    """

    code: str
    printed: str


_ACTIVATIONS = {
    "identity": Module("nn.Identity()", "Identity()"),
    "sigmoid": Module("nn.Sigmoid()", "Sigmoid()"),
    "tanh": Module("nn.Tanh()", "Tanh()"),
    "relu": Module("nn.ReLU()", "ReLU()"),
    "leaky_relu": Module("nn.LeakyReLU(0.01)", "LeakyReLU(negative_slope=0.01)"),
    "elu": Module("nn.ELU()", "ELU(alpha=1.0)"),
    "silu": Module("nn.SiLU()", "SiLU()"),
    "gelu": Module("nn.GELU()", "GELU(approximate='none')"),
}


def layer_modules(model: Mlp) -> Iterator[Module]:
    """What a hidden layer consists of, in order; the linear layer is the first."""
    width = model.width
    yield Module(f"nn.Linear(inputs, {width})", _linear("{inputs}", width))
    match model.norm:
        case "batch":
            learnt = "eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True"
            yield Module(f"nn.BatchNorm1d({width})", f"BatchNorm1d({width}, {learnt})")
        case "layer":
            yield Module(
                f"nn.LayerNorm({width})",
                f"LayerNorm(({width},), eps=1e-05, elementwise_affine=True, bias=True)",
            )
        case "custom":
            yield Module("CustomNorm()", "CustomNorm()")
        case "none":
            pass
    if model.activation == "sigmoid_beta":
        yield Module(f"SigmoidBeta({model.beta})", "SigmoidBeta()")
    else:
        yield _ACTIVATIONS[model.activation]
    if model.gradient == "normalised":
        yield Module("NormalisedGradient()", "NormalisedGradient()")
    if model.dropout:
        yield Module(f"nn.Dropout({model.dropout})", f"Dropout(p={model.dropout}, inplace=False)")


def printed(model: Mlp) -> str:
    """What PyTorch prints of the network: its layers, their sizes, and equal ones once."""
    modules = list(layer_modules(model))
    lines = ["MLP(", "  (layers): ModuleList("]
    sizes = [INPUTS, *[model.width] * (model.hidden_layers - 1)]
    first = 0
    while first < len(sizes):
        last = first
        while last + 1 < len(sizes) and sizes[last + 1] == sizes[first]:
            last += 1
        place = f"({first}): " if first == last else f"({first}-{last}): {last - first + 1} x "
        lines.append(f"    {place}Sequential(")
        for number, module in enumerate(modules):
            lines.append(f"      ({number}): {module.printed.replace('{inputs}', str(sizes[first]))}")
        lines.append("    )")
        first = last + 1
    return "\n".join([*lines, "  )", f"  (output): {_linear(model.width, CLASSES)}", ")"])


def _linear(inputs: object, outputs: int) -> str:
    return f"Linear(in_features={inputs}, out_features={outputs}, bias=True)"


def parameters(model: Mlp) -> list[tuple[str, tuple[int, ...]]]:
    """The shape of each parameter by its name, as `named_parameters` lists them."""
    found: list[tuple[str, tuple[int, ...]]] = []
    learnt = model.norm in ("batch", "layer")
    for number in range(model.hidden_layers):
        inputs = model.width if number else INPUTS
        name = f"layers.{number}"
        found += [(f"{name}.0.weight", (model.width, inputs)), (f"{name}.0.bias", (model.width,))]
        if learnt:
            found += [(f"{name}.1.weight", (model.width,)), (f"{name}.1.bias", (model.width,))]
    return [*found, ("output.weight", (CLASSES, model.width)), ("output.bias", (CLASSES,))]
