"""One layer as the rules examine it: smoothed over the latest samples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.diagnosis.slopes import BY_SIZE, mean_square
from engine.protocol.spec import LayerSpec
from vanish_recorder.diagnosis.median import smoothed
from vanish_recorder.protocol.events import LayerSample

SAMPLES = 10  # about an epoch of a full data set
SMOOTHED = 5  # the last batch of an epoch is short and its values differ; a median ignores it


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, smoothed over the latest samples. None: it does not apply, or was not measured.

    Attributes:
        spec: what the layer is.
        number: counted from 1 at the input.
        frozen: whether it was frozen in the latest sample.
        delta: norm of dL/da.
        grad: norm of dL/dW.
        update: norm of the update divided by that of the weights.
        slowest: the smallest `update` in the window; None until the window is full.
        fastest: the largest `update` in the window.
        unmoved: fraction of the weights that the update did not change.
        underflow: fraction of the gradient that fp16 cannot hold; None in other types.
        size: root mean square of the layer's output.
        spread: how much the output differs between images, divided by the size; None if the size is 0.
        saturated: fraction of the activations on the flat ends of the activation.
        dead: fraction of the units that are 0 for every image of the latest samples together; of the batch,
            if that was not counted and the batch is large.
        off: fraction of the units that are 0 for every image of a batch; None if the batch is small, if
            `dead` was not counted, and until the window is full.
        slope: mean slope of the activation, of sigmoid_beta without β; of ReLU the fraction of slopes of 1;
            of those that `slopes` knows the mean square.
        weights: norm of the weights.
    """

    spec: LayerSpec
    number: int
    frozen: bool
    delta: float | None
    grad: float | None
    update: float | None
    slowest: float | None
    fastest: float | None
    unmoved: float | None
    underflow: float | None
    size: float | None
    spread: float | None
    saturated: float | None
    dead: float | None
    off: float | None
    slope: float | None
    weights: float | None

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.spec.name


def smoothed_layer(
    spec: LayerSpec, number: int, samples: Sequence[LayerSample], *, by_batch: bool, large: bool
) -> Layer:
    """The layer of the latest samples.

    Args:
        spec: of the layer.
        number: counted from 1 at the input.
        samples: of the layer, the latest last.
        by_batch: count dead units over the batch where they were not counted over several samples.
        large: whether the batch is large enough for that.
    """
    latest, recent = samples[-1], samples[-SMOOTHED:]
    updates = [sample.update_ratio or 0.0 for sample in samples]
    counted = latest.always_zero is not None and len(samples) == SAMPLES
    # What is counted over several samples needs no median, which would only be late.
    uncounted = recent if latest.always_zero is None else samples[-1:]
    return Layer(
        spec=spec,
        number=number,
        frozen=latest.frozen,
        delta=smoothed([sample.delta_norm for sample in recent]),
        grad=smoothed([sample.grad_norm for sample in recent]),
        update=smoothed([sample.update_ratio for sample in recent]),
        slowest=min(updates) if len(updates) == SAMPLES else None,
        fastest=max((each for each in updates if math.isfinite(each)), default=None),
        unmoved=smoothed([sample.unmoved for sample in recent]),
        underflow=smoothed([sample.underflow for sample in recent]),
        size=smoothed([_size(sample) for sample in recent]),
        spread=smoothed([_spread(sample) for sample in recent]),
        saturated=smoothed([sample.saturated for sample in recent]),
        dead=smoothed([_dead(sample, spec, by_batch=by_batch) for sample in uncounted]),
        off=smoothed([sample.dead for sample in recent]) if counted and large else None,
        slope=smoothed([_slope(sample, spec) for sample in recent]),
        weights=smoothed([sample.weight_norm for sample in recent]),
    )


def _size(sample: LayerSample) -> float | None:
    if sample.activation_mean is None or sample.activation_std is None:
        return None
    return math.hypot(sample.activation_mean, sample.activation_std)


def _spread(sample: LayerSample) -> float | None:
    """How much a layer's output differs between images, divided by its size in the same sample."""
    size = _size(sample)
    return sample.sample_std / size if size and sample.sample_std is not None else None


def _dead(sample: LayerSample, spec: LayerSpec, *, by_batch: bool) -> float | None:
    """The fraction of dead units, counted over several samples; otherwise over the batch, if `by_batch`.

    A hidden layer whose whole output is 0 is dead, whatever its activation.
    """
    if spec.role == "hidden" and (_size(sample) == 0 or sample.dead == 1):
        return 1.0
    if sample.always_zero is not None:
        return sample.always_zero
    return sample.dead if by_batch else 0.0 if sample.dead is not None else None


def _slope(sample: LayerSample, spec: LayerSpec) -> float | None:
    """The mean slope of a layer's activation a: E[a(1−a)] or E[1−a²], from the mean and deviation of a.

    Of what is neither a sigmoid nor tanh it is the mean of the squared slopes, as the size of a lets expect.
    None if a skip ends at the layer, because then a was not measured, only its sum with the skip.
    """
    mean, std = sample.activation_mean, sample.activation_std
    if spec.activation == "identity":
        return 1.0
    if spec.activation == "relu":
        return None if sample.inactive is None else 1 - sample.inactive
    if spec.skip_from is not None or mean is None or std is None:
        return None
    square = mean * mean + std * std
    if not math.isfinite(square):
        return None
    match spec.activation:
        case "sigmoid" | "sigmoid_beta":
            return max(0.0, mean - square)
        case "tanh":
            return max(0.0, 1 - square)
        case name if name in BY_SIZE and square:
            return mean_square(name, math.sqrt(square))
        case _:
            return None
