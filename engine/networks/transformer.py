"""Transformers that see an image as patches (Dosovitskiy et al. 2021), with the norms behind or before.

Behind (post-LN) is the original place: x ← LN(x + F(x)) (Vaswani et al. 2017). Before (pre-LN) leaves the
residual stream free: x ← x + F(LN(x)), with one more norm at the end (Xiong et al. 2020).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.networks import activations
from engine.networks.block_network import BlockNetwork, OnOutput, in_a_row
from engine.networks.initializers import initialise
from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.layers import OUTPUT, PATCHES
from engine.randomness import generator
from scenarios.networks import Transformer

_POSITION_STD = 0.02  # of the position embeddings, as in Dosovitskiy et al.


class _Linear(nn.Linear):
    """An uninitialised linear layer on the CPU; `build_transformer` draws its weights."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, device="cpu")

    def reset_parameters(self) -> None:
        """Leave the memory as it is."""


class Patches(nn.Module):
    """An image as tokens: its patches through a linear layer, plus a learnt embedding of each place."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        rows, columns = FASHION_MNIST.shape
        self.patch, self.tokens = patch, (rows // patch) * (columns // patch)
        self.linear = _Linear(patch * patch, width)
        self.position = nn.Parameter(torch.empty(self.tokens, width, device="cpu"))

    def forward(self, images: Tensor) -> Tensor:
        """From float [batch, pixels] to [batch, tokens, width]."""
        image = images.view(-1, *FASHION_MNIST.shape)
        cut = image.unfold(1, self.patch, self.patch).unfold(2, self.patch, self.patch)
        embedded: Tensor = self.linear(cut.reshape(len(images), self.tokens, self.patch * self.patch))
        return embedded + self.position


class Attention(nn.Module):
    """Softmax(Q Kᵀ / √d) V in several heads, and a linear layer behind (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (_Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """From and to float [batch, tokens, width]."""
        q, k, v = (self._split(linear(x)) for linear in (self.query, self.key, self.value))
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), -1)  # [.., tokens, tokens]
        mixed = (weights @ v).transpose(1, 2).reshape(x.shape)
        result: Tensor = self.out(mixed)
        return result

    def _split(self, x: Tensor) -> Tensor:
        """From [batch, tokens, width] to [batch, heads, tokens, width / heads]."""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class TransformerBlock(nn.Module):
    """Attention, then a perceptron with one hidden layer; around each a skip connection and a norm."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.pre = model.norm_place == "pre"
        self.attention = Attention(model.width, model.heads)
        self.first_norm = nn.LayerNorm(model.width, device="cpu")
        self.up = _Linear(model.width, model.mlp_ratio * model.width)
        self.down = _Linear(model.mlp_ratio * model.width, model.width)
        self.second_norm = nn.LayerNorm(model.width, device="cpu")
        self.activation: Callable[[Tensor], Tensor] = activations.build(model.activation).forward

    def forward(self, x: Tensor) -> Tensor:
        """From and to float [batch, tokens, width]."""
        if self.pre:
            x = x + self.attention(self.first_norm(x))
            return x + self._perceptron(self.second_norm(x))
        x = self.first_norm(x + self.attention(x))
        result: Tensor = self.second_norm(x + self._perceptron(x))
        return result

    def _perceptron(self, x: Tensor) -> Tensor:
        result: Tensor = self.down(self.activation(self.up(x)))
        return result


class TokenHead(nn.Module):
    """The mean over the tokens, and the output layer; of pre-LN a norm first, which the blocks have not."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(model.width, device="cpu") if model.norm_place == "pre" else None
        self.linear = _Linear(model.width, FASHION_MNIST.classes)

    def forward(self, x: Tensor) -> Tensor:
        """From float [batch, tokens, width] to the logits [batch, classes]."""
        x = x if self.norm is None else self.norm(x)
        logits: Tensor = self.linear(x.mean(1))
        return logits


class TransformerNetwork(BlockNetwork):
    """The patches, the blocks, and the output layer."""

    def __init__(self, model: Transformer) -> None:
        blocks: dict[str, nn.Module] = {PATCHES: Patches(model.patch, model.width)}
        blocks |= {f"block{number}": TransformerBlock(model) for number in range(1, model.blocks + 1)}
        blocks[OUTPUT] = TokenHead(model)
        super().__init__(blocks)
        self._row = tuple(blocks.items())

    def forward(self, images: Tensor, seen: OnOutput | None = None) -> Tensor:
        """See `BlockNetwork.forward`."""
        return in_a_row(self._row, images, seen)


def build_transformer(model: Transformer, seed: int, device: torch.device) -> TransformerNetwork:
    """Build the network, and draw its weights in order from the input to the output.

    Args:
        model: of the scenario.
        seed: of the run.
        device: where the parameters will be. They are drawn on the CPU, so that a seed means the same
            weights on every device.
    """
    network, draw = TransformerNetwork(model), generator(seed, "init")
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, Patches):
                nn.init.normal_(module.position, std=_POSITION_STD, generator=draw)
            elif isinstance(module, nn.Linear):
                initialise(module.weight, model.init, draw)
                nn.init.zeros_(module.bias)
    return network.to(device)
