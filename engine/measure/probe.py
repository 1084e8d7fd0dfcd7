"""Which steps are measured, and how the values of a step are collected and read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Generic

import torch
from torch import Tensor

from engine.measure.quantities import (
    Activations,
    Function,
    Outputs,
    Source,
    Weights,
    of_activations,
    of_deltas,
    of_outputs,
    of_weights,
)
from engine.measure.zero_units import ZeroUnits
from engine.networks.mlp import Network, Tape
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Layers

# For these, nan means 0 / 0: there was nothing to measure.
_NAN_IS_NULL = tuple(name for name, quantity in QUANTITIES.items() if quantity.nan_is_null)


def measured_step(step: int, step_of_stage: int) -> bool:
    """Whether a step is measured: steps 1 to 10 of each stage, and every 10th step of the run.

    Args:
        step: of the run, counted from 1.
        step_of_stage: of the stage, counted from 1.
    """
    return step_of_stage <= 10 or step % 10 == 0


@dataclass(frozen=True)
class Measurement:
    """The measured values of one step, on the device. `decode` turns them into samples.

    Attributes:
        values: float64 [values].
        present: for each value, its layer (counted from 0) and the name of its quantity.
        names: of all layers, from the input to the output.
    """

    values: Tensor
    present: tuple[tuple[int, str], ...]
    names: tuple[str, ...] = ()

    def layers(self, numbers: list[float], frozen: frozenset[str]) -> tuple[LayerSample, ...]:
        """The samples of the layers.

        Args:
            numbers: the values, on the CPU.
            frozen: the names of the layers that do not train.
        """
        return decode(numbers, self.present, self.names, frozen)


# The name of a quantity, the layers (counted from 0), and their values, float64 [layers].
_Column = tuple[str, Sequence[int], Tensor]


class Probe:
    """Measures one step. Create it before the backward pass, and call `read` after the update.

    Measuring only reads, so the weights are bit-identical with and without it.

    Args:
        network: before the step's update. Its weights are copied here, to compare them afterwards.
        tape: of this step's forward pass.
        activation: name of the scenario's activation.
        zero_units: counts the units of ReLU layers over several samples; None leaves it out.
        precision: of the scenario.
        scale: of the loss in this step, a scalar tensor; None without one.
    """

    def __init__(
        self,
        network: Network,
        tape: Tape,
        activation: str,
        zero_units: ZeroUnits | None = None,
        *,
        precision: str = "fp32",
        scale: Tensor | None = None,
    ) -> None:
        self._activation, self._precision, self._scale = activation, precision, scale
        self._zero_units = zero_units
        self._tape = tape
        self._names = network.layer_names
        self._deltas = _LayerByLayer(of_deltas.applying(activation, "reached"))
        # Neighbouring layers with the same shape are measured together.
        alike = groupby(
            enumerate(layer.weight for layer in network.layers),
            lambda numbered: (numbered[1].shape, numbered[1].requires_grad),
        )
        self._weights: list[tuple[Sequence[int], Sequence[Tensor], Tensor]] = []
        for _, members in alike:
            numbers, weights = zip(*members, strict=True)
            self._weights.append((numbers, weights, torch.stack([weight.detach() for weight in weights])))

    def on_delta(self, number: int, delta: Tensor) -> None:
        """Measure one layer's gradient during the backward pass, while it is in the cache.

        Args:
            number: of the layer, counted from 0.
            delta: dL/da times the loss scale, float [batch, units].
        """
        # In float32, because 16 bits may have no number for what is left without the scale.
        self._deltas.take(number, delta if self._scale is None else delta.float() / self._scale)

    @torch.no_grad()
    def read(self) -> Measurement:
        """Measure everything else. Call it after the optimizer's update."""
        a, h, activation = self._tape.a, self._tape.h, self._activation  # a, h: of each layer [batch, units]
        hidden, output = range(len(h) - 1), len(h) - 1
        columns: list[_Column] = []
        for numbers, weights, before in self._weights:
            columns += self._read_weights(numbers, Weights(before, weights, self._scale))
        at_hidden = of_outputs.applying(activation, "all", "hidden")
        columns += _of_several(at_hidden, hidden, Outputs([h[number] for number in hidden]))
        columns += _of_several(of_outputs.applying(activation, "all"), (output,), Outputs([h[output]]))
        columns += self._deltas.columns()
        activations = _LayerByLayer(of_activations.applying(activation, "hidden"))
        zero: list[Tensor] = []  # of each hidden layer, [units]
        for number in hidden:
            layer = Activations(a[number], activation)
            activations.take(number, layer)
            if self._zero_units is not None:
                zero.append(layer.zero_units)
        columns += activations.columns()
        if self._zero_units is not None:
            shares = self._zero_units.add(torch.stack(zero))
            if shares is not None:
                columns.append(("always_zero", hidden, shares))
        return Measurement(
            torch.cat([values for _, _, values in columns]),
            tuple((number, name) for name, numbers, _ in columns for number in numbers),
            self._names,
        )

    def _read_weights(self, numbers: Sequence[int], weights: Weights) -> list[_Column]:
        kinds: tuple[Layers, ...] = ("all", "trained") if weights.trained else ("all",)
        functions = of_weights.applying(self._activation, *kinds, precision=self._precision)
        return _of_several(functions, numbers, weights)


def _of_several(
    functions: Mapping[str, Function[Source]], numbers: Sequence[int], source: Source
) -> list[_Column]:
    """The quantities of several layers, each measured in one call."""
    return [(name, numbers, function(source)) for name, function in functions.items()]


class _LayerByLayer(Generic[Source]):
    """The quantities that are measured layer by layer, while the layer's tensor is in the cache."""

    def __init__(self, functions: Mapping[str, Function[Source]]) -> None:
        self._numbers: list[int] = []
        self._found = [(name, function, list[Tensor]()) for name, function in functions.items()]

    def take(self, number: int, source: Source) -> None:
        self._numbers.append(number)
        for _, function, values in self._found:
            values.append(function(source))

    def columns(self) -> list[_Column]:
        return [(name, self._numbers, torch.stack(values)) for name, _, values in self._found if values]


def decode(
    numbers: list[float], present: tuple[tuple[int, str], ...], names: tuple[str, ...], frozen: frozenset[str]
) -> tuple[LayerSample, ...]:
    """The samples of the layers, from the values of a Measurement.

    Args:
        numbers: the values, on the CPU.
        present: for each value, its layer (counted from 0) and the name of its quantity.
        names: of all layers, from the input to the output.
        frozen: the names of the layers that do not train.
    """
    layers: list[dict[str, float | None]] = [{} for _ in names]
    for (number, quantity), value in zip(present, numbers, strict=True):
        layers[number][quantity] = value
    for layer in layers:
        for quantity in _NAN_IS_NULL:
            if math.isnan(layer.get(quantity) or 0.0):
                layer[quantity] = None
    return tuple(
        LayerSample(name=name, frozen=name in frozen, **layer)
        for name, layer in zip(names, layers, strict=True)
    )


def without_gradients(layers: tuple[LayerSample, ...]) -> tuple[LayerSample, ...]:
    """The samples of a step that was skipped, because a scaled gradient overflowed: it had no gradients."""
    return tuple(
        replace(layer, grad_norm=None, delta_norm=None, unmoved=None, underflow=None) for layer in layers
    )


def nonfinite_layers(layers: tuple[LayerSample, ...]) -> tuple[str, ...]:
    """The names of the layers whose output was not finite, from the input to the output."""
    return tuple(
        layer.name
        for layer in layers
        if layer.activation_std is not None and not math.isfinite(layer.activation_std)
    )
