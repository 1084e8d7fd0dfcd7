"""Trainer: one run, one step at a time.

This file is longer than 300 lines because the step, the end of an epoch or a stage, and what a user changes
between two steps all work on the same state. Splitting the class would spread that state over two files.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.data.batches import Batches
from engine.data.fashion_mnist import Dataset, scaled
from engine.measure.block_probe import BlockProbe
from engine.measure.inspection import LayerView, look
from engine.measure.probe import Probe, measured_step, nonfinite_layers, without_gradients
from engine.measure.zero_units import ZeroUnits
from engine.networks.block_network import BlockNetwork
from engine.networks.dropout import Dropout
from engine.networks.losses import LOSSES
from engine.networks.mlp import Network, Tape
from engine.protocol.commands import CannotFreeze
from engine.storage.checkpoint import Unfit
from engine.training.awake import AWAKE
from engine.training.divergence import first_nonfinite, nonfinite_outputs
from engine.training.evaluation import evaluate
from engine.training.optimizers import Optimizer
from engine.training.passes import Pass, by_autograd, written_out
from engine.training.progress import Progress
from engine.training.rates import rate_factor
from engine.training.restored import has_keys, table, tensor, tensors, whole
from engine.training.run_events import run_finished, run_started
from engine.training.stages import Stages
from engine.training.tally import Tally
from scenarios.networks import Mlp
from scenarios.schema import Scenario
from vanish_recorder.protocol.events import (
    OUT_OF_BUDGET,
    EpochFinished,
    Intervened,
    InterventionKind,
    LayerSample,
    Paused,
    Resumed,
    RunEvent,
    Sample,
    StageStarted,
)
from vanish_recorder.protocol.status import Status


class Trainer:
    """Trains one scenario and reports what happens as events.

    `step` is one optimizer step. At the end of an epoch it also evaluates, and at the end of a stage it
    builds the next one. A step reads no value from the device, except one copy at a sample and a few at the
    end of an epoch: each read would make the CPU wait for a GPU.

    Args:
        run: the run's name.
        scenario: what to train.
        seed: of all its randomness.
        data: on the device to train on.
        emit: receives every event.
        threads: how many torch threads the caller uses; it is only reported.
        budget: after how many seconds of training the run stops; None for none.
        measuring: whether samples measure the layers. The weights are bit-identical either way, and it may
            be changed between two steps.
        clock: returns seconds.
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
        budget: float | None = None,
        measuring: bool = True,
        clock: Callable[[], float] = AWAKE,
    ) -> None:
        self._clock = clock
        self.scenario, self.seed, self.threads = scenario, seed, threads
        self.status = Status.LOADING
        self.network: Network | BlockNetwork
        self.optimizer: Optimizer
        self._zero_units: ZeroUnits | None = None
        self._at = Progress(run, scenario.training.epochs, budget=budget)
        self.measuring = measuring
        self._data, self._emit = data, emit
        self._batches = Batches(data, seed, scenario.data.batch_size)
        if getattr(scenario.model, "norm", "none") == "batch":
            self._batches.require_spread()
        self._loss = LOSSES[scenario.training.loss]
        self._stages = Stages(scenario, seed, data.train_images.device)

    def begin(self) -> None:
        """Report what is trained, and build the first stage."""
        self.status = Status.RUNNING
        self._announce()
        self._begin_stage()

    @property
    def mlp(self) -> Network:
        """The network, if it is of the slides' kind.

        Raises:
            TypeError: autograd trains it.
        """
        if not isinstance(self.network, Network):
            raise TypeError("the network is no mlp")
        return self.network

    @property
    def steps(self) -> int:
        """How many steps the run has taken."""
        return self._at.step

    def state(self) -> dict[str, Any]:
        """Everything that a bit-identical resume needs: tensors and plain values, not copied.

        Layers that are not in the current stage are left out, because the seed draws them again.
        """
        return {
            "progress": self._at.state(),
            "position": self._batches.position,
            "tally": self._tally.state() if self._at.in_epoch else None,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "zero_units": self._zero_units.state() if self._zero_units else None,
        }

    def restore(self, state: dict[str, Any], *, announce: bool = False) -> None:
        """Continue from the state of another trainer of the same run, paused. Call this instead of `begin`.

        Args:
            state: what `state` of the other trainer returned.
            announce: report what is trained, as `begin` does.

        Raises:
            Unfit: the state is not one that this run can have. The trainer cannot be used then.
        """
        keys = {"progress", "position", "tally", "network", "optimizer"}
        has_keys({**table(state, "state"), "zero_units": None}, {*keys, "zero_units"}, "state")
        # The folder may have been renamed or copied since: the run keeps the name that it has now.
        self._at = Progress.restored({**table(state["progress"], "progress"), "run": self._at.run})
        whole(self._at.stage, "stage", 1, len(self._stages))
        self._build_stage()
        if not self._at.frozen < set(self.network.layer_names):
            raise Unfit("its frozen layers are not those of its network")
        own = self.network.state_dict()
        self.network.load_state_dict(tensors(state["network"], own, "network"))
        self.optimizer.load_state_dict(state["optimizer"])
        self._restore_zero_units(state.get("zero_units"))
        self._restore_epoch(state)
        self.status = Status.PAUSED
        if announce:
            self._announce()

    def _restore_zero_units(self, counted: Any) -> None:
        """Continue to count the units that are 0. Checkpoints of older versions have no count."""
        if self._zero_units is None or counted is None:
            return
        has_keys(table(counted, "zero units"), {"samples", "last"}, "zero units")
        samples, last = whole(counted["samples"], "zero units", high=2**31 - 1), counted["last"]
        if last is not None:
            assert isinstance(self.scenario.model, Mlp)
            shape = (len(self.network.layer_names) - 1, self.scenario.model.width)
            last = tensor(last, torch.empty(shape, dtype=torch.int32, device="meta"), "zero units")
        self._zero_units.restore({"samples": samples, "last": last}, self._data.train_images.device)

    def _restore_epoch(self, state: dict[str, Any]) -> None:
        """Continue in the middle of an epoch, if the state is from there."""
        at, batches = self._at, self._batches
        finished = at.epoch_of_stage - at.in_epoch
        position = whole(state["position"], "position", 0, batches.images)
        if not at.in_epoch:
            if state["tally"] is not None or at.step_of_stage > finished * batches.per_epoch:
                raise Unfit("its counters contradict each other")
            return
        batches.begin(at.epoch, position)
        self._tally = Tally()
        self._tally.restore(state["tally"], self._data.train_images.device)
        taken, rest = divmod(position, self.scenario.data.batch_size)
        begun = at.step_of_stage - taken  # steps before this epoch
        if rest or batches.is_over or self._tally.images != position:
            raise Unfit("its position in the epoch is damaged")
        if not taken or not 0 <= begun <= finished * batches.per_epoch:
            raise Unfit("its counters contradict each other")

    # ------------------------------------------------------------------------------- the step

    def step(self) -> None:
        """Train on the next batch."""
        began = self._clock()
        if not self._at.in_epoch:
            self._begin_epoch()
        images, labels = self._batches.next()  # float32 [batch, inputs] in [0, 1]; int64 [batch]
        self._at.take_step()
        sampled = measured_step(self._at.step, self._at.step_of_stage)
        done = self._train_on(images, labels, measured=sampled and self.measuring)
        self._tally.add(done.loss, done.logits, labels)
        if sampled:
            self._sample(done.probe, began)
        else:
            self._at.spend(self._clock() - began)
        if self.status is Status.RUNNING and self._batches.is_over:
            self._finish_epoch()
        if self.status is Status.RUNNING and self._at.is_out_of_budget:
            self._finish(Status.STOPPED, reason=OUT_OF_BUDGET)

    def _train_on(self, images: Tensor, labels: Tensor, *, measured: bool) -> Pass:
        """Compute the gradients of a batch, and update the weights."""
        self.optimizer.zero_grad()
        done = self._pass(images, labels, measured=measured)
        self._plan_rate()
        if done.tape is not None:
            self.optimizer.observe(done.tape)  # SDAGD computes its curvature here
        self.optimizer.step()
        return done

    def _pass(self, images: Tensor, labels: Tensor, *, measured: bool) -> Pass:
        """The forward and the backward pass of this step."""
        network, model = self.network, self.scenario.model
        if isinstance(network, BlockNetwork):
            return by_autograd(network, self._loss, images, labels, measured=measured)
        assert isinstance(model, Mlp)
        tape = Tape(images, dropout=Dropout.of_step(model, self.seed, self._at.step))
        scale = self.optimizer.begin()  # of the loss, a scalar tensor; None without one

        def probe_of(tape: Tape) -> Probe:
            return Probe(
                network,
                tape,
                model.activation,
                self._zero_units,
                precision=self.scenario.training.precision,
                scale=scale,
            )

        return written_out(network, self._loss, tape, labels, scale, probe_of if measured else None)

    def _plan_rate(self) -> None:
        """Set the part of the learning rate that this step takes."""
        at, training = self._at, self.scenario.training
        self.optimizer.factor = rate_factor(
            at.step_of_stage,
            at.epochs_per_stage * self._batches.per_epoch,
            training.warmup_steps or 0,
            training.cosine_to,
        )

    def _sample(self, probe: Probe | BlockProbe | None, began: float) -> None:
        layers: tuple[LayerSample, ...] = ()
        measurement, scaling = probe.read() if probe else None, self.optimizer.readout()
        values = measurement.values if measurement else None
        if scaling is not None:
            values = scaling if values is None else torch.cat([scaling, values])
        losses, accuracy, numbers = self._tally.fetch(values)
        scale, skipped, overflowed = None, None, 0.0
        if scaling is not None:
            scale, skipped, overflowed, *numbers = numbers
        if measurement:
            layers = measurement.layers(numbers, self._at.frozen)
        if overflowed:
            layers = without_gradients(layers)
        self._at.spend(self._clock() - began)
        self._emit(
            Sample(
                **self._at.where(),
                loss=losses[-1],
                accuracy=accuracy,
                lr=self.optimizer.rate,
                layers=layers,
                scale=scale,
                skipped=None if skipped is None else int(skipped),
            )
        )
        self._check(losses, layers)

    def _check(self, losses: list[float], layers: tuple[LayerSample, ...] = ()) -> None:
        """End the run if a loss is not finite. `losses` are those of the latest steps, up to this one."""
        bad = first_nonfinite(losses)
        if bad is not None:
            self._diverge(self._at.step - len(losses) + 1 + bad, nonfinite_layers(layers))

    # ------------------------------------------------------------------------ epochs and stages

    def _begin_epoch(self) -> None:
        self._at.begin_epoch()
        self._batches.begin(self._at.epoch)
        self._tally = Tally()

    def _finish_epoch(self, *, ends_stage: bool = False) -> None:
        self._at.in_epoch = False
        began = self._clock()
        losses, *_ = self._tally.fetch()  # on a GPU this waits for the steps since the last sample
        self._at.spend(self._clock() - began)
        self._check(losses)
        if self.status.ended:
            return
        train_loss, train_accuracy = self._tally.averages()
        began = self._clock()
        test_loss, test_accuracy = evaluate(self.network, self._loss, self._data)
        self.network.freeze(self._at.frozen)  # back from evaluation mode
        event = EpochFinished(
            **self._at.where(),
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            test_loss=test_loss,
            test_accuracy=test_accuracy,
            seconds=self._at.epoch_time,
            evaluation_seconds=self._clock() - began,
        )
        self._at.finish_epoch(event)
        self._emit(event)
        if not math.isfinite(test_loss):  # the last update of the epoch broke the weights
            self._diverge(self._at.step)
        elif ends_stage or self._at.stage_is_over:
            self._finish_stage()

    def _begin_stage(self) -> None:
        self._at.begin_stage(self._stages.planned_frozen(self._at.stage + 1))
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
        """Build the network and a new optimizer for the current stage."""
        self.network, self.optimizer = self._stages.build(self._at.stage, self._at.frozen)
        model = self.scenario.model
        counts = isinstance(model, Mlp) and model.activation == "relu"
        self._zero_units = ZeroUnits(self.scenario.data.batch_size) if counts else None

    def _finish_stage(self) -> None:
        if self._at.stage < len(self._stages):
            self._begin_stage()
        else:
            self._finish(Status.FINISHED)

    # --------------------------------------------------------------------- between two steps

    def pause(self, reason: str) -> None:
        """Stop training until `resume`."""
        if self.status is Status.RUNNING:
            self.status = Status.PAUSED
            self._emit(Paused(**self._at.where(), reason=reason))

    def resume(self, reason: str) -> None:
        """Continue after a pause, or after the end of the budget, and then without one."""
        if self._at.is_out_of_budget:
            self._at.budget = None
        if self.status is Status.PAUSED:
            self.status = Status.RUNNING
            self._emit(Resumed(**self._at.where(), reason=reason))

    def stop(self) -> None:
        """End the run after the current step."""
        if not self.status.ended:
            self._finish(Status.STOPPED)

    def set_learning_rate(self, value: float) -> None:
        """Set the learning rate from the next step on, also for later stages. For SDAGD it is the radius."""
        self._at.lr = value
        self.optimizer.lr = value
        self._intervene("lr", value=value)

    def freeze(self, layer: str, *, frozen: bool) -> None:
        """Freeze or unfreeze one layer until the stage ends.

        Raises:
            CannotFreeze: the layer is not in this stage, or no other layer would train.
        """
        network = self.network
        if isinstance(network, BlockNetwork) and layer in {*network.places} - {*network.layer_names}:
            owner, *_ = network.layer_names
            raise CannotFreeze(f"{layer} has no weights of its own: freeze {owner}")
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
        """End the current stage after the current step. Ending the last stage finishes the run."""
        self._intervene("next_stage")
        if self._at.in_epoch:
            self._finish_epoch(ends_stage=True)
        else:
            self._finish_stage()

    def set_epochs(self, value: int) -> None:
        """Set how many epochs each stage trains. A stage past that number ends with its current epoch."""
        self._at.epochs_per_stage = value
        self._intervene("epochs", value=value)
        if self._at.stage_is_over:
            self._finish_stage()

    def inspect(self, layer: str) -> LayerView:
        """Histograms of one layer of the network, over the first images of the training set.

        The images are always the same, so two inspections differ only by what the network has learnt.
        Inspecting never changes the run.
        """
        images, labels = self._first_images()
        return look(
            self.network,
            self._loss,
            images,
            labels,
            layer,
            run=self._at.run,
            step=self._at.step,
            scale=self.optimizer.begin(),
        )

    def _first_images(self) -> tuple[Tensor, Tensor]:
        """One batch of images, float32 [batch, inputs] in [0, 1], and their labels, int64 [batch]."""
        size, data = self.scenario.data.batch_size, self._data
        return scaled(data.train_images[:size]), data.train_labels[:size]

    def _intervene(
        self, kind: InterventionKind, *, layer: str | None = None, value: float | None = None
    ) -> None:
        self._emit(Intervened(**self._at.where(), kind=kind, layer=layer, value=value))

    # ---------------------------------------------------------------------- beginning and end

    def _announce(self) -> None:
        self._emit(
            run_started(
                self._at,
                self.scenario,
                self.seed,
                self._data,
                self._stages,
                threads=self.threads,
                steps_per_epoch=self._batches.per_epoch,
            )
        )

    def _diverge(self, first_bad_step: int, nonfinite: tuple[str, ...] = ()) -> None:
        """End the run because a loss is not finite.

        Args:
            first_bad_step: the first step whose loss is not finite.
            nonfinite: the layers whose output is not finite, if this step measured them. Otherwise a new
                forward pass over the first images of the training set finds them.
        """
        if not nonfinite:
            images, _ = self._first_images()
            nonfinite = nonfinite_outputs(self.network, images)
        self._finish(Status.DIVERGED, first_bad_step, nonfinite)

    def _finish(
        self,
        status: Status,
        first_bad_step: int | None = None,
        nonfinite: tuple[str, ...] | None = None,
        *,
        reason: str | None = None,
    ) -> None:
        self.status = status
        event = run_finished(
            self._at,
            status,
            self.network,
            first_bad_step=first_bad_step,
            nonfinite=nonfinite,
            reason=reason,
        )
        self._emit(event)
