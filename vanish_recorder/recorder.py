"""Records one model: what happens in which order while a script trains it.

This file is longer than 300 lines because the order of all that happens in a round is in one place.
"""

import os
import sys
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from vanish_recorder.control import (
    Continue,
    Freeze,
    Pause,
    Request,
    SetEvery,
    SetFactor,
    Stop,
    TakeHistograms,
    Unfreeze,
)
from vanish_recorder.diagnosis import Announcer, Diagnosis
from vanish_recorder.guard import Guard, Part
from vanish_recorder.hooks import training
from vanish_recorder.hooks.listener import Call
from vanish_recorder.hooks.outputs import OutputProbe, compiled
from vanish_recorder.interventions import Change, Interventions
from vanish_recorder.measure.histogram import histogram
from vanish_recorder.measure.readout import Readout
from vanish_recorder.measure.weights import WeightProbe, local
from vanish_recorder.model.boundaries import Boundary, find_boundaries
from vanish_recorder.model.tensors import cannot_be_measured, find_tensors, fingerprint
from vanish_recorder.optimizers import Known, Optimizers
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import Intervened, Paused, Resumed, RunEvent, RunFinished
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.structure import BlockSpec
from vanish_recorder.protocol.watch_events import (
    EpochLogged,
    HistogramsTaken,
    Measured,
    PartDisabled,
    StructureFound,
)
from vanish_recorder.rounds import Rounds
from vanish_recorder.sample import Later, Sample, block_columns, tensor_columns
from vanish_recorder.schedule import Every, Schedule
from vanish_recorder.surroundings import world_size
from vanish_recorder.writing import Writer

if TYPE_CHECKING:
    from torch.amp.grad_scaler import GradScaler
    from torch.optim import Optimizer

_PATIENCE = 100  # backward passes without a step, before the user is told
_PAUSE_SECONDS = 0.1  # between two looks while the training is paused


def _content(structure: StructureFound) -> tuple[Any, ...]:
    """What a structure says, without when."""
    return (
        structure.blocks,
        structure.tensors,
        structure.optimizers,
        dict(structure.left_out),
        structure.without_activations,
    )


class Recorder:
    """Listens to the training of one model, and writes events. Nothing that it does raises into the training.

    Args:
        model: is not kept alive.
        writer: of the run's folder.
        every: a number of steps, or "auto".
        budget: the share of the training's time that measuring may take.
        layers: patterns of the names of the modules whose outputs are measured; empty for the blocks found.
        activations: whether outputs are measured.
        adds_losses: the loss of a step is the sum over its backward passes.
        requests: reads what the user asks for in the app; None if the user may change nothing.
        stops_by_exception: a request to stop raises KeyboardInterrupt after the step.
        tell: says a sentence to the user.
    """

    def __init__(
        self,
        model: nn.Module,
        writer: Writer,
        *,
        every: Every = "auto",
        budget: float = 0.02,
        layers: Sequence[str] = (),
        activations: bool = True,
        adds_losses: bool = False,
        requests: Callable[[], Sequence[Request]] | None = None,
        stops_by_exception: bool = False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._model = weakref.ref(model)
        self._writer = writer
        self._tell = tell
        self._process = os.getpid()
        self._is_one_of_several = world_size() > 1
        self._guard = Guard(self._disabled)
        self._rounds = Rounds(writer.first_step)
        self._schedule = Schedule(every, budget, writer.first_step)
        self._tensors = find_tensors(model)
        self._fingerprint: Hashable = None  # of the model, when its parameters were found
        self._structure: StructureFound | None = None
        self._blocks: tuple[BlockSpec, ...] = ()
        self._optimizers = Optimizers()
        # Steps that are under way: the optimizer, a frame of its step, and what is changed for it by hand.
        self._nested: list[tuple[Optimizer, Any, Change]] = []
        self._sample: Sample | None = None
        self._is_open = False  # a round has begun, and not ended
        self._moved: set[int] = set()  # identities of the parameters that were stepped in this round
        self._roots: list[Tensor] = []
        self._backwards = 0  # since the latest step
        self._skipped = 0
        self._overflows: Tensor | None = None  # steps that a fused optimizer skipped between samples
        self._logged: dict[str, float | Tensor] = {}
        self._epoch = max(1, writer.first_epoch)
        self._scaled: list[tuple[Optimizer, bool]] = []  # scaled steps under way, and whether they were made
        self._started = perf_counter()
        self._pauses = 0.0
        self._cost = 0.0  # seconds of measuring in this round
        self._entered = self._started  # when the recorder was called
        self._cost_since_sample = 0.0
        self._round_began = self._started
        self.closed = False
        self._adds_losses = adds_losses
        self._watches_outputs = activations
        self._patterns = tuple(layers)
        self._without_outputs = "" if activations else "watch() was called with activations=False"
        self._boundaries: dict[int, Boundary] | None = None
        self._extensions: dict[str, tuple[int, int]] = {}  # see OutputProbe
        self._probe: OutputProbe | None = None
        self._scale: Tensor | None = None  # of the loss, in the armed round
        self._interventions = Interventions()
        self._requests = requests
        self._wanted: str | None = None  # the block whose histograms the user asked for
        self._stops_by_exception = stops_by_exception
        self.should_stop = False
        self._copies: WeightProbe | None = None  # of a script that says itself when it steps
        self._by_hand = False  # the script says itself when the weights have changed
        self._diagnosis, self._announcer = Diagnosis(), Announcer()
        self._due = self._schedule.is_due(self._rounds.number + 1)
        self._arm()
        training.listen(self)

    @property
    def model(self) -> nn.Module | None:
        """The model, unless the script has dropped it, or recording has ended."""
        return None if self.closed else self._model()

    # ------------------------------------------------------------------------------- listening

    def before_step(self, optimizer: "Optimizer", call: Call) -> Call | None:
        """See Listener."""
        if self._is_asleep():
            return None
        self._entered = perf_counter()
        result = self._guard("weights", self._before_step, optimizer, call)
        self._settle()
        return result

    def after_step(self, optimizer: "Optimizer") -> None:
        """See Listener."""
        if self._is_asleep():
            return
        self._entered = perf_counter()
        self._guard("weights", self._after_step, optimizer)
        self._settle()

    def _settle(self) -> None:
        """Count the time since the recorder was called as measuring."""
        now = perf_counter()
        self._cost += now - self._entered
        self._entered = now

    def before_scaled_step(self, optimizer: "Optimizer", scaler: "GradScaler") -> None:
        """See Listener."""
        if not self._is_asleep():
            self._scaled.append((optimizer, False))
            self._guard("weights", self._note_scale, scaler)

    def after_scaled_step(self, optimizer: "Optimizer", scaler: "GradScaler") -> None:
        """See Listener."""
        if self._is_asleep() or not self._scaled:
            return
        stepped, was_made = self._scaled.pop()
        if not was_made and stepped is optimizer:
            self._entered = perf_counter()
            self._guard("weights", self._skipped_step, optimizer, scaler)

    def before_backward(self, roots: tuple[Tensor, ...]) -> None:
        """See Listener."""
        if not self._is_asleep():
            self._guard("logged numbers", self._before_backward, roots)

    def after_backward(self) -> None:
        """See Listener."""
        if self._is_asleep():
            return
        if self._probe is not None:
            self._guard("activations", self._probe.end_pass)
        if self._backwards == _PATIENCE:
            self._guard("logged numbers", self._miss_steps)

    def _is_asleep(self) -> bool:
        return self.closed or os.getpid() != self._process

    # ------------------------------------------------------------------------------------ steps

    def _before_step(self, optimizer: "Optimizer", call: Call) -> Call | None:
        known = self._know(optimizer)
        if not known.parameters:
            return None
        self._drop_stale_steps()
        if not self._nested and self._begins_round(optimizer):
            self._end_round()
            self._begin_round()
            known = self._know(optimizer)  # a layer may have been replaced
        change, changed = self._interventions.begin(optimizer, self._frozen_of(known), call)
        self._nested.append((optimizer, sys._getframe(4), change))
        if self._scaled and self._scaled[-1][0] is optimizer:
            self._scaled[-1] = (optimizer, True)
        if self._sample is not None:
            self._sample.weights.copy(
                each for each in known.parameters if each.requires_grad and not cannot_be_measured(each)
            )
        return changed

    def _frozen_of(self, known: Known) -> list[Tensor]:
        """The parameters of an optimizer that lie in blocks which the user has frozen."""
        if not self._interventions.frozen:
            return []
        numbers, specs, blocks = self._tensors.numbers, self._tensors.specs, self._blocks
        return [
            each
            for each in known.parameters
            if (block := specs[numbers[id(each)]].block) is not None
            and blocks[block].name in self._interventions.frozen
        ]

    def _drop_stale_steps(self) -> None:
        """Forget the steps that ended with an exception."""
        if not self._nested:
            return
        alive, frame = set(), sys._getframe()
        while frame is not None:
            alive.add(id(frame))
            frame = frame.f_back  # type: ignore[assignment]
        for step in self._nested:
            if id(step[1]) not in alive:
                step[2].undo()
        self._nested = [step for step in self._nested if id(step[1]) in alive]

    def _after_step(self, optimizer: "Optimizer") -> None:
        if not any(stepping is optimizer for stepping, *_ in self._nested):
            return
        while self._nested:
            stepped, _, change = self._nested.pop()
            try:
                self._rounds.add(id(stepped))
                self._read(stepped, change)
            finally:
                change.undo()
            if stepped is optimizer:
                break
        if not self._nested:
            self._backwards = 0
            self._maybe_end_round()

    def _read(self, optimizer: "Optimizer", change: Change) -> None:
        """Measure what a step of `optimizer` did."""
        known = self._know(optimizer)
        identities = set(known.identities)
        self._moved |= identities
        found_inf = getattr(optimizer, "found_inf", None)
        sample = self._sample
        if sample is None:
            if isinstance(found_inf, Tensor):
                count = found_inf.detach().double().ne(0).sum()
                self._overflows = (
                    count if self._overflows is None else self._overflows.to(count.device) + count
                )
            return
        sample.frozen |= set(change.gradients)
        fresh = [each for each in known.parameters if id(each) not in sample.stepped]
        sample.stepped |= identities
        with_gradient = [each for each in fresh if each.grad is not None]
        sample.without_gradient |= {id(each) for each in fresh if each.grad is None and each.requires_grad}
        for group in optimizer.param_groups:
            lr = group.get("lr")
            rate: float | Later | None = None
            if isinstance(lr, Tensor):
                rate = sample.later(lr)
            elif isinstance(lr, int | float):
                rate = float(lr)
            for each in group["params"]:
                if rate is not None and id(each) in identities:
                    sample.lr[id(each)] = rate
        if isinstance(found_inf, Tensor):
            sample.overflow.append((identities, sample.later(found_inf)))
        # Also a fused optimizer has taken the loss scale out of its gradients now.
        sample.weights.read(with_gradient, self._scale)

    def _note_scale(self, scaler: "GradScaler") -> None:
        """Keep the loss scale of the round that is measured: it changes after the step."""
        scale = scaler._scale
        if self._due and isinstance(scale, Tensor):
            self._scale = scale.detach().clone()

    def _skipped_step(self, optimizer: "Optimizer", scaler: "GradScaler") -> None:
        """A GradScaler did not step an optimizer, because a gradient overflowed."""
        known = self._know(optimizer)
        if not known.parameters:
            return
        if self._begins_round(optimizer):
            self._end_round()
            self._begin_round()
        self._rounds.add(id(optimizer))
        self._skipped += 1
        identities = {id(each) for each in known.parameters}
        self._moved |= identities
        if self._sample is not None:
            self._sample.skipped |= {id(each) for each in known.parameters if each.requires_grad}
        self._backwards = 0
        self._maybe_end_round()

    def step(self) -> None:
        """A step without an optimizer ended: the script has changed the weights itself."""
        if not self._is_asleep():
            self._entered = perf_counter()
            self._guard("weights", self._step_by_hand)
            self._settle()

    def _step_by_hand(self) -> None:
        self._by_hand = True
        self._begin_round()
        self._rounds.add(None)
        sample = self._sample
        if sample is not None and self._copies is not None:
            parameters = [each for each in self._tensors.parameters if each.requires_grad]
            sample.weights = self._copies.into(sample.readout)
            sample.stepped = {id(each) for each in parameters}
            sample.without_gradient = {id(each) for each in parameters if each.grad is None}
            sample.weights.read([each for each in parameters if each.grad is not None], None)
        self._copies = None
        self._backwards = 0
        self._end_round()

    # ----------------------------------------------------------------------------------- rounds

    def _begins_round(self, optimizer: "Optimizer") -> bool:
        """Whether an optimizer's next step is in a new round: the latest one may have ended without it."""
        return not self._is_open or self._rounds.begins_with(id(optimizer))

    def _begin_round(self) -> None:
        self._rounds.begin()
        self._is_open = True
        self._moved = set()
        if self._due:
            self._sample = Sample(self._rounds.number)
            model = self._model()
            if model is not None:
                self._look(model)

    def _maybe_end_round(self) -> None:
        # Those without a gradient, too: it may still be computed, or be gone already.
        trainable = (id(each) for each in self._tensors.parameters if each.requires_grad)
        if self._rounds.is_complete(self._moved, trainable):
            self._end_round()

    def _end_round(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        sample, self._sample = self._sample, None
        if sample is not None:
            self._settle()
            self._guard("weights", self._write_sample, sample)
            if self._wanted is not None:
                self._guard("histograms", self._take_histograms, self._wanted)
                self._wanted = None
        self._settle()
        cost = self._cost
        if sample is not None:
            self._schedule.sampled(cost)
        self._cost = 0.0
        self._cost_since_sample = 0.0 if sample is not None else self._cost_since_sample + cost
        self._roots.clear()
        now = perf_counter()
        self._schedule.took(max(0.0, now - self._round_began - cost), cost)
        self._round_began = now
        self._disarm()
        if self._requests is not None:
            self._guard("control", self._follow_requests)
        self._due = self._schedule.is_due(self._rounds.number + 1) or self._wanted is not None
        self._arm()

    def _arm(self) -> None:
        """Get ready to measure the next round."""
        model = self._model()
        if not self._due or model is None:
            return
        self._scale = None
        if self._by_hand:
            self._copies = WeightProbe(Readout())
            self._copies.copy(each for each in self._tensors.parameters if each.requires_grad)
        if self._watches_outputs and "activations" not in self._guard.disabled:
            self._guard("activations", self._arm_outputs, model)

    def _arm_outputs(self, model: nn.Module) -> None:
        self._without_outputs = compiled(model)
        if self._without_outputs:
            return
        if self._boundaries is None:
            self._boundaries = find_boundaries(model, self._patterns)
        self._probe = OutputProbe(model, self._boundaries, self._guard, self._extensions, self._wanted)

    def _disarm(self) -> None:
        if self._probe is not None:
            self._probe.remove()
            self._probe = None

    def _write_sample(self, sample: Sample) -> None:
        began = perf_counter()
        logged = {
            name: sample.later(value) if isinstance(value, Tensor) else value
            for name, value in self._logged.items()
        }
        roots = self._roots if self._adds_losses else self._roots[-1:]
        losses = [] if "loss" in logged else [sample.later(each) for each in roots]
        scale_part = None if self._scale is None else sample.later(self._scale)
        probe = self._probe
        if probe is not None:
            self._guard("activations", probe.put, sample.readout)
        overflows = None if self._overflows is None else sample.later(self._overflows)
        sample.readout.fetch()
        if overflows is not None:
            self._skipped += int(float(overflows))
            self._overflows = None
        self._skipped += sum(1 for _, found in sample.overflow if float(found))
        scale = 1.0 if scale_part is None else float(scale_part)
        outputs, over_time = ({}, {}) if probe is None else probe.values(sample.readout, scale)
        self._find_blocks(probe)
        optimized = {identity for known in self._optimizers.of_the_model for identity in known.identities}
        columns, measured = tensor_columns(sample, self._tensors, optimized, reason_of)
        self._write_structure(columns.left_out)
        numbers = {name: float(value) for name, value in logged.items()}
        if losses:
            numbers["loss"] = sum(float(each) for each in losses) / scale
        if "lr" not in numbers and (rate := next((x for x in columns.lr if x is not None), None)) is not None:
            numbers["lr"] = rate / self._interventions.factor
        self._write(
            Measured(
                **self._common(sample.step),
                logged=numbers,
                blocks=block_columns(self._tensors, measured, self._blocks, outputs),
                over_time=over_time,
                tensors=columns.columns,
                states=columns.states,
                lr=columns.lr,
                scale=None if scale_part is None else scale,
                skipped=self._skipped,
                seconds=self._cost_since_sample + self._cost + perf_counter() - began,
            )
        )

    def _take_histograms(self, name: str) -> None:
        """Write the histograms of a block, which the user asked for."""
        parameters = [
            each
            for each, spec in zip(self._tensors.parameters, self._tensors.specs, strict=True)
            if spec.role == "matrix"
            and spec.block is not None
            and self._blocks[spec.block].name == name
            and not cannot_be_measured(each)
        ]
        gradients = [each.grad for each in parameters if each.grad is not None]
        output = None if self._probe is None else self._probe.kept_output
        found = {
            "weights": histogram([local(each) for each in parameters]),
            "gradients": histogram([local(each) for each in gradients if not each.is_sparse]),
            "activations": histogram([] if output is None else [output]),
        }
        self._write(
            HistogramsTaken(
                **self._common(self._rounds.number),
                block=name,
                histograms={kind: counts for kind, counts in found.items() if counts},
            )
        )

    def _find_blocks(self, probe: OutputProbe | None) -> None:
        """Take the blocks from the first pass, in the order of their calls."""
        seen = [] if probe is None else [block.spec for block in probe.blocks.values()]
        names = {block.name for block in self._blocks}
        if all(spec.name in names for spec in seen):
            return
        merged = list(self._blocks)
        place = 0
        for spec in seen:
            where = next((n for n, block in enumerate(merged) if block.name == spec.name), None)
            if where is None:
                merged.insert(place, spec)
                where = place
            place = where + 1
        self._blocks = tuple(merged)
        model = self._model()
        if model is not None:
            self._tensors = find_tensors(model, [block.name for block in self._blocks])

    def _write(self, event: RunEvent) -> None:
        """Write an event, and what it changes about the verdicts."""
        self._writer.write(event)
        self._guard("verdicts", self._judge, event)

    def _judge(self, event: RunEvent) -> None:
        verdicts = self._diagnosis.apply(event)
        for verdict in verdicts:
            self._writer.write(verdict)
        for line in self._announcer.lines(verdicts):
            self._tell(line.removeprefix("vanish-tui: "))

    def _write_structure(self, left_out: Mapping[str, str]) -> None:
        found = StructureFound(
            **self._common(self._rounds.number),
            blocks=self._blocks,
            tensors=self._tensors.specs,
            optimizers=self._optimizers.specs,
            left_out={**left_out, **self._optimizers.elsewhere},
            without_activations=self._without_outputs or self._guard.disabled.get("activations", ""),
        )
        before = self._structure
        if before is None or _content(before) != _content(found):
            self._structure = found
            self._write(found)

    # ------------------------------------------------------------------------------------- model

    def _look(self, model: nn.Module) -> None:
        """Find the model's parameters again if a layer was replaced."""
        seen = fingerprint(model)
        if seen == self._fingerprint:
            return
        self._fingerprint = seen
        found = find_tensors(model, [block.name for block in self._blocks])
        if found.numbers != self._tensors.numbers or found.specs != self._tensors.specs:
            self._tensors = found
            self._optimizers.forget()
            self._boundaries = None

    def _know(self, optimizer: "Optimizer") -> Known:
        known = self._optimizers.know(optimizer, self._tensors.numbers)
        if known.parameters or known.asked or (model := self._model()) is None:
            return known
        self._look(model)  # it may be the optimizer of a layer that was replaced
        return self._optimizers.know(optimizer, self._tensors.numbers)

    def _before_backward(self, roots: tuple[Tensor, ...]) -> None:
        self._backwards += 1
        if self._due and len(roots) == 1 and roots[0].numel() == 1:
            if all(each.grad is None for each in self._tensors.parameters):
                self._roots.clear()
            self._roots.append(roots[0].detach())

    def _miss_steps(self) -> None:
        """Tell the user once if the model has gradients and nothing steps it. They are there only now."""
        has_stepped = self._rounds.number > self._writer.first_step
        if not has_stepped and any(each.grad is not None for each in self._tensors.parameters):
            self._disabled(
                "steps",
                f"no optimizer.step() was seen in {_PATIENCE} backward passes; call lab.step() after each "
                "change of the weights",
            )

    # ---------------------------------------------------------------------------------- the script

    def log(self, numbers: Mapping[str, float | Tensor]) -> None:
        """Keep the latest numbers, for the next sample."""
        if not self._is_asleep():
            self._guard("logged numbers", self._log, numbers)

    def _log(self, numbers: Mapping[str, float | Tensor]) -> None:
        for name, value in numbers.items():
            if isinstance(value, Tensor):
                self._logged[name] = value.detach().reshape(-1)[:1]
            else:
                self._logged[name] = float(value)

    def epoch(self, numbers: Mapping[str, float | Tensor]) -> None:
        """Write the numbers of an epoch that ended."""
        if not self._is_asleep():
            self._guard("logged numbers", self._log_epoch, numbers)
            self._epoch += 1

    def _log_epoch(self, numbers: Mapping[str, float | Tensor]) -> None:
        self._writer.write(
            EpochLogged(
                **self._common(self._rounds.number),
                logged={name: float(value) for name, value in numbers.items()},
            )
        )

    # ---------------------------------------------------------------------------------- the user

    def _follow_requests(self) -> None:
        """Do what the user asked for in the app since the latest step."""
        assert self._requests is not None
        for request in self._requests():
            self._follow(request)

    def _follow(self, request: Request) -> None:
        common = self._common(self._rounds.number)
        changes = self._interventions
        match request:
            case Pause():
                self._wait()
            case Continue():
                pass
            case SetEvery(steps=steps):
                self._schedule.every = steps or "auto"
                self._write(Intervened(**common, kind="every", value=float(steps)))
            case _ if self._is_one_of_several:
                self._disabled(
                    "control", "several processes train together: only pause, continue and measure often"
                )
            case SetFactor(factor=factor):
                changes.factor = factor
                self._write(Intervened(**common, kind="lr_factor", value=factor))
            case Freeze(block=block) if any(each.name == block for each in self._blocks):
                changes.frozen.add(block)
                self._write(Intervened(**common, kind="freeze", layer=block))
            case Unfreeze(block=block) if block in changes.frozen:
                changes.frozen.discard(block)
                self._write(Intervened(**common, kind="unfreeze", layer=block))
            case TakeHistograms(block=block):
                self._wanted = block
            case Stop():
                self.should_stop = True
                if self._stops_by_exception:
                    raise KeyboardInterrupt("the user asked in vanish-tui to stop after this step")

    def _wait(self) -> None:
        """Pause until the user continues or stops."""
        assert self._requests is not None
        began = perf_counter()
        self._write(Paused(**self._common(self._rounds.number), reason="by hand in vanish-tui"))
        waiting = True
        try:
            while waiting:
                sleep(_PAUSE_SECONDS)
                for request in self._requests():
                    waiting = waiting and not isinstance(request, Continue | Stop)
                    if not isinstance(request, Pause):
                        self._follow(request)
        finally:
            self._pauses += perf_counter() - began
            self._round_began = self._entered = perf_counter()
            self._write(Resumed(**self._common(self._rounds.number), reason="by hand in vanish-tui"))

    def close_after(self, error: BaseException | None) -> None:
        """Close; the run failed if an exception ended the training, and was stopped if Ctrl+C did."""
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.close(Status.STOPPED if self.should_stop else Status.FINISHED)
        elif isinstance(error, KeyboardInterrupt):
            self.close(Status.STOPPED)
        else:
            self.close(Status.FAILED, reason_of(error))

    def close(self, status: Status, error: str | None = None) -> None:
        """Write what was measured last, and the end of the run."""
        if self._is_asleep():
            return
        self._requests = None
        self._entered = perf_counter()
        self._guard("weights", self._end_round)
        self._disarm()
        self.closed = True
        training.leave(self)
        self._guard("the log", self._finish, status, error)

    def _finish(self, status: Status, error: str | None) -> None:
        common = self._common(self._rounds.number)
        self._writer.close(
            RunFinished(
                **common,
                status=status,
                epochs=self._epoch,
                steps=self._rounds.number,
                test_loss=None,
                test_accuracy=None,
                best_test_accuracy=None,
                seconds=common["time"],
                weights_sha256=None,
                error=error,
            )
        )

    # --------------------------------------------------------------------------------------- common

    def _common(self, step: int) -> Record:
        return {
            "run": self._writer.run,
            "step": step,
            "epoch": self._epoch,
            "stage": 1,
            "time": self._writer.first_time + max(0.0, perf_counter() - self._started - self._pauses),
        }

    def _disabled(self, part: Part, reason: str) -> None:
        if part == "weights":  # the steps under way are the script's own again
            for *_, change in self._nested:
                change.undo()
            self._nested.clear()
        self._writer.write(PartDisabled(**self._common(self._rounds.number), part=part, reason=reason))
        self._tell(f"{part}: {reason}")
