"""What is measured at each layer, and how. All of it stays on the device until one copy brings it over.

Norms and deviations are taken in double precision: a vanishing gradient's squares are below float32's
range long before the gradient is, an exploding one's above it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from engine.networks.activations import SIGMOIDS
from engine.networks.mlp import Network, Tape
from engine.protocol.events import LayerSample

# A unit is saturated where its slope is under this part of the slope's maximum (sigmoid 1/4, tanh 1).
SATURATED_SLOPE = 0.05


def measured_step(step: int, step_of_stage: int) -> bool:
    """Whether a step is on the schedule: 1 to 10 of each stage, and every 10th of the run."""
    return step_of_stage <= 10 or step % 10 == 0


# By quantity: the layers, counted from 0, and a number for each of them.
Found = dict[str, tuple[Sequence[int], Tensor]]


@dataclass(frozen=True)
class Measurement:
    """One step's numbers on the device: `values` is a flat vector, read back by `decode`.

    `present` says of each value its layer, counted from 0, and its quantity.
    """

    values: Tensor
    present: tuple[tuple[int, str], ...]


class Probe:
    """Measures one step: made before the backward pass, of which it is told, and read after the update.

    Measuring only reads, so the weights end in the same bits with it and without.

    Args:
        network: the network, before the step's update.
        tape: of this step's forward pass.
        activation: the scenario's.
    """

    def __init__(self, network: Network, tape: Tape, activation: str) -> None:
        self._activation = activation
        self._tape = tape
        self._delta_norms: dict[int, Tensor] = {}
        alike = groupby(
            enumerate(layer.weight for layer in network.layers),
            lambda numbered: (numbered[1].shape, numbered[1].requires_grad),
        )
        self._weights = [_Weights(*zip(*members, strict=True)) for _, members in alike]

    def take_delta(self, number: int, delta: Tensor) -> None:
        """Measure a layer's dL/da [batch, units] in passing, while it is in the cache."""
        self._delta_norms[number] = _norm(delta)

    @torch.no_grad()
    def read(self) -> Measurement:
        """The numbers of the step, after the optimizer's update."""
        a, h = self._tape.a, self._tape.h
        hidden, output = range(len(h) - 1), (len(h) - 1,)
        found = [weights.read() for weights in self._weights]
        for numbers in (hidden, output):
            found.append(_moments(numbers, [h[number] for number in numbers]))
        if self._delta_norms:
            norms = torch.stack(list(self._delta_norms.values()))
            found.append({"delta_norm": (tuple(self._delta_norms), norms)})
        shares = [_shares(self._activation, a[number]) for number in hidden]
        found += [{name: (hidden, torch.stack([share[name] for share in shares]))} for name in shares[0]]
        columns = [(name, *column) for each in found for name, column in each.items()]
        return Measurement(
            torch.cat([values for _, _, values in columns]),
            tuple((number, name) for name, numbers, _ in columns for number in numbers),
        )


class _Weights:
    """The weights of neighbouring layers that are equally large, as one tensor: small operations are dear.

    Args:
        numbers: the layers', counted from 0.
        weights: of these layers, which all train or are all frozen.
    """

    def __init__(self, numbers: Sequence[int], weights: Sequence[Tensor]) -> None:
        self._numbers, self._weights = numbers, weights
        self._before = torch.stack([weight.detach() for weight in weights])

    def read(self) -> Found:
        """What the update did to them, and the gradient that was behind it."""
        weight_norm = _norm(self._before, dim=(1, 2))
        found = {"weight_norm": weight_norm}
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        if gradients:
            gradient = torch.stack(gradients)
            update = torch.stack([weight.detach() for weight in self._weights]).sub_(self._before)
            found["grad_norm"] = _norm(gradient, dim=(1, 2))
            found["update_ratio"] = _norm(update, dim=(1, 2)) / weight_norm
            pushed = gradient.ne_(0)
            moved = update.ne_(0).mul_(pushed)
            found["unmoved"] = 1 - moved.sum((1, 2)).double() / pushed.sum((1, 2))
        return {name: (self._numbers, values) for name, values in found.items()}


def decode(
    numbers: list[float], present: tuple[tuple[int, str], ...], names: tuple[str, ...], frozen: frozenset[str]
) -> tuple[LayerSample, ...]:
    """The layers' samples from the flat vector that came over from the device."""
    layers: list[dict[str, float | None]] = [{} for _ in names]
    for (number, quantity), value in zip(present, numbers, strict=True):
        layers[number][quantity] = value
    for layer in layers:
        if math.isnan(layer.get("unmoved") or 0.0):
            layer["unmoved"] = None  # no weight had a gradient that could have moved it
    return tuple(
        LayerSample(name=name, frozen=name in frozen, **layer)
        for name, layer in zip(names, layers, strict=True)
    )


def nonfinite_layers(layers: tuple[LayerSample, ...]) -> tuple[str, ...]:
    """The layers whose output was not finite, from the input to the output."""
    return tuple(
        layer.name
        for layer in layers
        if layer.activation_std is not None and not math.isfinite(layer.activation_std)
    )


def _moments(numbers: Sequence[int], outputs: Sequence[Tensor]) -> Found:
    """Mean and deviations of layers that are equally wide, from their outputs [batch, units]."""
    means, variances = [], []
    for output in outputs:
        deviation = output.double()
        unit_mean = deviation.mean(0)
        means.append(unit_mean)
        variances.append(deviation.sub_(unit_mean).square_().mean(0))
    unit_means, unit_variances = torch.stack(means), torch.stack(variances)
    mean = unit_means.mean(1)
    variance = unit_variances.mean(1) + (unit_means - mean[:, None]).square_().mean(1)
    return {
        "activation_mean": (numbers, mean),
        "activation_std": (numbers, variance.sqrt()),
        "sample_std": (numbers, unit_variances.sqrt().mean(1)),
    }


def _shares(activation: str, a: Tensor) -> dict[str, Tensor]:
    """What part of a layer its nonlinearity has stopped, from what comes out of it [batch, units].

    Compared in place: a mask of floats is several times cheaper to make and to count than one of booleans.
    """
    if activation in SIGMOIDS:
        return {"saturated": _share(torch.addcmul(a, a, a, value=-1).lt_(SATURATED_SLOPE * 0.25))}
    if activation == "tanh":
        return {"saturated": _share(a.square().gt_(1 - SATURATED_SLOPE))}
    if activation == "relu":
        zero = a.clone().eq_(0)
        return {"inactive": _share(zero), "dead": _share(zero.amin(0))}
    return {}


def _share(mask: Tensor) -> Tensor:
    """The fraction of ones among zeros, from a sum that is exact up to 2^24 of them."""
    return mask.sum().double() / mask.numel()


def _norm(values: Tensor, dim: tuple[int, ...] | None = None) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(values, dim=dim, dtype=torch.float64)
    return norm
