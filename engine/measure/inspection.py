"""A close look at one layer of a run, on demand: histograms of its weights, gradients and activations.

It is taken from a copy of the network, so the run goes on in the same bits as if nobody had looked. torch is
imported by whoever trains; the results alone need none of it.
"""

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from engine.networks.losses import Loss
    from engine.networks.mlp import Network

BINS = 64


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values lie where, in equal bins from `low` to `high`; both are nan if none is finite.

    Attributes:
        low: the smallest finite value.
        high: the largest.
        counts: in each of the bins; the last one holds `high`.
        mean: of the finite values.
        deviation: their standard deviation.
        zeros: how many are exactly 0.
        not_finite: how many are nan or infinite, and in no bin.
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
        """All values, whatever they are."""
        return sum(self.counts) + self.not_finite


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer at one moment.

    Attributes:
        run: the run's name.
        layer: the layer's.
        step: the last one taken before it was looked at.
        weights: of the linear layer, without its bias.
        gradients: of the loss by them; None where the layer is frozen.
        activations: h, what the next layer sees.
        images: how many training images gradients and activations are from.
    """

    run: str
    layer: str
    step: int
    weights: Histogram
    gradients: Histogram | None
    activations: Histogram
    images: int


def look(
    network: "Network", loss: "Loss", images: "Tensor", labels: "Tensor", layer: str, *, run: str, step: int
) -> LayerView:
    """Histograms of `layer`, over a forward and a backward pass through a copy of `network`.

    Args:
        network: is only read.
        loss: from logits [batch, classes] and labels [batch] to the value that is minimised.
        images: [batch, inputs].
        labels: [batch].
        layer: one of the network's.
        run: for the result.
        step: for the result.
    """
    import torch

    from engine.networks.backprop import backpropagate
    from engine.networks.mlp import Tape

    twin, tape = copy.deepcopy(network), Tape(images)
    with torch.no_grad():
        _, error = loss(twin(images, tape), labels)
    backpropagate(twin, tape, error)
    number = twin.layer_names.index(layer)
    weight = twin.layers[number].weight
    gradient = weight.grad if weight.requires_grad else None
    return LayerView(
        run=run,
        layer=layer,
        step=step,
        weights=histogram(weight.detach()),
        gradients=None if gradient is None else histogram(gradient),
        activations=histogram(tape.h[number]),
        images=len(labels),
    )


def histogram(values: "Tensor", bins: int = BINS) -> Histogram:
    """The histogram of all of a tensor's values."""
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
