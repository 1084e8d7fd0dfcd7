"""Verdicts on any model: what its samples show, since when, and what helps, without a theory of the model.

Rules (`gradients`, `signals`, `weights`, `nonfinite`) examine a `window` of samples and return findings.
`opened` decides when one begins and ends, and this module turns that into events. It does not need torch.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType

from vanish_recorder.diagnosis import gradients, nonfinite, signals, weights, wording
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.diagnosis.opened import Opened
from vanish_recorder.diagnosis.window import Window
from vanish_recorder.diagnosis.wording import looked_at
from vanish_recorder.protocol.events import RunEvent, VerdictChanged
from vanish_recorder.protocol.verdicts import SEVERE, severity
from vanish_recorder.protocol.watch_events import Measured, StructureFound

__all__ = ["Announcer", "Diagnosis", "looked_at", "stalled"]

Rule = Callable[[Window, str], Finding | None]  # the window, and the variant of its open finding or ""

_RULES: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "exploding": gradients.exploding,
        "vanishing": gradients.vanishing,
        "forward_collapse": signals.forward_collapse,
        "dead": signals.dead,
        "skipped_steps": weights.skipped_steps,
        "underflow": weights.underflow,
        "immovable": weights.immovable,
        "below_eps": weights.below_eps,
        "vanishing_in_time": gradients.vanishing_in_time,
        "frozen": weights.frozen,
    }
)
_KINDS = (*_RULES, "non_finite")
# That the gradient is 0 in some matrices is said once: by why.
_EXPLAIN_ZEROS = frozenset({"vanishing", "dead", "underflow"})


class Diagnosis:
    """Follows the events of a watched run, and reports when a finding begins or ends."""

    def __init__(self) -> None:
        self._window = Window(StructureFound(run="", step=0, epoch=0, stage=0, time=0.0))
        self._opened = Opened()
        self._said: dict[str, VerdictChanged] = {}  # the events of the open findings, by kind
        self._step = 0  # of the latest sample

    def apply(self, event: RunEvent) -> list[VerdictChanged]:
        """The verdicts that an event changes: those that end, then those that begin, most severe first."""
        if isinstance(event, StructureFound):
            self._change_structure(event)
        elif isinstance(event, Measured):
            return self._follow(event)
        return []

    def _change_structure(self, structure: StructureFound) -> None:
        """Samples of other blocks or tensors are not compared with those that follow."""
        window = self._window
        old = window.structure
        if (old.blocks, old.tensors) == (structure.blocks, structure.tensors):
            window.structure = structure
            return
        self._window = Window(structure)
        self._window.first_step, self._window.first_scale = window.first_step, window.first_scale

    def _follow(self, sample: Measured) -> list[VerdictChanged]:
        broken = nonfinite.in_sample(self._window.structure, sample, self._step)
        self._step = sample.step
        if broken is not None:
            return self._change(sample, ("non_finite",), {"non_finite": broken})
        self._window.add(sample)
        found: dict[str, Finding] = {}
        if self._window.confirmed:
            for kind, rule in _RULES.items():
                if finding := rule(self._window, self._opened.variant(kind)):
                    found[kind] = finding
        zeros = found.get("immovable")
        if zeros is not None and zeros.variant == "no_gradient" and found.keys() & _EXPLAIN_ZEROS:
            del found["immovable"]
        return self._change(sample, _KINDS if self._window.confirmed else ("non_finite",), found)

    def _change(
        self, sample: Measured, kinds: tuple[str, ...], found: dict[str, Finding]
    ) -> list[VerdictChanged]:
        over, begun = self._opened.change(kinds, found, sample.step, 0)
        return self._end(sample, over) + self._begin(sample, begun)

    def _end(self, sample: Measured, kinds: Iterable[str]) -> list[VerdictChanged]:
        ended = []
        for kind in sorted(kinds, key=severity):
            began = self._said.pop(kind)
            text = wording.ended(began.since_step, sample.step)
            changed = replace(
                began,
                state="ended",
                step=sample.step,
                epoch=sample.epoch,
                stage=sample.stage,
                time=sample.time,
                text=text,
                cure="",
                page="",
            )
            ended.append(changed)
        return ended

    def _begin(self, sample: Measured, findings: Iterable[Finding]) -> list[VerdictChanged]:
        began = []
        for finding in sorted(findings, key=lambda finding: severity(finding.kind)):
            verdict = VerdictChanged(
                run=sample.run,
                step=sample.step,
                epoch=sample.epoch,
                stage=sample.stage,
                time=sample.time,
                state="began",
                kind=finding.kind,
                layer=finding.layer,
                since_step=sample.step if finding.since is None else finding.since,
                evidence=finding.evidence,
                text=wording.began(finding),
                suggestions=(),
                cure=wording.cure(finding, self._window.structure),
                page=wording.PAGES[finding.kind],
            )
            self._said[finding.kind] = verdict
            began.append(verdict)
        return began


class Announcer:
    """The lines on the script's stderr: each severe kind once in a run."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def lines(self, verdicts: Iterable[VerdictChanged]) -> list[str]:
        """A line, without its newline, for each severe finding that begins for the first time."""
        lines = []
        for verdict in verdicts:
            if verdict.state == "began" and verdict.kind in SEVERE and verdict.kind not in self._said:
                self._said.add(verdict.kind)
                name = verdict.kind.replace("_", " ")
                lines.append(f"vanish-tui: {name} since step {verdict.since_step}: {verdict.text}")
        return lines


_LEAST_SILENCE, _USUAL_SILENCES = 60.0, 20.0


def stalled(silence: float, usual: float) -> str:
    """Whether a run that has not ended writes nothing any more, as a sentence; "" if it is too early to say.

    Args:
        silence: seconds since the latest line of its log.
        usual: seconds between its latest lines, as a median; 0 if that is unknown.
    """
    if silence < max(_LEAST_SILENCE, _USUAL_SILENCES * usual):
        return ""
    since = f"No new line for {_duration(silence)}"
    if not usual:
        return f"{since}."
    return f"{since}; before, one came every {_duration(usual)}."


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
