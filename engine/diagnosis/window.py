"""What the rules examine: the latest samples, and the epochs of the current stage."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from engine.diagnosis.network import Network
from engine.diagnosis.thresholds import OFF_GUESSING, PLATEAU_EPOCHS
from engine.protocol.spec import LayerSpec, RunSpec
from vanish_recorder.diagnosis.median import smoothed
from vanish_recorder.protocol.events import EpochFinished, LayerSample, Sample

SAMPLES = 10  # about an epoch of a full data set
UNCOUNTED = 4000  # images after which samples without a count of dead units have none: an older log
SMALL_BATCH = 128  # images; of fewer, a unit that is rarely active looks dead
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
        size: root mean square of the layer's output.
        spread: how much the output differs between images, divided by the size; None if the size is 0.
        saturated: fraction of the activations on the flat ends of the activation.
        dead: fraction of the units that are 0 for every image of the latest samples together; of the batch,
            if that was not counted and the batch is large.
        off: fraction of the units that are 0 for every image of a batch; None if the batch is small, if
            `dead` was not counted, and until the window is full.
        slope: mean slope of the activation, of sigmoid_beta without β; of ReLU the fraction of slopes of 1.
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


@dataclass(frozen=True, slots=True)
class Step:
    """An update: its step, the layer, its size, and that divided by the size of the layer's weights."""

    step: int
    layer: str
    size: float
    ratio: float


class Window:
    """The latest samples and epochs of one stage.

    Args:
        spec: what the run is.

    Attributes:
        network: the settings of its scenario.
        skips: the skip connections, as numbers of the layers that each leads from and to.
        batch_size: images per step; None if it is unknown.
        guessing: the loss of predicting the class frequencies; None if it is unknown.
        first_step: of the stage.
        first_loss: of the first sample of the stage, before its update; None before it.
        first_layers: of that sample.
        lowest_loss: the lowest smoothed loss of the stage.
        largest: the largest update of the stage, relative to the weights, since the rate was last changed.
        lr: of the latest sample.
        epochs: the latest epochs of the stage.
        plateau_began: the first step since which no epoch's loss was below that of guessing.
        epoch_of_stage: how many epochs of the stage have ended.
        epoch_steps: steps of the latest epoch.
        layers: smoothed over the latest samples, from the input to the output.
        hidden: the hidden layers among them.
        output: the output layer; None before the first sample.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._places = {layer.name: (number, layer) for number, layer in enumerate(spec.layers, 1)}
        self.network = Network.of(spec)
        self.skips = tuple(
            (self._places[layer.skip_from][0], number)
            for number, layer in self._places.values()
            if layer.skip_from in self._places
        )
        self.batch_size = spec.batch_size
        self.guessing = spec.guessing
        self.rate_name = spec.rate_name
        self.lr = spec.rate
        self.begin_stage(1)

    def begin_stage(self, first_step: int) -> None:
        """Begin a stage. The values of the previous stage are dropped, because it had another network."""
        self.first_step = first_step
        self.first_loss: float | None = None
        self.first_layers: tuple[Layer, ...] = ()
        self.lowest_loss = math.inf
        self.largest: Step | None = None
        self.epochs: list[EpochFinished] = []
        self.epoch_of_stage = 0
        self.epoch_steps = 0
        self._epochs_began: list[int] = []
        self.plateau_began = first_step
        self._next_epoch_begins = first_step
        self._set_layers(())
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._images = 0  # in the samples of the stage

    def change_rate(self) -> None:
        """Forget the largest update, because the rate was changed by hand."""
        self.largest = None

    def add(self, sample: Sample) -> None:
        """Add a sample in which every number is finite."""
        if self._samples and len(self._samples[-1].layers) != len(sample.layers):
            self._samples.clear()  # measuring was switched on or off
        self._samples.append(sample)
        self._images += self.batch_size or 0
        self.lr = sample.lr
        by_layer = zip(*(other.layers for other in self._samples), strict=True)
        self._set_layers(tuple(self._layer(place, layers) for place, layers in enumerate(by_layer, 1)))
        if self.first_loss is None:
            self.first_loss, self.first_layers = sample.loss, self.layers
        self.lowest_loss = min(self.lowest_loss, self.loss or math.inf)
        for layer in sample.layers:
            ratio, norm = layer.update_ratio, layer.weight_norm
            if not norm or ratio is None or not math.isfinite(ratio):
                continue
            if self.largest is None or ratio > self.largest.ratio:
                self.largest = Step(sample.step, layer.name, ratio * norm, ratio)

    def _set_layers(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers
        self.hidden = tuple(layer for layer in layers if layer.spec.role == "hidden")
        self.output = next((layer for layer in layers if layer.spec.role == "output"), None)

    def _layer(self, place: int, samples: Sequence[LayerSample]) -> Layer:
        name = samples[-1].name
        number, spec = self._places.get(name, (place, LayerSpec(name=name)))
        uncounted = self.batch_size is not None and self._images > UNCOUNTED
        large = (self.batch_size or 0) >= SMALL_BATCH
        return _smoothed_layer(spec, number, samples, by_batch=uncounted and large, large=large)

    def add_epoch(self, epoch: EpochFinished) -> None:
        """Add the results of an epoch."""
        self.epoch_of_stage += 1
        self.epoch_steps = epoch.step + 1 - self._next_epoch_begins
        if self.guessing is None or epoch.train_loss < OFF_GUESSING * self.guessing:
            self.plateau_began = epoch.step + 1
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
    def steps(self) -> int:
        """How many steps of the stage there were, up to the latest sample."""
        return self._samples[-1].step + 1 - self.first_step if self._samples else 0

    @property
    def filled(self) -> bool:
        """Whether enough samples were taken for a median over them."""
        return len(self._samples) >= SMOOTHED

    @property
    def loss(self) -> float | None:
        """The loss of the latest batches, smoothed."""
        return smoothed([sample.loss for sample in self._samples][-SMOOTHED:] or [None])

    @property
    def highest_loss(self) -> float | None:
        """The highest loss of the latest batches."""
        return max((sample.loss for sample in self._samples), default=None)


def _smoothed_layer(
    spec: LayerSpec, number: int, samples: Sequence[LayerSample], *, by_batch: bool, large: bool
) -> Layer:
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
        case _:
            return None
