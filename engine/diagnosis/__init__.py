"""Verdicts: what is wrong with a run's network, since when, why, and what to try.

Rules (`gradients`, `signals`, `steps`, `progress`) examine a `window` of samples and epochs and return
findings. `opened` decides when one begins and ends, and this module turns that into events. It does not need
torch.
"""

import math
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from types import MappingProxyType

from engine.diagnosis import gradients, nonfinite, precision, progress, signals, steps, wording
from engine.diagnosis.window import Window
from engine.protocol.spec import RunSpec
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.opened import Opened
from vanish_recorder.protocol.event import Event
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    RunEvent,
    RunFinished,
    Sample,
    StageStarted,
    VerdictChanged,
)
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.verdicts import FAULTS, severity

Rule = Callable[[Window, str], Finding | None]  # the window, and the variant of its open finding or ""

_RULES: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "vanishing": gradients.vanishing,
        "forward_collapse": signals.forward_collapse,
        "dead": signals.dead,
        "skipped_steps": precision.skipped_steps,
        "underflow": precision.underflow,
        "immovable": gradients.immovable,
        "saturated": signals.saturated,
        "stuck": progress.stuck,
        "signal_shrinks": signals.signal_shrinks,
        "frozen": progress.frozen,
    }
)
_FAULTS = (*_RULES, "exploding", "non_finite")
# Faults that keep a network from learning whatever its steps are, if they are there before the first step.
_BORN_WITH = FAULTS - {"immovable", "saturated", "skipped_steps"}


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
        self._opened = Opened()
        self._said: dict[str, VerdictChanged] = {}  # the events of the open findings, by kind
        self._born_with: Set[str] | None = None  # faults at the stage's first sample; None before it
        self._looked_at = 0  # the last step whose layers were measured

    def follow(self, event: RunEvent) -> list[VerdictChanged]:
        """The verdicts that an event changes: those that end, then those that begin, most severe first."""
        match event:
            case StageStarted():
                self._window.begin_stage(event.step + 1)
                self._opened, self._born_with = Opened(), None
                return self._end(event, set(self._said), with_stage=True)
            case Intervened(kind="lr"):
                self._window.change_rate()
            case Sample():
                return self._follow_sample(event)
            case EpochFinished():
                self._looked_at = event.step
                self._window.add_epoch(event)
                return self._change(event)
            case RunFinished(status=Status.DIVERGED):
                return self._diverge(event)
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
        return self._change(sample)

    def _diverge(self, event: RunFinished) -> list[VerdictChanged]:
        said = self._break(event, nonfinite.at_the_end(event, self._looked_at))
        cause = steps.after_divergence(self._window, event.first_bad_step)
        if cause is None or self._born_with or "exploding" in self._opened.findings:
            return said
        return said + self._begin(event, [self._opened.open(cause, event.step)])

    def _break(self, event: Event, broken: Finding) -> list[VerdictChanged]:
        """Begin the verdict that a number is not finite. It ends the good verdicts, but not the faults."""
        opened = self._opened.findings.get("non_finite")
        if opened is not None and (opened.variant, opened.layer) == (broken.variant, broken.layer):
            return []
        over = set(self._opened.findings) - FAULTS - {"frozen"}
        if opened is not None:
            over.add("non_finite")
        self._opened.end(over)
        return self._end(event, over) + self._begin(event, [self._opened.open(broken, event.step)])

    def _change(self, event: Event) -> list[VerdictChanged]:
        found = {
            kind: finding
            for kind, rule in _RULES.items()
            if (finding := rule(self._window, self._opened.variant(kind)))
        }
        if exploding := self._exploding(found.keys() & _BORN_WITH - {"stuck"}):
            found["exploding"] = exploding
        if self._born_with is None and self._window.layers:
            self._born_with = found.keys() & _BORN_WITH
        over, begun = self._opened.change(_FAULTS, found, event.step, self._window.epoch_steps)
        for kind, good_news in (("learning", progress.learning), ("healthy", progress.healthy)):
            opened = self._opened.findings
            finding = good_news(self._window, opened.keys() | found.keys(), kind in opened)
            now = {} if finding is None else {kind: finding}
            ended, began = self._opened.change((kind,), now, event.step, self._window.epoch_steps)
            over, begun = over + ended, begun + began
        return self._end(event, set(over)) + self._begin(event, begun)

    def _exploding(self, others: Set[str]) -> Finding | None:
        """The first of the ways in which a run explodes that is found.

        Steps come first, because they are the easiest to change; but not if it is the gradient that makes
        them large, from the first step on. `others` are the other faults that were found now.
        """
        variant, window = self._opened.variant("exploding"), self._window
        born_with = self._born_with or set()
        gradient = gradients.exploding(window, variant == "plain")
        if gradient and "exploding" in born_with:
            return gradient
        return (
            steps.too_large(window, variant == "overstepping")
            or steps.upset(window, born_with, others, variant if variant in ("overstepping", "upset") else "")
            or gradient
            or steps.too_large_before(window, variant == "outputs")
        )

    def _end(self, event: Event, kinds: Set[str], *, with_stage: bool = False) -> list[VerdictChanged]:
        ended = []
        for kind in sorted(kinds, key=severity):
            began = self._said.pop(kind)
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
            self._said[finding.kind] = VerdictChanged(
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
                suggestions=wording.suggestions(finding, self._window.network, besides=self._spec.id),
            )
            began.append(self._said[finding.kind])
        return began
