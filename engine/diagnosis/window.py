"""What the rules examine: the latest samples, and the epochs of the current stage."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from engine.diagnosis.thresholds import PLATEAU_EPOCHS
from engine.protocol.events import EpochFinished, LayerSample, Sample
from engine.protocol.spec import LayerSpec, RunSpec

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
        unmoved: fraction of the weights that the update did not change.
        size: root mean square of the layer's output.
        sample_std: standard deviation of the output over the batch.
        saturated: fraction of the units.
        dead: fraction of the units.
    """

    spec: LayerSpec
    number: int
    frozen: bool
    delta: float | None
    grad: float | None
    update: float | None
    slowest: float | None
    unmoved: float | None
    size: float | None
    sample_std: float | None
    saturated: float | None
    dead: float | None

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.spec.name


class Window:
    """The latest samples and epochs of one stage.

    Args:
        spec: what the run is.

    Attributes:
        skips: the skip connections, as numbers of the layers that each leads from and to.
        batch_size: images per step; None if it is unknown.
        guessing: the loss of predicting the class frequencies; None if it is unknown.
        first_step: of the stage.
        epochs: the latest epochs of the stage.
        epoch_of_stage: how many epochs of the stage have ended.
        layers: smoothed over the latest samples, from the input to the output.
        hidden: the hidden layers among them.
        output: the output layer; None before the first sample.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._places = {layer.name: (number, layer) for number, layer in enumerate(spec.layers, 1)}
        self.skips = tuple(
            (self._places[layer.skip_from][0], number)
            for number, layer in self._places.values()
            if layer.skip_from in self._places
        )
        self.batch_size = spec.batch_size
        self.guessing = spec.guessing
        self.begin_stage(1)

    def begin_stage(self, first_step: int) -> None:
        """Begin a stage. The values of the previous stage are dropped, because it had another network."""
        self.first_step = first_step
        self.epochs: list[EpochFinished] = []
        self.epoch_of_stage = 0
        self._epochs_began: list[int] = []
        self._next_epoch_begins = first_step
        self._set_layers(())
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)

    def add(self, sample: Sample) -> None:
        """Add a sample in which every number is finite."""
        if self._samples and len(self._samples[-1].layers) != len(sample.layers):
            self._samples.clear()  # measuring was switched on or off
        self._samples.append(sample)
        by_layer = zip(*(other.layers for other in self._samples), strict=True)
        self._set_layers(tuple(self._layer(place, layers) for place, layers in enumerate(by_layer, 1)))

    def _set_layers(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers
        self.hidden = tuple(layer for layer in layers if layer.spec.role == "hidden")
        self.output = next((layer for layer in layers if layer.spec.role == "output"), None)

    def _layer(self, place: int, samples: Sequence[LayerSample]) -> Layer:
        name = samples[-1].name
        number, spec = self._places.get(name, (place, LayerSpec(name=name)))
        return _smoothed_layer(spec, number, samples)

    def add_epoch(self, epoch: EpochFinished) -> None:
        """Add the results of an epoch."""
        self.epoch_of_stage += 1
        if math.isfinite(epoch.train_loss):
            self.epochs.append(epoch)
            self._epochs_began.append(self._next_epoch_begins)
            del self.epochs[:-PLATEAU_EPOCHS], self._epochs_began[:-PLATEAU_EPOCHS]
        self._next_epoch_begins = epoch.step + 1

    @property
    def epochs_began(self) -> int:
        """The first step of the oldest epoch in the window."""
        return self._epochs_began[0] if self._epochs_began else self.first_step

    @property
    def loss(self) -> float | None:
        """The loss of the latest batches, smoothed."""
        return _smoothed([sample.loss for sample in self._samples][-SMOOTHED:] or [None])


def _smoothed_layer(spec: LayerSpec, number: int, samples: Sequence[LayerSample]) -> Layer:
    latest, recent = samples[-1], samples[-SMOOTHED:]
    updates = [sample.update_ratio or 0.0 for sample in samples]
    return Layer(
        spec=spec,
        number=number,
        frozen=latest.frozen,
        delta=_smoothed([sample.delta_norm for sample in recent]),
        grad=_smoothed([sample.grad_norm for sample in recent]),
        update=_smoothed([sample.update_ratio for sample in recent]),
        slowest=min(updates) if len(updates) == SAMPLES else None,
        unmoved=_smoothed([sample.unmoved for sample in recent]),
        size=_smoothed([_size(sample) for sample in recent]),
        sample_std=_smoothed([sample.sample_std for sample in recent]),
        saturated=_smoothed([sample.saturated for sample in recent]),
        dead=_smoothed([sample.dead for sample in recent]),
    )


def _size(sample: LayerSample) -> float | None:
    if sample.activation_mean is None or sample.activation_std is None:
        return None
    return math.hypot(sample.activation_mean, sample.activation_std)


def _smoothed(values: Sequence[float | None]) -> float | None:
    """The median, or the lower of two. None if the latest sample has no value, as in a frozen layer."""
    if values[-1] is None:
        return None
    finite = sorted([value for value in values if value is not None and math.isfinite(value)])
    return finite[(len(finite) - 1) // 2] if finite else None
