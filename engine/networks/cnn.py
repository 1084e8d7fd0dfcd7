"""Convolutional networks in the manner of He et al. (2016), section 4.2: plain or residual, of 6n + 2 layers.

A stem, three stages of n blocks, the mean over the image, and an output layer. A block is two 3×3
convolutions. The channels double from stage to stage while the image halves. A skip connection that does so,
too, takes every second pixel and adds zeros as channels (the paper's option A), so it has no weights.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.networks import activations
from engine.networks.block_network import BlockNetwork, OnOutput, in_a_row
from engine.networks.initializers import initialise
from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.layers import CNN_STAGES, OUTPUT, STEM_STRIDE
from engine.randomness import generator
from scenarios.schema import Cnn


class Convolution(nn.Module):
    """A 3×3 convolution without bias before a normalisation, else with one that starts at 0.

    Args:
        inputs: channels.
        outputs: channels.
        stride: 2 halves the image.
        norm: `batch` or `none`.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, norm: str) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3, device="cpu"))
        self.bias = nn.Parameter(torch.zeros(outputs, device="cpu")) if norm == "none" else None
        self.norm = nn.BatchNorm2d(outputs, device="cpu") if norm == "batch" else None

    def forward(self, x: Tensor) -> Tensor:
        """From float [batch, inputs, rows, columns] to [batch, outputs, rows / stride, columns / stride]."""
        z = F.conv2d(x, self.weight, self.bias, stride=self.stride, padding=1)
        return z if self.norm is None else self.norm(z)


class Stem(nn.Module):
    """The first convolution, from one grey channel, and its activation."""

    def __init__(self, width: int, norm: str, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.convolution = Convolution(1, width, STEM_STRIDE, norm)
        self.activation = activation

    def forward(self, images: Tensor) -> Tensor:
        """From float [batch, pixels] to [batch, width, rows, columns]."""
        return self.activation(self.convolution(images.view(-1, 1, *FASHION_MNIST.shape)))


class ConvBlock(nn.Module):
    """Two convolutions, and a skip connection around them if the block is residual."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        stride: int,
        norm: str,
        activation: Callable[[Tensor], Tensor],
        *,
        residual: bool,
    ) -> None:
        super().__init__()
        self.first = Convolution(inputs, outputs, stride, norm)
        self.second = Convolution(outputs, outputs, 1, norm)
        self.activation, self.residual = activation, residual
        self._stride, self._added = stride, outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """From float [batch, inputs, rows, columns] to [batch, outputs, rows / stride, columns / stride]."""
        z = self.second(self.activation(self.first(x)))
        if self.residual:
            if self._stride > 1:
                x = x[:, :, :: self._stride, :: self._stride]
            z = z + (F.pad(x, (0, 0, 0, 0, 0, self._added)) if self._added else x)
        return self.activation(z)


class Head(nn.Linear):
    """The mean over the image, and the output layer."""

    def reset_parameters(self) -> None:
        """Leave the memory as it is: `build` draws the weights."""

    def forward(self, h: Tensor) -> Tensor:
        """From float [batch, channels, rows, columns] to the logits [batch, classes]."""
        return super().forward(h.mean((2, 3)))


class ConvNetwork(BlockNetwork):
    """A stem, blocks, and the output layer."""

    def __init__(self, model: Cnn) -> None:
        activation = activations.build(model.activation).forward
        blocks: dict[str, nn.Module] = {"stem": Stem(model.width, model.norm, activation)}
        channels = model.width
        for number in range(CNN_STAGES * model.blocks):
            begins = number and number % model.blocks == 0
            outputs = channels * 2 if begins else channels
            blocks[f"block{number + 1}"] = ConvBlock(
                channels, outputs, 2 if begins else 1, model.norm, activation, residual=model.residual
            )
            channels = outputs
        blocks[OUTPUT] = Head(channels, FASHION_MNIST.classes, device="cpu")
        super().__init__(blocks)
        self._rectified = model.activation == "relu"
        self._row = tuple(blocks.items())

    @property
    def rectified(self) -> bool:
        """Whether each block ends with a ReLU."""
        return self._rectified

    def forward(self, images: Tensor, seen: OnOutput | None = None) -> Tensor:
        """See `BlockNetwork.forward`."""
        return in_a_row(self._row, images, seen)


def build_cnn(model: Cnn, seed: int, device: torch.device) -> ConvNetwork:
    """Build the network, and draw its weights in order from the input to the output.

    Args:
        model: of the scenario.
        seed: of the run.
        device: where the parameters will be. They are drawn on the CPU, so that a seed means the same
            weights on every device.
    """
    network, draw = ConvNetwork(model), generator(seed, "init")
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, Convolution):
                initialise(module.weight, model.init, draw)
            elif isinstance(module, Head):
                initialise(module.weight, model.init, draw)
                nn.init.zeros_(module.bias)
    return network.to(device)
