"""What the rules examine: the latest samples, and the epochs of the current stage."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from engine.diagnosis.layer import SAMPLES, SMOOTHED, Layer, smoothed_layer
from engine.diagnosis.network import Network
from engine.diagnosis.thresholds import OFF_GUESSING, PLATEAU_EPOCHS
from engine.protocol.spec import LayerSpec, RunSpec
from vanish_recorder.diagnosis.median import smoothed
from vanish_recorder.protocol.events import EpochFinished, LayerSample, Sample

UNCOUNTED = 4000  # images after which samples without a count of dead units have none: an older log
SMALL_BATCH = 128  # images; of fewer, a unit that is rarely active looks dead


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
        first_scale: of the loss in that sample; None without a loss scale.
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
        self.first_scale: float | None = None
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
            self.first_scale = sample.scale
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
        return smoothed_layer(spec, number, samples, by_batch=uncounted and large, large=large)

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
    def scale(self) -> float | None:
        """The latest loss scale; None without one."""
        return self._samples[-1].scale if self._samples else None

    @property
    def skipped(self) -> tuple[int, float]:
        """How many steps of the stage were skipped, and which part of those in the window."""
        if not self._samples:
            return 0, 0.0
        oldest, newest = self._samples[0], self._samples[-1]
        total, before = newest.skipped or 0, oldest.skipped or 0
        steps = max(newest.step - oldest.step, total - before)
        return total, (total - before) / steps if steps else 0.0

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
