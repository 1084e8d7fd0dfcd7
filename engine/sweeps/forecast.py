"""How long the rest of a sweep will take, from what its runs have taken so far."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.layers import CNN_STAGES, STEM_STRIDE
from scenarios.schema import Cnn, Mlp, Rnn, Scenario, Transformer

# What a layer costs in a step besides its matrix products, in multiplications that take as long. Measured
# on one core, batch 512: 0.096 ms per layer of width 8, and 0.99 ms per layer of width 128 (25 million each).
_PER_LAYER = 2.7e6
_INPUTS, _OUTPUTS = 784, 10


def cost(scenario: Scenario) -> float:
    """What an epoch of a run costs, in a unit that only compares runs: the multiplications of its steps."""
    multiplications, layers = _OF_KIND[scenario.model.kind](scenario.model)
    images = 60_000
    steps = math.ceil(images / scenario.data.batch_size)
    # Forward, and backward to the weights and to the input.
    epoch = 3 * images * multiplications + steps * _PER_LAYER * layers
    return epoch * scenario.training.epochs * max(1, len(scenario.stages))


def _of_mlp(model: Mlp) -> tuple[int, int]:
    """The multiplications of an image's forward pass, and the number of layers with the input."""
    widths = [_INPUTS, *[model.width] * model.hidden_layers, _OUTPUTS]
    return sum(before * after for before, after in pairwise(widths)), len(widths)


def _of_cnn(model: Cnn) -> tuple[int, int]:
    channels, pixels = model.width, (FASHION_MNIST.shape[0] // STEM_STRIDE) ** 2
    total = 9 * pixels * channels
    for stage in range(CNN_STAGES):
        before = channels
        if stage:
            channels, pixels = 2 * channels, math.ceil(math.sqrt(pixels) / 2) ** 2
        total += 9 * pixels * channels * (before + (2 * model.blocks - 1) * channels)
    return total + channels * _OUTPUTS, 2 * model.blocks * CNN_STAGES + 2


def _of_rnn(model: Rnn) -> tuple[int, int]:
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[model.cell]
    steps, inputs = FASHION_MNIST.shape
    return steps * gates * model.width * (inputs + model.width) + model.width * _OUTPUTS, gates * steps + 2


def _of_transformer(model: Transformer) -> tuple[int, int]:
    rows, columns = FASHION_MNIST.shape
    tokens = (rows // model.patch) * (columns // model.patch)
    block = tokens * model.width**2 * (4 + 2 * model.mlp_ratio) + 2 * tokens**2 * model.width
    ends = rows * columns * model.width + model.width * _OUTPUTS
    return model.blocks * block + ends, 6 * model.blocks + 2


_OF_KIND: dict[str, Callable[[Any], tuple[int, int]]] = {
    "mlp": _of_mlp,
    "cnn": _of_cnn,
    "rnn": _of_rnn,
    "transformer": _of_transformer,
}


class Forecast:
    """Says how long a sweep will still take.

    Args:
        costs: of the runs that are not done, by their numbers.
        at_once: how many train at the same time.
    """

    def __init__(self, costs: dict[int, float], at_once: int) -> None:
        self._costs, self._at_once = costs, at_once
        self._shares: dict[int, float] = {}
        self._seconds: dict[int, float] = {}
        self._ended: set[int] = set()

    def note(self, number: int, share: float, seconds: float) -> None:
        """A run has trained for some seconds, in which it did a share (0 to 1) of its steps."""
        if number in self._costs:
            self._shares[number], self._seconds[number] = share, seconds

    def end(self, number: int, share: float, seconds: float) -> None:
        """A run has ended. One that diverged or failed has done only a share of its steps; 0 if unknown."""
        if share > 0:
            self.note(number, share, seconds)
        self._ended.add(number)

    @property
    def is_measured(self) -> bool:
        """Whether enough has been trained to say anything: some seconds in all that train at once."""
        enough = sum(self._seconds.values()) >= 3.0 * self._at_once
        return enough and any(share > 0 for share in self._shares.values())

    def left(self) -> float | None:
        """The seconds until the last run has ended; None until enough is measured."""
        if not self.is_measured:
            return None
        done = sum(self._costs[number] * share for number, share in self._shares.items())
        rate = sum(self._seconds.values()) / done
        remaining = [
            cost * (1 - self._shares.get(number, 0.0)) * rate
            for number, cost in self._costs.items()
            if number not in self._ended
        ]
        return shared_out(remaining, self._at_once)


def shared_out(seconds: Iterable[float], at_once: int) -> float:
    """How long jobs take that are given out by their length, the longest first."""
    busy = [0.0] * max(1, at_once)
    for each in longest_first(list(seconds)):
        place = busy.index(min(busy))
        busy[place] += each
    return max(busy)


def longest_first(seconds: Sequence[float]) -> list[float]:
    """In the order in which they are given out, so that no long run is alone at the end."""
    return sorted(seconds, reverse=True)
