"""What is measured at each layer, and how. The results stay on the device until one copy to the CPU.

Norms and deviations are computed in double precision: the squares of a vanishing gradient are below the
range of float32 long before the gradient itself is, and those of an exploding one are above it.
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

# A unit is saturated if its slope is below this fraction of the largest slope (sigmoid 1/4, tanh 1).
SATURATED_SLOPE = 0.05


def measured_step(step: int, step_of_stage: int) -> bool:
    """Whether a step is measured: steps 1 to 10 of each stage, and every 10th step of the run.

    Args:
        step: of the run, counted from 1.
        step_of_stage: of the stage, counted from 1.
    """
    return step_of_stage <= 10 or step % 10 == 0


# By quantity: the layers, counted from 0, and their values, float64 [layers].
Found = dict[str, tuple[Sequence[int], Tensor]]


@dataclass(frozen=True)
class Measurement:
    """The measured values of one step, on the device. `decode` turns them into samples.

    Attributes:
        values: float64 [values].
        present: for each value, its layer (counted from 0) and the name of its quantity.
    """

    values: Tensor
    present: tuple[tuple[int, str], ...]


class Probe:
    """Measures one step. Create it before the backward pass, and call `read` after the update.

    Measuring only reads, so the weights are bit-identical with and without it.

    Args:
        network: before the step's update. Its weights are copied here, to compare them afterwards.
        tape: of this step's forward pass.
        activation: name of the scenario's activation.
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

    def on_delta(self, number: int, delta: Tensor) -> None:
        """Measure the norm of one layer's gradient during the backward pass, while it is in the cache.

        Args:
            number: of the layer, counted from 0.
            delta: dL/da, float [batch, units].
        """
        self._delta_norms[number] = _norm(delta)

    @torch.no_grad()
    def read(self) -> Measurement:
        """Measure everything else. Call it after the optimizer's update."""
        a, h = self._tape.a, self._tape.h  # of each layer [batch, units]
        hidden, output = range(len(h) - 1), (len(h) - 1,)
        found = [weights.read() for weights in self._weights]
        for numbers in (hidden, output):
            found.append(_moments(numbers, [h[number] for number in numbers]))
        if self._delta_norms:
            norms = torch.stack(list(self._delta_norms.values()))  # [layers with a gradient]
            found.append({"delta_norm": (tuple(self._delta_norms), norms)})
        shares = [_shares(self._activation, a[number]) for number in hidden]
        found += [{name: (hidden, torch.stack([share[name] for share in shares]))} for name in shares[0]]
        columns = [(name, *column) for each in found for name, column in each.items()]
        return Measurement(
            torch.cat([values for _, _, values in columns]),
            tuple((number, name) for name, numbers, _ in columns for number in numbers),
        )


class _Weights:
    """The weights of neighbouring layers with the same shape, stacked into one tensor.

    Stacking saves time: with layers as small as these, most of an operation's cost is the call.

    Args:
        numbers: of the layers, counted from 0.
        weights: of these layers, float [units, in] each. All of them train, or all are frozen.
    """

    def __init__(self, numbers: Sequence[int], weights: Sequence[Tensor]) -> None:
        self._numbers, self._weights = numbers, weights
        self._before = torch.stack([weight.detach() for weight in weights])  # [layers, units, in]

    def read(self) -> Found:
        """Measure the gradient and the change of the weights. Each value is float64 [layers]."""
        weight_norm = _norm(self._before, dim=(1, 2))
        found = {"weight_norm": weight_norm}
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        if gradients:
            gradient = torch.stack(gradients)  # [layers, units, in], and so are update, pushed and moved
            update = torch.stack([weight.detach() for weight in self._weights]).sub_(self._before)
            found["grad_norm"] = _norm(gradient, dim=(1, 2))
            found["update_ratio"] = _norm(update, dim=(1, 2)) / weight_norm
            pushed = gradient.ne_(0)  # 1 where the gradient is not 0; in place, as floats (see _shares)
            moved = update.ne_(0).mul_(pushed)  # 1 where such a weight changed
            found["unmoved"] = 1 - moved.sum((1, 2)).double() / pushed.sum((1, 2))
        return {name: (self._numbers, values) for name, values in found.items()}


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
        if math.isnan(layer.get("unmoved") or 0.0):
            layer["unmoved"] = None  # 0 / 0: no weight had a gradient other than 0
    return tuple(
        LayerSample(name=name, frozen=name in frozen, **layer)
        for name, layer in zip(names, layers, strict=True)
    )


def nonfinite_layers(layers: tuple[LayerSample, ...]) -> tuple[str, ...]:
    """The names of the layers whose output was not finite, from the input to the output."""
    return tuple(
        layer.name
        for layer in layers
        if layer.activation_std is not None and not math.isfinite(layer.activation_std)
    )


def _moments(numbers: Sequence[int], outputs: Sequence[Tensor]) -> Found:
    """Mean and standard deviations of the outputs of layers with the same width.

    Args:
        numbers: of the layers, counted from 0.
        outputs: h of these layers, float [batch, units] each.

    Returns:
        `activation_mean` and `activation_std` over batch and units; `sample_std`, the deviation over the
        batch, averaged over the units. Each is float64 [layers].
    """
    means, variances = [], []
    for output in outputs:
        deviation = output.double()  # [batch, units]
        unit_mean = deviation.mean(0)  # [units]
        means.append(unit_mean)
        variances.append(deviation.sub_(unit_mean).square_().mean(0))
    unit_means, unit_variances = torch.stack(means), torch.stack(variances)  # [layers, units] each
    mean = unit_means.mean(1)  # [layers]
    # The law of total variance: that within units plus that between the means of the units. [layers]
    variance = unit_variances.mean(1) + (unit_means - mean[:, None]).square_().mean(1)
    return {
        "activation_mean": (numbers, mean),
        "activation_std": (numbers, variance.sqrt()),
        "sample_std": (numbers, unit_variances.sqrt().mean(1)),
    }


def _shares(activation: str, a: Tensor) -> dict[str, Tensor]:
    """The fraction of a layer's units that are saturated, or inactive and dead.

    The masks are floats, computed in place: they are several times cheaper to compute and count than masks
    of booleans.

    Args:
        activation: name of the activation.
        a: its output, float [batch, units].

    Returns:
        By quantity, a float64 scalar tensor.
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
    """The fraction of ones in a mask of ones and zeros. The float32 sum is exact up to 2^24 ones."""
    return mask.sum().double() / mask.numel()


def _norm(values: Tensor, dim: tuple[int, ...] | None = None) -> Tensor:
    """The norm in double precision, over `dim` or over everything."""
    norm: Tensor = torch.linalg.vector_norm(values, dim=dim, dtype=torch.float64)
    return norm
