"""Inspecting one layer of a run on demand: histograms of its weights, gradients and activations.

A copy of the network computes them, so inspecting never changes the run: its weights stay bit-identical. The
results need no torch, so a process that only shows them does not import it.
"""

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from engine.networks.block_network import BlockNetwork
    from engine.networks.losses import Loss
    from engine.networks.mlp import Network

BINS = 64


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in equal bins from `low` to `high`. Both are nan if no value is finite.

    Attributes:
        low: the smallest finite value.
        high: the largest finite value.
        counts: how many values are in each bin. The last bin includes `high`.
        mean: of the finite values.
        deviation: standard deviation of the finite values.
        zeros: how many values are exactly 0.
        not_finite: how many values are nan or infinite. They are in no bin.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    mean: float
    deviation: float
    zeros: int
    not_finite: int

    @property
    def total(self) -> int:
        """The number of all values, finite or not."""
        return sum(self.counts) + self.not_finite


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer at one moment.

    Attributes:
        run: name of the run.
        layer: name of the layer.
        step: the last step taken before the layer was inspected.
        weights: of the linear layer, without its bias; of a block all its matrices.
        gradients: dL/dW; None if the layer is frozen.
        activations: h, what the next layer sees.
        images: how many training images the gradients and activations come from.
    """

    run: str
    layer: str
    step: int
    weights: Histogram
    gradients: Histogram | None
    activations: Histogram
    images: int


def look(
    network: "Network | BlockNetwork",
    loss: "Loss",
    images: "Tensor",
    labels: "Tensor",
    layer: str,
    *,
    run: str,
    step: int,
    scale: "Tensor | None" = None,
) -> LayerView:
    """Inspect `layer`, with a forward and a backward pass through a copy of `network`.

    Args:
        network: is not changed.
        loss: see `engine.networks.losses`.
        images: float [batch, inputs], pixels in [0, 1].
        labels: int64 [batch].
        layer: name of one of the network's layers.
        run: name of the run, for the result.
        step: of the run, for the result.
        scale: of the loss, a scalar tensor, by which gradients are divided again; None without one.
    """
    from engine.networks.block_network import BlockNetwork

    twin = copy.deepcopy(network)
    if isinstance(twin, BlockNetwork):
        weights, gradients, output = _of_block(twin, loss, images, labels, layer)
    else:
        weights, gradients, output = _of_layer(twin, loss, images, labels, layer, scale)
    return LayerView(
        run=run,
        layer=layer,
        step=step,
        weights=histogram(weights),
        gradients=None if gradients is None else histogram(gradients),
        activations=histogram(output),
        images=len(labels),
    )


def _of_layer(
    twin: "Network",
    loss: "Loss",
    images: "Tensor",
    labels: "Tensor",
    layer: str,
    scale: "Tensor | None",
) -> "tuple[Tensor, Tensor | None, Tensor]":
    """A layer's weights, dL/dW if it trains, and output h."""
    import torch

    from engine.networks.backprop import backpropagate
    from engine.networks.mlp import Tape

    tape = Tape(images)
    with torch.no_grad():
        _, error = loss(twin(images, tape), labels)
    backpropagate(twin, tape, error if scale is None else error * scale)
    number = twin.layer_names.index(layer)
    weight = twin.layers[number].weight
    gradient = weight.grad if weight.requires_grad else None
    if gradient is not None and scale is not None:
        gradient = gradient / scale
    return weight.detach(), gradient, tape.h[number]


def _of_block(
    twin: "BlockNetwork", loss: "Loss", images: "Tensor", labels: "Tensor", place: str
) -> "tuple[Tensor, Tensor | None, Tensor]":
    """The numbers of a block's matrices, of dL/dW if it trains, and of the output h at a place."""
    import torch

    outputs: dict[str, Tensor] = {}
    with torch.enable_grad():
        logits = twin(images, lambda name, h: outputs.__setitem__(name, h.detach()))
    torch.autograd.backward(logits, loss(logits.detach(), labels)[1])
    matrices = twin.matrices(place)
    gradients = [each.grad.flatten() for each in matrices if each.grad is not None]
    weights = torch.cat([each.detach().flatten() for each in matrices])
    return weights, torch.cat(gradients) if gradients else None, outputs[place]


def histogram(values: "Tensor", bins: int = BINS) -> Histogram:
    """The histogram of all values of a tensor.

    Args:
        values: float, any shape, on any device.
        bins: how many.
    """
    flat = values.flatten().double().cpu()
    finite = flat[flat.isfinite()]
    not_finite = len(flat) - len(finite)
    if not len(finite):
        return Histogram(math.nan, math.nan, (0,) * bins, math.nan, math.nan, 0, not_finite)
    low, high = float(finite.min()), float(finite.max())
    if high > low:
        places = ((finite - low) / (high - low) * bins).long().clamp_(0, bins - 1)
    else:
        places = finite.new_full((len(finite),), bins // 2).long()
    return Histogram(
        low=low,
        high=high,
        counts=tuple(places.bincount(minlength=bins).tolist()),
        mean=float(finite.mean()),
        deviation=float(finite.std(correction=0)),
        zeros=int((finite == 0).sum()),
        not_finite=not_finite,
    )
