"""The verdict: what is wrong with a run's network, since when, why, and what to try; from what is measured.

Rules (`gradients`, `signals`, `progress`) look at a `window` of samples and epochs and make findings; here
they become events, one when a finding begins and one when it ends. Nothing in it needs torch.
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

# Near its thresholds an explosion comes and goes with the batches: it is over once a full window is without.
_LINGERING = frozenset({"exploding"})


class Diagnosis:
    """Follows a run's events and says when a finding begins and when it ends.

    What it says depends on the events alone: a run that is continued from its log has its past followed
    again, with the answers dropped, and goes on as if it had never stood still.

    Args:
        spec: what the run is.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec
        self._window = Window(spec)
        self._open: dict[str, VerdictChanged] = {}
        self._held_at: dict[str, int] = {}  # how many samples there were when it was found last
        self._samples = 0
        self._looked_at = 0  # the last step after which the layers were known as that step had found them

    def follow(self, event: RunEvent) -> list[VerdictChanged]:
        """What changes with `event`: what ends, then what begins, the most severe first."""
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
            return []  # the run ends here, and its last line says which step and which layer were first
        broken = nonfinite.in_sample(sample)
        if broken is not None:
            return self._break(sample, broken)
        self._window.add(sample)
        self._samples += 1
        return self._change(sample)

    def _break(self, event: Event, broken: Finding) -> list[VerdictChanged]:
        """What held still holds, but for the good news."""
        ended = self._end(event, set(self._open) - FAULTS - {"frozen"})
        return ended + self._begin(event, [broken])

    def _change(self, event: Event) -> list[VerdictChanged]:
        found = self._judge()
        over = {kind for kind in self._open if kind not in found and not self._lingers(kind)}
        over |= {kind for kind, finding in found.items() if self._has_moved(kind, finding)}
        return self._end(event, over) + self._begin(event, found.values())

    def _has_moved(self, kind: str, finding: Finding) -> bool:
        """Whether the layer that an open finding names is well again, and another one isn't."""
        named = self._open[kind].layer if kind in self._open else None
        return (
            named is not None and finding.layer is not None and named not in (finding.layer, *finding.layers)
        )

    def _lingers(self, kind: str) -> bool:
        """Whether a finding that is open goes on for a while without being found."""
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
