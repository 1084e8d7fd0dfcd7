"""Verdicts: what is wrong with a run's network, since when, why, and what to try.

Rules (`gradients`, `signals`, `progress`) examine a `window` of samples and epochs and return findings. This
module turns them into events: one when a finding begins, and one when it ends. It does not need torch.
"""

import math
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from types import MappingProxyType

from engine.diagnosis import gradients, nonfinite, progress, signals, wording
from engine.diagnosis.finding import Finding
from engine.diagnosis.window import SAMPLES, Window
from engine.protocol.events import (
    EpochFinished,
    Event,
    RunEvent,
    RunFinished,
    Sample,
    StageStarted,
    VerdictChanged,
)
from engine.protocol.spec import RunSpec
from engine.protocol.status import Status
from engine.protocol.verdicts import FAULTS, severity

Rule = Callable[[Window, bool], Finding | None]

_RULES: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "exploding": gradients.exploding,
        "vanishing": gradients.vanishing,
        "forward_collapse": signals.forward_collapse,
        "dead": signals.dead,
        "immovable": gradients.immovable,
        "saturated": signals.saturated,
        "stuck": progress.stuck,
        "signal_shrinks": signals.signal_shrinks,
        "frozen": progress.frozen,
    }
)

# Near its thresholds an explosion changes from batch to batch. It ends only after a full window without it.
_LINGERING = frozenset({"exploding"})


class Diagnosis:
    """Follows the events of a run, and reports when a finding begins or ends.

    Its reports depend only on the events. When a run is resumed, it follows the events of the log again and
    its reports are dropped; after that it continues as if the run had never been interrupted.

    Args:
        spec: what the run is.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec
        self._window = Window(spec)
        self._open: dict[str, VerdictChanged] = {}
        self._held_at: dict[str, int] = {}  # by kind: the number of samples when it was last found
        self._samples = 0
        self._looked_at = 0  # the last step whose layers were measured

    def follow(self, event: RunEvent) -> list[VerdictChanged]:
        """The verdicts that an event changes: those that end, then those that begin, most severe first."""
        match event:
            case StageStarted():
                self._window.begin_stage(event.step + 1)
                return self._end(event, set(self._open), with_stage=True)
            case Sample():
                return self._follow_sample(event)
            case EpochFinished():
                self._looked_at = event.step
                self._window.add_epoch(event)
                return self._change(event)
            case RunFinished(status=Status.DIVERGED):
                return self._break(event, nonfinite.at_the_end(event, self._looked_at))
        return []

    def _follow_sample(self, sample: Sample) -> list[VerdictChanged]:
        if sample.layers:
            self._looked_at = sample.step
        if not math.isfinite(sample.loss):
            return []  # the run ends now, and its last event says which step and layers were first
        broken = nonfinite.in_sample(sample)
        if broken is not None:
            return self._break(sample, broken)
        self._window.add(sample)
        self._samples += 1
        return self._change(sample)

    def _break(self, event: Event, broken: Finding) -> list[VerdictChanged]:
        """Begin the verdict that a number is not finite. It ends the good verdicts, but not the faults."""
        ended = self._end(event, set(self._open) - FAULTS - {"frozen"})
        return ended + self._begin(event, [broken])

    def _change(self, event: Event) -> list[VerdictChanged]:
        found = self._judge()
        over = {kind for kind in self._open if kind not in found and not self._lingers(kind)}
        over |= {kind for kind, finding in found.items() if self._has_moved(kind, finding)}
        return self._end(event, over) + self._begin(event, found.values())

    def _has_moved(self, kind: str, finding: Finding) -> bool:
        """Whether an open finding is now about other layers than the one that it names."""
        named = self._open[kind].layer if kind in self._open else None
        return (
            named is not None and finding.layer is not None and named not in (finding.layer, *finding.layers)
        )

    def _lingers(self, kind: str) -> bool:
        """Whether an open finding continues, although it has not been found for a few samples."""
        return kind in _LINGERING and self._samples - self._held_at[kind] < SAMPLES

    def _judge(self) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        for kind, rule in _RULES.items():
            finding = rule(self._window, kind in self._open)
            if finding is not None:
                found[kind] = finding
                self._held_at[kind] = self._samples
        lingering = {kind for kind in self._open if self._lingers(kind)}
        for kind, good_news in (("learning", progress.learning), ("healthy", progress.healthy)):
            finding = good_news(self._window, lingering | set(found), kind in self._open)
            if finding is not None:
                found[kind] = finding
        return found

    def _end(self, event: Event, kinds: Set[str], *, with_stage: bool = False) -> list[VerdictChanged]:
        ended = []
        for kind in sorted(kinds, key=severity):
            began = self._open.pop(kind)
            changed = replace(
                began,
                state="ended",
                step=event.step,
                epoch=event.epoch,
                stage=event.stage,
                time=event.time,
                text=wording.ended(kind, began.since_step, event.step, with_stage=with_stage),
                suggestions=(),
            )
            ended.append(changed)
        return ended

    def _begin(self, event: Event, findings: Iterable[Finding]) -> list[VerdictChanged]:
        began = []
        for finding in sorted(findings, key=lambda finding: severity(finding.kind)):
            if finding.kind in self._open:
                continue
            self._open[finding.kind] = VerdictChanged(
                run=event.run,
                step=event.step,
                epoch=event.epoch,
                stage=event.stage,
                time=event.time,
                state="began",
                kind=finding.kind,
                layer=finding.layer,
                since_step=event.step if finding.since is None else finding.since,
                evidence=finding.evidence,
                text=wording.began(finding, self._spec.layers),
                suggestions=wording.suggestions(finding, besides=self._spec.id),
            )
            began.append(self._open[finding.kind])
        return began
