"""Recurrent networks that read an image row by row: the plain cell (Elman 1990), LSTM and GRU.

LSTM is that of Hochreiter and Schmidhuber (1997) with forget gates (Gers et al. 2000), GRU that of Cho et al.
(2014), both in the form that PyTorch has. The loops are written out, so that the state of each time step, and
the gradient that arrives there, can be seen.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.networks.block_network import BlockNetwork, OnOutput
from engine.networks.initializers import initialise
from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.layers import CELL, OUTPUT, TIME_STEPS, time_name
from engine.randomness import generator
from scenarios.networks import Rnn

_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


class Cell(nn.Module):
    """The weights that every time step uses.

    Attributes:
        weight_in: float [gates · width, inputs].
        weight_recurrent: float [gates · width, width].
        bias: float [gates · width]. The gates of LSTM are input, forget, cell, output; those of GRU reset,
            update, new.
        bias_new: float [width]: of GRU, within the reset gate; None otherwise.
    """

    def __init__(self, cell: str, width: int) -> None:
        super().__init__()
        gates = _GATES[cell]
        self.width = width
        self.weight_in = nn.Parameter(torch.empty(gates * width, FASHION_MNIST.shape[1], device="cpu"))
        self.weight_recurrent = nn.Parameter(torch.empty(gates * width, width, device="cpu"))
        self.bias = nn.Parameter(torch.zeros(gates * width, device="cpu"))
        is_gru = cell == "gru"
        self.bias_new = nn.Parameter(torch.zeros(width, device="cpu")) if is_gru else None

    def states(self, rows: Tensor) -> Iterator[Tensor]:
        """The state h after each row.

        Args:
            rows: float [batch, time steps, inputs].

        Yields:
            float [batch, width] each.
        """
        arriving = F.linear(rows, self.weight_in, self.bias).unbind(1)  # W x + b of each step, at once
        h = rows.new_zeros(len(rows), self.width)
        return self._run(arriving, h)

    def _run(self, arriving: tuple[Tensor, ...], h: Tensor) -> Iterator[Tensor]:
        raise NotImplementedError


class PlainCell(Cell):
    """h ← tanh(W x + U h + b)."""

    def _run(self, arriving: tuple[Tensor, ...], h: Tensor) -> Iterator[Tensor]:
        for x in arriving:
            h = torch.tanh(x + F.linear(h, self.weight_recurrent))
            yield h


class LstmCell(Cell):
    """c ← f·c + i·g; h ← o·tanh(c), with the gates i, f, o = σ(W x + U h + b) and g = tanh(…)."""

    def _run(self, arriving: tuple[Tensor, ...], h: Tensor) -> Iterator[Tensor]:
        c = torch.zeros_like(h)
        for x in arriving:
            i, f, g, o = (x + F.linear(h, self.weight_recurrent)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            yield h


class GruCell(Cell):
    """h ← z·h + (1 − z)·n, with the gates r, z = σ(W x + U h + b) and n = tanh(W x + b + r·(U h + b'))."""

    def _run(self, arriving: tuple[Tensor, ...], h: Tensor) -> Iterator[Tensor]:
        assert self.bias_new is not None
        for x in arriving:
            x_gates, x_new = x.tensor_split((2 * self.width,), 1)
            h_gates, h_new = F.linear(h, self.weight_recurrent).tensor_split((2 * self.width,), 1)
            r, z = torch.sigmoid(x_gates + h_gates).chunk(2, 1)
            n = torch.tanh(x_new + r * (h_new + self.bias_new))
            h = z * h + (1 - z) * n
            yield h


_CELLS = {"rnn": PlainCell, "lstm": LstmCell, "gru": GruCell}


class RecurrentNetwork(BlockNetwork):
    """A cell that reads the rows of an image, and the output layer behind its last state."""

    def __init__(self, model: Rnn) -> None:
        cell = _CELLS[model.cell](model.cell, model.width)
        output = nn.Linear(model.width, FASHION_MNIST.classes, device="cpu")
        super().__init__({CELL: cell, OUTPUT: output})
        self._cell, self._output = (cell,), (output,)  # in tuples: they are registered by their names

    @property
    def places(self) -> tuple[str, ...]:
        """The cell, whose weights are measured, then the state after each row, then the output layer."""
        return (CELL, *map(time_name, range(1, TIME_STEPS + 1)), OUTPUT)

    def block(self, name: str) -> nn.Module:
        """The block of a name; of a time step it is the cell."""
        return super().block(name if name in self.layer_names else CELL)

    def forward(self, images: Tensor, seen: OnOutput | None = None) -> Tensor:
        """See `BlockNetwork.forward`."""
        h = images
        states = self._cell[0].states(images.view(-1, *FASHION_MNIST.shape))
        for number, h in enumerate(states, 1):
            if seen is not None:
                seen(time_name(number), h)
        logits: Tensor = self._output[0](h)
        if seen is not None:
            seen(OUTPUT, logits)
        return logits


def build_rnn(model: Rnn, seed: int, device: torch.device) -> RecurrentNetwork:
    """Build the network, and draw its weights: those of the input, the recurrent ones, the output layer.

    Each gate's matrix is drawn by itself, so that an orthogonal one is orthogonal.

    Args:
        model: of the scenario.
        seed: of the run.
        device: where the parameters will be. They are drawn on the CPU, so that a seed means the same
            weights on every device.
    """
    network, draw = RecurrentNetwork(model), generator(seed, "init")
    cell = network.block(CELL)
    assert isinstance(cell, Cell)
    with torch.no_grad():
        for gate in torch.split(cell.weight_in, model.width):
            initialise(gate, model.init, draw)
        for gate in torch.split(cell.weight_recurrent, model.width):
            initialise(gate, model.recurrent, draw)
        if model.forget_bias is not None:
            cell.bias[model.width : 2 * model.width] = model.forget_bias
        output = network.get_submodule(OUTPUT)
        assert isinstance(output, nn.Linear)
        initialise(output.weight, model.init, draw)
        nn.init.zeros_(output.bias)
    return network.to(device)
