"""Records one model: what happens in which order while a script trains it.

This file is longer than 300 lines because the order of all that happens in a round is in one place.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from vanish_recorder import ending
from vanish_recorder.clock import Clock
from vanish_recorder.control import Request
from vanish_recorder.event_log import EventLog
from vanish_recorder.guard import Guard, Part
from vanish_recorder.hooks import training
from vanish_recorder.hooks.listener import Call
from vanish_recorder.interventions import Change, Interventions
from vanish_recorder.logged import Numbers
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.protocol.status import Status
from vanish_recorder.requests import Requests
from vanish_recorder.rounds import Rounds
from vanish_recorder.sample import Sample
from vanish_recorder.sampling import Sampling
from vanish_recorder.schedule import Every, Schedule
from vanish_recorder.steps import StepsUnderWay, read_step
from vanish_recorder.watched_model import WatchedModel
from vanish_recorder.writing import Writer

if TYPE_CHECKING:
    from torch.amp.grad_scaler import GradScaler
    from torch.optim import Optimizer

_PATIENCE = 100  # backward passes without a step, before the user is told


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
        self.closed = False
        self._process = os.getpid()
        self._first_step = writer.first_step
        self._model = WatchedModel(model, layers)
        self._guard = Guard(self._disabled)
        self._clock = Clock(writer.first_time)
        self._rounds = Rounds(writer.first_step)
        self._schedule = Schedule(every, budget, writer.first_step)
        self._log = EventLog(writer, self._rounds, self._clock, self._guard, tell)
        self._interventions = Interventions()
        self._requests = Requests(
            requests,
            self._model,
            self._schedule,
            self._interventions,
            self._log,
            self._clock,
            stops_by_exception=stops_by_exception,
        )
        self._sampling = Sampling(
            self._model,
            self._guard,
            self._log,
            self._clock,
            self._interventions,
            activations=activations,
            adds_losses=adds_losses,
        )
        self._numbers = Numbers(tell)
        self._steps = StepsUnderWay()
        self._scaled: list[tuple[Optimizer, bool]] = []  # scaled steps under way, and whether they were made
        self._is_open = False  # a round has begun, and not ended
        self._moved: set[int] = set()  # identities of the parameters that were stepped in this round
        self._backwards = 0  # since the latest step
        self._by_hand = False  # the script says itself when the weights have changed
        self._due = self._schedule.is_due(self._rounds.number + 1)
        self._arm()
        training.listen(self)

    @property
    def model(self) -> nn.Module | None:
        """The model, unless the script has dropped it, or recording has ended."""
        return None if self.closed else self._model.alive()

    @property
    def should_stop(self) -> bool:
        """Whether the user has asked to end the training."""
        return self._requests.should_stop

    # ------------------------------------------------------------------------------- listening

    def before_step(self, optimizer: "Optimizer", call: Call) -> Call | None:
        """See Listener."""
        if self._is_asleep():
            return None
        self._clock.enter()
        result = self._guard("weights", self._before_step, optimizer, call)
        self._clock.settle()
        return result

    def after_step(self, optimizer: "Optimizer") -> None:
        """See Listener."""
        if self._is_asleep():
            return
        self._clock.enter()
        self._guard("weights", self._after_step, optimizer)
        self._clock.settle()

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
            self._clock.enter()
            self._guard("weights", self._skipped_step, optimizer)

    def before_backward(self, roots: tuple[Tensor, ...]) -> None:
        """See Listener."""
        if not self._is_asleep():
            self._guard("logged numbers", self._before_backward, roots)

    def after_backward(self) -> None:
        """See Listener."""
        if self._is_asleep():
            return
        self._sampling.end_pass()
        if self._backwards == _PATIENCE:
            self._guard("logged numbers", self._miss_steps)

    def _is_asleep(self) -> bool:
        return self.closed or os.getpid() != self._process

    # ------------------------------------------------------------------------------------ steps

    def _before_step(self, optimizer: "Optimizer", call: Call) -> Call | None:
        known = self._model.know(optimizer)
        if not known.parameters:
            return None
        self._steps.drop_stale()
        if not self._steps and self._begins_round(optimizer):
            self._end_round()
            self._begin_round()
            if self._due:
                known = self._model.know(optimizer)  # a layer may have been replaced
        frozen = self._model.parameters_in(known, self._interventions.frozen)
        change, changed = self._interventions.begin(optimizer, frozen, call)
        self._steps.begin(optimizer, sys._getframe(4), change)
        if self._scaled and self._scaled[-1][0] is optimizer:
            self._scaled[-1] = (optimizer, True)
        if self._sampling.sample is not None:
            cannot = self._model.tensors.cannot_be_measured
            self._sampling.sample.weights.copy(
                each for each in known.parameters if each.requires_grad and not cannot(each)
            )
        return changed

    def _after_step(self, optimizer: "Optimizer") -> None:
        if not self._steps.holds(optimizer):
            return
        while self._steps:
            stepped, change = self._steps.end()
            try:
                self._rounds.add(id(stepped))
                self._read(stepped, change)
            finally:
                change.undo()
            if stepped is optimizer:
                break
        if not self._steps:
            self._backwards = 0
            self._maybe_end_round()

    def _read(self, optimizer: "Optimizer", change: Change) -> None:
        """Measure what a step of `optimizer` did."""
        known = self._model.know(optimizer)
        self._moved |= known.identities
        sample = self._sampling.sample
        if sample is not None:
            read_step(sample, optimizer, known, change, self._sampling.scale)
        elif isinstance(found_inf := getattr(optimizer, "found_inf", None), Tensor):
            self._sampling.count_overflow(found_inf)

    def _note_scale(self, scaler: "GradScaler") -> None:
        """Keep the loss scale of the round that is measured: it changes after the step."""
        scale = scaler._scale
        if self._due and isinstance(scale, Tensor):
            self._sampling.scale = scale.detach().clone()

    def _skipped_step(self, optimizer: "Optimizer") -> None:
        """A GradScaler did not step an optimizer, because a gradient overflowed."""
        known = self._model.know(optimizer)
        if not known.parameters:
            return
        if self._begins_round(optimizer):
            self._end_round()
            self._begin_round()
        self._rounds.add(id(optimizer))
        self._sampling.skipped += 1
        self._moved |= known.identities
        if self._sampling.sample is not None:
            self._sampling.sample.skipped |= {id(each) for each in known.parameters if each.requires_grad}
        self._backwards = 0
        self._maybe_end_round()

    def step(self) -> None:
        """A step without an optimizer ended: the script has changed the weights itself."""
        if not self._is_asleep():
            self._clock.enter()
            self._guard("weights", self._step_by_hand)
            self._clock.settle()

    def _step_by_hand(self) -> None:
        self._by_hand = True
        self._begin_round()
        self._rounds.add(None)
        sample, copies = self._sampling.sample, self._sampling.copies
        if sample is not None and copies is not None:
            parameters = [each for each in self._model.tensors.parameters if each.requires_grad]
            sample.weights = copies.into(sample.readout)
            sample.stepped = {id(each) for each in parameters}
            sample.without_gradient = {id(each) for each in parameters if each.grad is None}
            sample.weights.read([each for each in parameters if each.grad is not None], None)
        self._sampling.copies = None
        self._backwards = 0
        self._end_round()

    # ----------------------------------------------------------------------------------- rounds

    def _begins_round(self, optimizer: "Optimizer") -> bool:
        """Whether an optimizer's next step is in a new round: the latest one may have ended without it."""
        return not self._is_open or self._rounds.begins_with(id(optimizer))

    def _begin_round(self) -> None:
        ending.continues()
        self._rounds.begin()
        self._log.begin_round()
        self._is_open = True
        self._moved = set()
        if self._due:
            self._sampling.sample = Sample(self._rounds.number)
            self._model.look()

    def _maybe_end_round(self) -> None:
        # Those without a gradient, too: it may still be computed, or be gone already.
        trainable = (id(each) for each in self._model.tensors.parameters if each.requires_grad)
        if self._rounds.is_complete(self._moved, trainable):
            self._end_round()

    def _end_round(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        sampling, requests = self._sampling, self._requests
        sample, sampling.sample = sampling.sample, None
        if sample is not None:
            self._clock.settle()
            self._guard("weights", sampling.write, sample)
            if requests.histograms_of is not None:
                self._guard("histograms", sampling.write_histograms, requests.histograms_of)
                requests.histograms_of = None
        seconds, cost = self._clock.end_round(sampled=sample is not None)
        self._schedule.took(seconds, cost, sampled=sample is not None)
        sampling.roots.clear()
        sampling.disarm()
        if requests.poll is not None:
            self._guard("control", requests.follow)
        self._due = self._schedule.is_due(self._rounds.number + 1) or requests.histograms_of is not None
        self._arm()

    def _arm(self) -> None:
        if self._due:
            self._sampling.arm(by_hand=self._by_hand, kept=self._requests.histograms_of)

    def _before_backward(self, roots: tuple[Tensor, ...]) -> None:
        self._backwards += 1
        if self._due and len(roots) == 1 and roots[0].numel() == 1:
            if all(each.grad is None for each in self._model.tensors.parameters):
                self._sampling.roots.clear()
            self._sampling.roots.append(roots[0].detach())

    def _miss_steps(self) -> None:
        """Tell the user once if the model has gradients and nothing steps it. They are there only now."""
        has_stepped = self._rounds.number > self._first_step
        if not has_stepped and any(each.grad is not None for each in self._model.tensors.parameters):
            self._disabled(
                "steps",
                f"no optimizer.step() was seen in {_PATIENCE} backward passes; call lab.step() after each "
                "change of the weights",
            )

    # ---------------------------------------------------------------------------------- the script

    def log(self, numbers: Mapping[str, float | Tensor]) -> None:
        """Keep the latest numbers, for the next sample."""
        if not self._is_asleep():
            self._guard("logged numbers", self._keep, numbers)

    def _keep(self, numbers: Mapping[str, float | Tensor]) -> None:
        self._sampling.logged.update(self._numbers.of(numbers))

    def epoch(self, numbers: Mapping[str, float | Tensor]) -> None:
        """Write the numbers of an epoch that ended."""
        if not self._is_asleep():
            self._log.end_epoch(self._guard("logged numbers", self._fetched, numbers) or {})

    def _fetched(self, numbers: Mapping[str, float | Tensor]) -> dict[str, float]:
        return {name: float(value) for name, value in self._numbers.of(numbers).items()}

    # --------------------------------------------------------------------------------------- the end

    def close_after(self, error: BaseException | None) -> None:
        """Close; the run failed if an exception or an exit code ended the training, and Ctrl+C stopped it."""
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            self.close(Status.STOPPED if self.should_stop else Status.FINISHED)
        elif isinstance(error, KeyboardInterrupt):
            self.close(Status.STOPPED)
        elif isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else 1
            text = "" if isinstance(error.code, int) else f": {reason_of(error).removeprefix('SystemExit: ')}"
            self.close(Status.FAILED, f"The script ended with exit code {code}{text}")
        else:
            self.close(Status.FAILED, reason_of(error))

    def close(self, status: Status, error: str | None = None) -> None:
        """Write what was measured last, and the end of the run."""
        if self._is_asleep():
            return
        self._requests.poll = None
        self._clock.enter()
        self._guard("weights", self._end_round)
        self._sampling.disarm()
        self.closed = True
        training.leave(self)
        self._guard("the log", self._log.finish, status, error)

    def _disabled(self, part: Part, reason: str) -> None:
        if part == "weights":
            self._steps.undo()
        self._log.disabled(part, reason)
