"""The networks of the other kinds, written as anybody would write them in PyTorch."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scenarios.networks import Cnn, Rnn, Transformer
from scenarios.schema import Scenario

ACTIVATIONS = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "silu": nn.SiLU(), "gelu": nn.GELU()}


class _Conv(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, stride: int, model: Cnn) -> None:
        is_normalised = model.norm == "batch"
        conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not is_normalised)
        super().__init__(conv, *([nn.BatchNorm2d(outputs)] if is_normalised else []))


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, model: Cnn) -> None:
        super().__init__()
        self.one, self.two = _Conv(inputs, outputs, stride, model), _Conv(outputs, outputs, 1, model)
        self.act, self.residual = ACTIVATIONS[model.activation], model.residual

    def forward(self, x: Tensor) -> Tensor:
        z = self.two(self.act(self.one(x)))
        if self.residual and z.shape == x.shape:
            z = z + x
        elif self.residual:
            shortcut = torch.zeros_like(z)
            shortcut[:, : x.shape[1]] = x[:, :, ::2, ::2]
            z = z + shortcut
        result: Tensor = self.act(z)
        return result


class PlainCnn(nn.Module):
    """A residual or plain network as in He et al. (2016), with stride 2 in the first convolution."""

    def __init__(self, model: Cnn) -> None:
        super().__init__()
        self.stem, self.act = _Conv(1, model.width, 2, model), ACTIVATIONS[model.activation]
        w, n = model.width, model.blocks
        sizes = [(w, w, 1)] * n + [(w, 2 * w, 2)] + [(2 * w, 2 * w, 1)] * (n - 1)
        sizes += [(2 * w, 4 * w, 2)] + [(4 * w, 4 * w, 1)] * (n - 1)
        self.blocks = nn.ModuleList(_Block(*size, model) for size in sizes)
        self.output = nn.Linear(4 * w, 10)

    def outputs(self, images: Tensor) -> dict[str, Tensor]:
        """The output of each block by name, the logits last."""
        h = self.act(self.stem(images.reshape(-1, 1, 28, 28)))
        found = {"stem": h}
        for number, block in enumerate(self.blocks, 1):
            found[f"block{number}"] = h = block(h)
        found["output"] = self.output(F.adaptive_avg_pool2d(h, 1).flatten(1))
        return found

    def block(self, name: str) -> nn.Module:
        """A block by its name."""
        known = {f"block{number}": block for number, block in enumerate(self.blocks, 1)}
        return known.get(name) or self.get_submodule(name)

    def in_order(self) -> list[Tensor]:
        """The parameters as the trainer's network has them."""
        return list(self.parameters())


class PlainRnn(nn.Module):
    """A cell of PyTorch's that reads the rows; the second of its two biases, where ours has none, stays 0."""

    CELLS: ClassVar = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}

    def __init__(self, model: Rnn) -> None:
        super().__init__()
        self.cell, self.output = self.CELLS[model.cell](28, model.width), nn.Linear(model.width, 10)
        self.kind, self.width = model.cell, model.width
        with torch.no_grad():
            self.cell.bias_hh.zero_()
        self.cell.bias_hh.register_hook(self._only_new)

    def _only_new(self, gradient: Tensor) -> Tensor:
        kept = torch.zeros_like(gradient)
        if self.kind == "gru":
            kept[2 * self.width :] = gradient[2 * self.width :]
        return kept

    def outputs(self, images: Tensor) -> dict[str, Tensor]:
        """The state after each row by name, the logits last."""
        state, found = None, {}
        for number in range(28):
            state = self.cell(images[:, 28 * number : 28 * (number + 1)], state)
            found[f"t{number + 1}"] = state[0] if self.kind == "lstm" else state
        found["output"] = self.output(found["t28"])
        return found

    def block(self, name: str) -> nn.Module:
        """The cell or the output layer."""
        return self.get_submodule(name)

    def in_order(self) -> list[Tensor]:
        """The parameters as the trainer's network has them."""
        cell = self.cell
        found = [cell.weight_ih, cell.weight_hh, cell.bias_ih]
        if self.kind == "gru":
            found.append(cell.bias_hh[2 * self.width :])
        return [*found, self.output.weight, self.output.bias]


class _Patches(nn.Module):
    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.size, width = model.patch, model.width
        self.position = nn.Parameter(torch.zeros((28 // self.size) ** 2, width))
        self.linear = nn.Linear(self.size**2, width)

    def forward(self, images: Tensor) -> Tensor:
        image, size = images.view(-1, 28, 28), self.size
        cut = [
            image[:, row : row + size, column : column + size].flatten(1)
            for row in range(0, 28, size)
            for column in range(0, 28, size)
        ]
        embedded: Tensor = self.linear(torch.stack(cut, 1)) + self.position
        return embedded


class PlainTransformer(nn.Module):
    """PyTorch's encoder layers, on patches."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.patches = _Patches(model)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                model.width,
                model.heads,
                model.mlp_ratio * model.width,
                dropout=0.0,
                activation=ACTIVATIONS[model.activation],
                batch_first=True,
                norm_first=model.norm_place == "pre",
            )
            for _ in range(model.blocks)
        )
        norm = [nn.LayerNorm(model.width)] if model.norm_place == "pre" else []
        self.head = nn.Sequential(*norm, nn.Linear(model.width, 10))

    def outputs(self, images: Tensor) -> dict[str, Tensor]:
        """The output of each block by name, the logits last."""
        h = self.patches(images)
        found = {"patches": h}
        for number, block in enumerate(self.blocks, 1):
            found[f"block{number}"] = h = block(h)
        *norm, linear = self.head
        found["output"] = linear((norm[0](h) if norm else h).mean(1))
        return found

    def block(self, name: str) -> nn.Module:
        """A block by its name."""
        known = {f"block{number}": block for number, block in enumerate(self.blocks, 1)}
        return known.get(name) or {"patches": self.patches, "output": self.head}[name]

    def in_order(self) -> list[Tensor]:
        """The parameters as the trainer's network has them: query, key and value apart."""
        found: list[Tensor] = list(self.patches.parameters())
        for block in self.blocks:
            assert isinstance(block, nn.TransformerEncoderLayer)
            attention = block.self_attn
            assert attention.in_proj_weight is not None
            for weight, bias in zip(
                attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3), strict=True
            ):
                found += [weight, bias]
            for module in (attention.out_proj, block.norm1, block.linear1, block.linear2, block.norm2):
                found += [module.weight, module.bias]
        return [*found, *self.head.parameters()]


Plain = PlainCnn | PlainRnn | PlainTransformer


def plain(scenario: Scenario, like: nn.Module) -> Plain:
    """The scenario's network, with the weights of `like`: both have them in the same order."""
    network: Plain
    match scenario.model:
        case Cnn():
            network = PlainCnn(scenario.model)
        case Rnn():
            network = PlainRnn(scenario.model)
        case Transformer():
            network = PlainTransformer(scenario.model)
        case _:
            raise AssertionError
    with torch.no_grad():
        for ours, theirs in zip(network.in_order(), like.parameters(), strict=True):
            assert ours.shape == theirs.shape
            ours.copy_(theirs)
    return network
