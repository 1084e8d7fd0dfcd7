"""Trainer: one run, a step at a time."""

import copy
import math
import platform
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from engine.data.batches import Batches
from engine.data.fashion_mnist import Dataset, scaled
from engine.measure.inspection import LayerView, look
from engine.measure.quantities import Probe, decode, measured_step, nonfinite_layers
from engine.networks.backprop import backpropagate
from engine.networks.losses import LOSSES
from engine.networks.mlp import Network, Tape, build_head, build_hidden
from engine.protocol.commands import CannotFreeze
from engine.protocol.events import (
    SCHEMA,
    EpochFinished,
    Intervened,
    InterventionKind,
    LayerSample,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
)
from engine.protocol.status import Status
from engine.training import optimizers
from engine.training.evaluation import evaluate, weights_sha256
from engine.training.progress import Progress
from engine.training.schedule import plan
from engine.training.tally import Tally
from scenarios.schema import Scenario


class Trainer:
    """Trains one scenario and says what happens, one event at a time.

    `step` is one optimizer step; it evaluates when it ends an epoch and builds the next stage when it ends
    a stage. No value leaves the device in a step, but for one copy at a sample and some at an epoch's end.

    Args:
        run: the run's name.
        scenario: what to train.
        seed: of all its randomness.
        data: on the device to train on.
        emit: receives every event.
        threads: how many torch threads the caller gives it, for the record.
        measuring: off, samples come without layers; the weights end in the same bits. It may be changed
            between two steps.
    """

    def __init__(
        self,
        run: str,
        scenario: Scenario,
        seed: int,
        data: Dataset,
        emit: Callable[[RunEvent], None],
        *,
        threads: int = 1,
        measuring: bool = True,
    ) -> None:
        self.scenario, self.seed, self.threads = scenario, seed, threads
        self.status = Status.LOADING
        self.network: Network
        self.optimizer: optimizers.Optimizer
        self._at = Progress(run, scenario.training.epochs)
        self.measuring = measuring
        self._data, self._emit = data, emit
        self._batches = Batches(data, seed, scenario.data.batch_size)
        if scenario.model.norm == "batch":
            self._batches.require_spread()
        self._device = data.train_images.device
        self._loss = LOSSES[scenario.training.loss]
        self._stages = plan(scenario)
        self._hidden, self._first_output = build_hidden(scenario.model, seed, self._device)

    def begin(self) -> None:
        """Say what is trained and build the first stage."""
        self.status = Status.RUNNING
        self._emit(self._announcement())
        self._begin_stage()

    @property
    def steps(self) -> int:
        """How many were taken."""
        return self._at.step

    def state(self) -> dict[str, Any]:
        """Everything that a continuation in the same bits needs: tensors and plain values, not copied.

        The layers that the present stage doesn't hold are as they were drawn, and aren't in it.
        """
        return {
            "progress": self._at.state(),
            "position": self._batches.position,
            "tally": self._tally.state() if self._at.in_epoch else None,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any], *, announce: bool = False) -> None:
        """Stand, paused, where another trainer of the same run stood, in place of `begin`.

        Args:
            state: the other's.
            announce: say what is trained, as `begin` does.
        """
        self._at = Progress.restored(state["progress"])
        self._build_stage()
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self._at.in_epoch:
            self._batches.begin(self._at.epoch, state["position"])
            self._tally = Tally()
            self._tally.restore(state["tally"], self._device)
        self.status = Status.PAUSED
        if announce:
            self._emit(self._announcement())

    # ------------------------------------------------------------------------------- the step

    def step(self) -> None:
        """Train on the next batch."""
        began = perf_counter()
        if not self._at.in_epoch:
            self._begin_epoch()
        images, labels = self._batches.next()
        self._at.take_step()
        sampled = measured_step(self._at.step, self._at.step_of_stage)
        measured = sampled and self.measuring
        tape = Tape(images)

        with torch.no_grad():
            logits = self.network(images, tape)
            loss, error = self._loss(logits, labels)
            probe = Probe(self.network, tape, self.scenario.model.activation) if measured else None
            self.optimizer.zero_grad()
            backpropagate(self.network, tape, error, probe.take_delta if probe else None)
            self.optimizer.observe(tape)
            self.optimizer.step()

        self._tally.add(loss, logits, labels)
        if sampled:
            self._sample(probe, began)
        else:
            self._at.spend(perf_counter() - began)
        if self.status is Status.RUNNING and self._batches.is_over:
            self._finish_epoch()

    def _sample(self, probe: Probe | None, began: float) -> None:
        layers: tuple[LayerSample, ...] = ()
        if probe:
            measurement = probe.read()
            losses, accuracy, numbers = self._tally.fetch(measurement.values)
            layers = decode(numbers, measurement.present, self.network.layer_names, self._at.frozen)
        else:
            losses, accuracy, _ = self._tally.fetch()
        self._at.spend(perf_counter() - began)
        lr = self.optimizer.lr
        self._emit(Sample(**self._at.where(), loss=losses[-1], accuracy=accuracy, lr=lr, layers=layers))
        self._check(losses, layers)

    def _check(self, losses: list[float], layers: tuple[LayerSample, ...] = ()) -> None:
        """End the run if one of the latest losses, the last of them this step's, is not finite."""
        bad = next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), None)
        if bad is not None:
            self._diverge(self._at.step - len(losses) + 1 + bad, nonfinite_layers(layers))

    # ------------------------------------------------------------------------ epochs and stages

    def _begin_epoch(self) -> None:
        self._at.begin_epoch()
        self._batches.begin(self._at.epoch)
        self._tally = Tally()

    def _finish_epoch(self, *, ends_stage: bool = False) -> None:
        self._at.in_epoch = False
        began = perf_counter()
        losses, *_ = self._tally.fetch()  # on a GPU this waits for the steps since the last sample
        self._at.spend(perf_counter() - began)
        self._check(losses)
        if self.status.ended:
            return
        train_loss, train_accuracy = self._tally.averages()
        began = perf_counter()
        test_loss, test_accuracy = evaluate(self.network, self._loss, self._data)
        self.network.freeze(self._at.frozen)  # back from evaluation
        event = EpochFinished(
            **self._at.where(),
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            test_loss=test_loss,
            test_accuracy=test_accuracy,
            seconds=self._at.epoch_time,
            evaluation_seconds=perf_counter() - began,
        )
        self._at.finish_epoch(event)
        self._emit(event)
        if not math.isfinite(test_loss):  # the epoch's last update broke it
            self._diverge(self._at.step)
        elif ends_stage or self._at.stage_is_over:
            self._finish_stage()

    def _begin_stage(self) -> None:
        self._at.begin_stage(self._stages[self._at.stage].frozen)
        self._build_stage()
        if self._at.lr is not None:
            self.optimizer.lr = self._at.lr
        names, frozen = self.network.layer_names, self._at.frozen
        self._emit(
            StageStarted(
                **self._at.where(),
                trainable=tuple(name for name in names if name not in frozen),
                frozen=tuple(name for name in names if name in frozen),
            )
        )

    def _build_stage(self) -> None:
        """The network and the optimizer of the present stage, fresh."""
        stage, model = self._stages[self._at.stage - 1], self.scenario.model
        output = self._first_output
        if stage.fresh_head:
            output = build_head(model, self.seed, self._at.stage, self._device)
        self.network = Network(self._hidden[: stage.hidden], output)
        self.network.freeze(self._at.frozen)
        self.optimizer = optimizers.build(self.scenario.optimizer, self.network, model)

    def _finish_stage(self) -> None:
        if self._at.stage < len(self._stages):
            self._begin_stage()
        else:
            self._finish(Status.FINISHED)

    # --------------------------------------------------------------------- between two steps

    def pause(self, reason: str) -> None:
        """Stand still until `resume`."""
        if self.status is Status.RUNNING:
            self.status = Status.PAUSED
            self._emit(Paused(**self._at.where(), reason=reason))

    def resume(self, reason: str) -> None:
        """Go on after a pause."""
        if self.status is Status.PAUSED:
            self.status = Status.RUNNING
            self._emit(Resumed(**self._at.where(), reason=reason))

    def stop(self) -> None:
        """End the run where it stands."""
        if not self.status.ended:
            self._finish(Status.STOPPED)

    def set_learning_rate(self, value: float) -> None:
        """Set it from the next step on, and in the stages to come. Of SDAGD it is the radius."""
        self._at.lr = value
        self.optimizer.lr = value
        self._intervene("lr", value=value)

    def freeze(self, layer: str, *, frozen: bool) -> None:
        """Freeze or thaw one layer, until the stage ends.

        Raises:
            CannotFreeze: the stage holds no such layer, or nothing would be left to train.
        """
        if layer not in self.network.layer_names:
            raise CannotFreeze(f"{layer} is not built in stage {self._at.stage}")
        names = self._at.frozen | {layer} if frozen else self._at.frozen - {layer}
        if names == self._at.frozen:
            return
        if len(names) == len(self.network.layer_names):
            raise CannotFreeze(f"{layer} is the last layer that trains")
        self._at.frozen = names
        self.network.freeze(names)
        self._intervene("freeze" if frozen else "unfreeze", layer=layer)

    def next_stage(self) -> None:
        """End the present stage where it stands; after the last one the run is finished."""
        self._intervene("next_stage")
        if self._at.in_epoch:
            self._finish_epoch(ends_stage=True)
        else:
            self._finish_stage()

    def set_epochs(self, value: int) -> None:
        """Let each stage last `value` epochs; one that has had as many ends with its present epoch."""
        self._at.epochs_per_stage = value
        self._intervene("epochs", value=value)
        if self._at.stage_is_over:
            self._finish_stage()

    def inspect(self, layer: str) -> LayerView:
        """Histograms of one of the network's layers over the first images of the training set.

        Always the same images, so that two looks differ by what was learnt. Nothing of the run changes.
        """
        images, labels = self._first_images()
        return look(self.network, self._loss, images, labels, layer, run=self._at.run, step=self._at.step)

    def _first_images(self) -> tuple[Tensor, Tensor]:
        """A batch of them, with their labels."""
        size, data = self.scenario.data.batch_size, self._data
        return scaled(data.train_images[:size]), data.train_labels[:size]

    def _intervene(
        self, kind: InterventionKind, *, layer: str | None = None, value: float | None = None
    ) -> None:
        self._emit(Intervened(**self._at.where(), kind=kind, layer=layer, value=value))

    # ---------------------------------------------------------------------- beginning and end

    def _announcement(self) -> RunStarted:
        data, layers = self._data, (*self._hidden, self._first_output)
        return RunStarted(
            **self._at.where(),
            schema=SCHEMA,
            scenario=self.scenario.resolved(),
            seed=self.seed,
            device=str(self._device),
            threads=self.threads,
            data={
                "name": data.name,
                "source": data.source,
                "train": len(data.train_labels),
                "test": len(data.test_labels),
            },
            versions={"python": platform.python_version(), "torch": version("torch")},
            parameters=sum(parameter.numel() for layer in layers for parameter in layer.module.parameters()),
            steps_per_epoch=self._batches.per_epoch,
            stages=len(self._stages),
        )

    def _diverge(self, first_bad_step: int, nonfinite: tuple[str, ...] = ()) -> None:
        """End the run, naming the layers whose output is not finite.

        Args:
            first_bad_step: the first whose loss is not finite.
            nonfinite: the layers as the forward pass of the step that tells found them; if nobody measured
                it, they are looked for in a new one over the first images of the training set.
        """
        if not nonfinite:
            images, _ = self._first_images()
            tape = Tape(images)
            with torch.no_grad():  # through a copy: BatchNorm takes in what passes through it
                copy.deepcopy(self.network)(images, tape)
            outputs = zip(self.network.layer_names, tape.h, strict=True)
            nonfinite = tuple(name for name, h in outputs if not h.isfinite().all())
        self._finish(Status.DIVERGED, first_bad_step, nonfinite)

    def _finish(
        self, status: Status, first_bad_step: int | None = None, nonfinite: tuple[str, ...] | None = None
    ) -> None:
        self.status = status
        last = self._at.last_epoch
        self._emit(
            RunFinished(
                **self._at.where(),
                status=status,
                epochs=self._at.epoch,
                steps=self._at.step,
                test_loss=last.test_loss if last else None,
                test_accuracy=last.test_accuracy if last else None,
                best_test_accuracy=self._at.best,
                seconds=self._at.time,
                weights_sha256=weights_sha256(self.network),
                first_bad_step=first_bad_step,
                nonfinite=nonfinite,
            )
        )
