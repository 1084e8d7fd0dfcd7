"""Measures a round: gets ready for it, and writes what was read."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from torch import Tensor, nn

from vanish_recorder.clock import Clock
from vanish_recorder.event_log import EventLog
from vanish_recorder.guard import Guard
from vanish_recorder.hooks.outputs import OutputProbe, compiled
from vanish_recorder.interventions import Interventions
from vanish_recorder.measure.histogram import histogram
from vanish_recorder.measure.readout import Readout
from vanish_recorder.measure.weights import WeightProbe, local
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.protocol.watch_events import HistogramsTaken, Measured, StructureFound
from vanish_recorder.sample import Sample, block_columns, tensor_columns
from vanish_recorder.watched_model import WatchedModel


class Sampling:
    """What is measured of a model, from one sample to the next.

    Args:
        model: that is recorded.
        guard: keeps errors away from the training.
        log: of the recording.
        clock: of the run.
        interventions: into the training.
        activations: whether outputs are measured.
        adds_losses: the loss of a step is the sum over its backward passes.

    Attributes:
        sample: of the round under way; None if it is not measured.
        scale: of the loss, in the round that is measured; None without one.
        copies: of the weights, in a script that says itself when it has changed them.
        roots: of the backward passes in the round that is measured.
        logged: the latest number of each name that the script logged.
        skipped: steps that were skipped so far, because a gradient overflowed.
    """

    def __init__(
        self,
        model: WatchedModel,
        guard: Guard,
        log: EventLog,
        clock: Clock,
        interventions: Interventions,
        *,
        activations: bool,
        adds_losses: bool,
    ) -> None:
        self._model, self._guard, self._log, self._clock = model, guard, log, clock
        self._interventions = interventions
        self._watches_outputs, self._adds_losses = activations, adds_losses
        self._without_outputs = "" if activations else "watch() was called with activations=False"
        self._structure: StructureFound | None = None
        self._probe: OutputProbe | None = None
        self._overflows: Tensor | None = None  # steps that a fused optimizer skipped between samples
        self.sample: Sample | None = None
        self.scale: Tensor | None = None
        self.copies: WeightProbe | None = None
        self.roots: list[Tensor] = []
        self.logged: dict[str, float | Tensor] = {}
        self.skipped = 0

    # ------------------------------------------------------------------------------- getting ready

    def arm(self, *, by_hand: bool, kept: str | None) -> None:
        """Get ready to measure the next round.

        Args:
            by_hand: whether the script says itself when the weights have changed.
            kept: the name of a block whose output is kept for a histogram; None for none.
        """
        model = self._model.alive()
        if model is None:
            return
        self.scale = None
        if by_hand:
            self.copies = WeightProbe(Readout())
            self.copies.copy(each for each in self._model.tensors.parameters if each.requires_grad)
        if self._watches_outputs and "activations" not in self._guard.disabled:
            self._guard("activations", self._arm_outputs, model, kept)

    def _arm_outputs(self, model: nn.Module, kept: str | None) -> None:
        self._without_outputs = compiled(model)
        if not self._without_outputs:
            self._probe = self._model.probe(model, self._guard, kept)

    def disarm(self) -> None:
        """Take the hooks away."""
        if self._probe is not None:
            self._probe.remove()
            self._probe = None

    def end_pass(self) -> None:
        """A backward pass ended."""
        if self._probe is not None:
            self._guard("activations", self._probe.end_pass)

    def count_overflow(self, found_inf: Tensor) -> None:
        """Remember whether a fused optimizer skipped a step that is not measured. It does not wait."""
        count = found_inf.detach().double().ne(0).sum()
        self._overflows = count if self._overflows is None else self._overflows.to(count.device) + count

    # ------------------------------------------------------------------------------------- writing

    def write(self, sample: Sample) -> None:
        """Fetch the numbers of a sample, and write them."""
        began = perf_counter()
        logged = {
            name: sample.later(value) if isinstance(value, Tensor) else value
            for name, value in self.logged.items()
        }
        roots = self.roots if self._adds_losses else self.roots[-1:]
        losses = [] if "loss" in logged else [sample.later(each) for each in roots]
        scale_part = None if self.scale is None else sample.later(self.scale)
        probe = self._probe
        if probe is not None:
            self._clock.add(probe.seconds)
            self._guard("activations", probe.put, sample.readout)
        overflows = None if self._overflows is None else sample.later(self._overflows)
        sample.readout.fetch()
        if overflows is not None:
            self.skipped += int(float(overflows))
            self._overflows = None
        self.skipped += sum(1 for _, found in sample.overflow if float(found))
        scale = 1.0 if scale_part is None else float(scale_part)
        outputs, over_time = ({}, {}) if probe is None else probe.values(sample.readout, scale)
        self._model.find_blocks(probe)
        steppers = self._model.optimizers.of_the_model
        optimized = {identity for known in steppers for identity in known.identities}
        columns, measured = tensor_columns(sample, self._model.tensors, optimized, reason_of)
        self._write_structure(columns.left_out)
        numbers = {name: float(value) for name, value in logged.items()}
        if losses:
            numbers["loss"] = sum(float(each) for each in losses) / scale
        if "lr" not in numbers and (rate := next((x for x in columns.lr if x is not None), None)) is not None:
            numbers["lr"] = rate / self._interventions.factor
        self._log.write(
            Measured(
                **self._log.now(sample.step),
                logged=numbers,
                blocks=block_columns(self._model.tensors, measured, self._model.blocks, outputs),
                over_time=over_time,
                tensors=columns.columns,
                states=columns.states,
                lr=columns.lr,
                scale=None if scale_part is None else scale,
                skipped=self.skipped,
                seconds=self._clock.cost_since_sample + perf_counter() - began,
                backward_passes=len(self.roots) if len(losses) < len(self.roots) and losses else 0,
            )
        )

    def _write_structure(self, left_out: Mapping[str, str]) -> None:
        optimizers = self._model.optimizers
        found = StructureFound(
            **self._log.now(),
            blocks=self._model.blocks,
            tensors=self._model.tensors.specs,
            optimizers=optimizers.specs,
            left_out={**left_out, **optimizers.elsewhere},
            without_activations=self._without_outputs or self._guard.disabled.get("activations", ""),
        )
        before = self._structure
        if before is None or _content(before) != _content(found):
            self._structure = found
            self._log.write(found)

    def write_histograms(self, block: str) -> None:
        """Write the histograms of a block, which the user asked for."""
        parameters = self._model.matrices_in(block)
        gradients = [each.grad for each in parameters if each.grad is not None]
        output = None if self._probe is None else self._probe.kept_output
        found = {
            "weights": histogram([local(each) for each in parameters]),
            "gradients": histogram([local(each) for each in gradients if not each.is_sparse]),
            "activations": histogram([] if output is None else [output]),
        }
        self._log.write(
            HistogramsTaken(
                **self._log.now(),
                block=block,
                histograms={kind: counts for kind, counts in found.items() if counts},
            )
        )


def _content(structure: StructureFound) -> tuple[Any, ...]:
    """What a structure says, without when."""
    return (
        structure.blocks,
        structure.tensors,
        structure.optimizers,
        dict(structure.left_out),
        structure.without_activations,
    )
