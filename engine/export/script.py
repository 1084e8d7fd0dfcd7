"""A scenario as a plain PyTorch script: self-contained, readable, and with the losses of a run.

The script draws weights, batches and dropout from the same generators as a run, and leaves the rest to
PyTorch.
Writing it needs no torch.
"""

from collections.abc import Iterator

from engine.export import script_parts as parts
from engine.export.modules import CLASSES, INPUTS, layer_modules
from engine.export.script_training import evaluation, stages, training
from scenarios.networks import Mlp
from scenarios.problems import printable
from scenarios.schema import Scenario, Sdagd

_MODULES = ("argparse", "gzip", "hashlib", "math", "struct", "time")


class NoScript(Exception):
    """Scripts of this kind of network are not supported yet; the message is the kind."""


def script(scenario: Scenario, command: str, seed: int) -> str:
    """The script's text.

    Args:
        scenario: whose network and training it is.
        command: that writes it; the script says so.
        seed: that the script takes if it is given none.

    Raises:
        NoScript: see there.
    """
    model = scenario.model
    if not isinstance(model, Mlp):
        raise NoScript(model.kind)
    body = "\n\n\n".join(block.strip("\n") for block in _blocks(scenario, model, seed) if block)
    imports = "\n".join(f"import {name}" for name in _MODULES if f"{name}." in body)
    title = _in_docstring(scenario.title)
    return f'''"""{title}: {model.hidden_layers} hidden layers of {model.width} units, on Fashion-MNIST.

Written by: {_in_docstring(command)}
It needs only PyTorch: python FILE.py FOLDER

FOLDER has the four files of Fashion-MNIST, such as train-images-idx3-ubyte, gzipped or not. With the same
seed and data, the losses are those of vanish-tui, up to rounding.
"""

{imports}
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


{body}


if __name__ == "__main__":
    main()
'''


def _in_docstring(text: str) -> str:
    """The text so that a docstring shows it, and does not end in it."""
    return printable(text).replace("\\", "\\\\").replace('"""', r"\"\"\"")


def _blocks(scenario: Scenario, model: Mlp, seed: int) -> Iterator[str]:
    yield parts.READ
    if model.activation == "sigmoid_beta":
        yield parts.SIGMOID_BETA
    if model.norm == "custom":
        yield parts.CUSTOM_NORM
    if model.gradient == "normalised":
        yield parts.NORMALISED_GRADIENT
    yield _network(model)
    yield _initial_weights(model)
    if scenario.stages:
        yield parts.NEW_OUTPUT.replace("WIDTH", str(model.width))
    if isinstance(scenario.optimizer, Sdagd):
        yield parts.SDAGD.replace("WHOLE", parts.WHOLE_NORM if scenario.optimizer.norm == "global" else "")
    yield evaluation(scenario)
    yield training(scenario)
    yield stages(scenario) if scenario.stages else ""
    yield _main(scenario, seed)


def _network(model: Mlp) -> str:
    modules = "\n".join(f"                {each.code}," for each in layer_modules(model))
    skips = {target: source for source, target in model.skip}
    if skips:
        constant = f"\nSKIPS = {skips}  # to each of these layers, the output of another one is added\n"
        forward = """        outputs = [x]  # of each layer
        for number, layer in enumerate(self.layers, 1):
            h = layer(outputs[-1])
            if number in SKIPS:
                h = h + outputs[SKIPS[number]]
            outputs.append(h)
        return self.output(outputs[-1])"""
    else:
        constant = ""
        forward = """        for layer in self.layers:
            x = layer(x)
        return self.output(x)"""
    return f'''{constant}
class MLP(nn.Module):
    """{model.hidden_layers} hidden layers, and an output layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
{modules}
            )
            for inputs in [{INPUTS}, *[{model.width}] * {model.hidden_layers - 1}]
        )
        self.output = nn.Linear({model.width}, {CLASSES})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
{forward}
'''


def _initial_weights(model: Mlp) -> str:
    init = model.init
    match init.scheme:
        case "normal":
            draw = f"nn.init.normal_(linear.weight, std={init.std}, generator=draw)"
        case "xavier":
            draw = f"nn.init.xavier_normal_(linear.weight, gain={init.gain}, generator=draw)"
        case "he":
            std = f"{init.gain} * math.sqrt(2 / linear.in_features)"
            draw = f"nn.init.normal_(linear.weight, std={std}, generator=draw)"
        case "orthogonal":
            draw = f"nn.init.orthogonal_(linear.weight, gain={init.gain}, generator=draw)"
        case "pytorch":
            draw = "bound = 1 / math.sqrt(linear.in_features)\n        "
            draw += "nn.init.uniform_(linear.weight, -bound, bound, generator=draw)"
    return f'''
def initialise(model: MLP, seed: int) -> None:
    """Draw all weights from the input to the output; biases are 0."""
    draw = generator(seed, "init")
    for linear in [*(layer[0] for layer in model.layers), model.output]:
        {draw}
        nn.init.zeros_(linear.bias)
'''


def _main(scenario: Scenario, seed: int) -> str:
    dtype = parts.DTYPES.get(scenario.training.precision, "")  # of weights that have 16 bits
    if scenario.stages:
        run = f"train_stages(model, data, arguments.epochs, arguments.seed{', ' + dtype if dtype else ''})"
    else:
        run = "train(model, data, arguments.epochs, arguments.seed)"
    return f"""
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="with the four files of Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default={scenario.training.epochs})
    parser.add_argument("--seed", type=int, default={seed})
    arguments = parser.parse_args(argv)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        data = (*load(arguments.folder, "train", device), *load(arguments.folder, "t10k", device))
    except OSError as error:
        parser.error(f"{{error.filename}}: {{error.strerror}}")
    model = MLP()
    initialise(model, arguments.seed)
    model.to(device{", " + dtype if dtype else ""})
    print(model)
    {run}
"""
