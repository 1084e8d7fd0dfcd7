"""Measures one step of a network that autograd trains, with the recorder's functions.

Each quantity has the recorder's definition for a watched model: the images, and in an image its pixels, are
samples of a channel. What is about weights is about the matrices of a block together.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from engine.networks.block_network import BlockNetwork
from vanish_recorder.measure.change import together
from vanish_recorder.measure.norms import norm
from vanish_recorder.measure.outputs import Moments, moments, statistics
from vanish_recorder.measure.readout import Readout
from vanish_recorder.measure.weights import WeightProbe
from vanish_recorder.protocol.events import LayerSample

_OF_OUTPUTS = ("activation_mean", "activation_std", "sample_std", "dead")


class BlockMeasurement:
    """The measured values of one step.

    Attributes:
        values: float64 [values], on the device; the caller copies them together with others.
    """

    def __init__(self, network: BlockNetwork, readout: Readout, probe: "BlockProbe") -> None:
        self._network, self._readout, self._probe = network, readout, probe
        self.values = readout.flat(next(network.parameters()).device)

    def layers(self, numbers: list[float], frozen: frozenset[str]) -> tuple[LayerSample, ...]:
        """The samples of the network's places.

        Args:
            numbers: `values`, on the CPU.
            frozen: the names of the blocks that do not train.
        """
        self._readout.fill(numbers)
        return tuple(
            LayerSample(name=name, frozen=name in frozen, **self._probe.found(name))
            for name in self._network.places
        )


class BlockProbe:
    """Measures one step. Create it before the forward pass, and call `read` after the update.

    Measuring only reads, so the weights are bit-identical with and without it.

    Args:
        network: before the step's update. Its weights are copied here, to compare them afterwards.
    """

    def __init__(self, network: BlockNetwork) -> None:
        self._network, self._readout = network, Readout()
        self._weights = WeightProbe(self._readout)
        self._matrices = {name: network.matrices(name) for name in network.layer_names}
        for matrices in self._matrices.values():
            self._weights.copy(matrix for matrix in matrices if matrix.requires_grad)
        self._still = {  # the norms of those that do not train
            id(matrix): self._readout.put(norm(matrix.detach()))
            for matrices in self._matrices.values()
            for matrix in matrices
            if not matrix.requires_grad
        }
        self._moments: dict[str, Moments] = {}
        self._deltas: dict[str, int] = {}
        self._statistics: dict[str, tuple[int, int]] = {}  # by place: the part, and the row in it

    def see(self, name: str, output: Tensor) -> None:
        """Measure the output of a place, and later the gradient that arrives there.

        Args:
            name: of the place.
            output: h, float, samples first; as autograd knows it.
        """
        last = name == self._network.places[-1]
        self._moments[name] = moments(output, None, rectified=self._network.rectified and not last)
        if output.requires_grad:
            output.register_hook(self._delta_of(name))  # type: ignore[no-untyped-call]

    def _delta_of(self, name: str) -> Callable[[Tensor], None]:
        def measure(gradient: Tensor) -> None:
            self._deltas[name] = self._readout.put(norm(gradient))  # dL/dh

        return measure

    @torch.no_grad()
    def read(self) -> BlockMeasurement:
        """Measure everything else. Call it after the optimizer's update."""
        alike: dict[tuple[int, torch.dtype], list[str]] = {}
        for name, found in self._moments.items():
            alike.setdefault((found.means.numel(), found.variances.dtype), []).append(name)
        for names in alike.values():
            part = self._readout.put(statistics([self._moments[name] for name in names]))
            self._statistics |= {name: (part, row) for row, name in enumerate(names)}
        trained = [each for matrices in self._matrices.values() for each in matrices if each.grad is not None]
        self._weights.read(trained, None)
        return BlockMeasurement(self._network, self._readout, self)

    def found(self, name: str) -> dict[str, float | None]:
        """The quantities of a place, after the readout was filled."""
        found: dict[str, float | None] = {}
        if name in self._statistics:
            part, row = self._statistics[name]
            values = self._readout.numbers(part)[len(_OF_OUTPUTS) * row :]
            found |= dict(zip(_OF_OUTPUTS, values, strict=False))
            if found["dead"] == -1:
                del found["dead"]
        if name in self._deltas:
            (found["delta_norm"],) = self._readout.numbers(self._deltas[name])
        changes = self._weights.changes()
        matrices = self._matrices.get(name, [])
        found |= together([changes[id(each)] for each in matrices if id(each) in changes])
        if "weight_norm" not in found and matrices:
            parts = [self._still[id(each)] for each in matrices if id(each) in self._still]
            found["weight_norm"] = math.hypot(*(self._readout.numbers(part)[0] for part in parts))
        return found
