"""Right or wrong: a run's verdicts, against what is true of its network.

The thresholds leave room around the product's own: between "surely true" and "surely not" both answers are
right.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.fuzz.claims import TOO_LARGE, false_claims, place_of
from tests.fuzz.cures import wrong_suggestions
from tests.fuzz.severe import ahead, behind, severe_truths
from tests.fuzz.truths import Truth
from vanish_recorder.protocol.events import RunEvent, VerdictChanged


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong about a run's verdicts."""

    verdict: str
    truth: str

    def __str__(self) -> str:
        return f"said: {self.verdict} -- true: {self.truth}"


def judge(events: Iterable[RunEvent], truth: Truth) -> list[Fault]:
    """Everything that is wrong."""
    changes = [event for event in events if isinstance(event, VerdictChanged)]
    faults: list[Fault] = []
    for change in changes:
        if change.state == "began":
            faults += _judge_beginning(change, truth)
    held = held_at_the_end(changes)
    faults += _judge_end(held, truth)
    faults += _judge_flicker(changes)
    return faults


def held_at_the_end(changes: Sequence[VerdictChanged]) -> dict[str, VerdictChanged]:
    """The verdicts that are open at the end, by kind."""
    held: dict[str, VerdictChanged] = {}
    for change in changes:
        if change.state == "began":
            held[change.kind] = change
        else:
            held.pop(change.kind, None)
    return held


def _judge_beginning(change: VerdictChanged, truth: Truth) -> list[Fault]:
    said = f"{change.kind} at step {change.step}: {change.text!r}"
    reasons = [*false_claims(change, truth), *wrong_suggestions(change, truth.scenario)]
    return [Fault(said, reason) for reason in reasons]


# What else says a severe truth.
_ALSO_SAID_BY = {
    "steps_too_large": ("exploding", "non_finite"),
    "vanishing": ("non_finite",),
    "exploding": ("non_finite",),
    "forward_collapse": ("non_finite", "dead", "signal_shrinks"),
    "dead": ("non_finite",),
    "immovable": ("non_finite", "dead"),
    "saturated": ("non_finite",),
    "stuck": ("non_finite",),
}


def _judge_end(held: dict[str, VerdictChanged], truth: Truth) -> list[Fault]:
    faults = []
    end = max([0, *truth.steps, *(epoch.step for epoch in truth.epochs)])
    end = end if truth.first_bad is None else truth.first_bad
    severe = severe_truths(truth, end)
    said = ", ".join(held) or "nothing"
    for kind, reason in severe.items():
        named = {kind, *_ALSO_SAID_BY.get(kind, ())} & held.keys()
        if not named:
            faults.append(Fault(f"{said} at the end", f"{kind}: {reason}"))
        elif named == {"exploding"} and kind == "steps_too_large":
            text = held["exploding"].text
            faults += [] if re.search(TOO_LARGE, text) else [Fault(text, f"{kind}: {reason}")]
    if severe and "healthy" in held:
        faults.append(Fault(held["healthy"].text, f"not healthy: {', '.join(severe.values())}"))
    if truth.first_bad is None and truth.steps:
        faults += _stale(held, truth)
    return faults


def _stale(held: dict[str, VerdictChanged], truth: Truth) -> list[Fault]:
    """Claims that held when they began, and do not hold now."""
    faults = []
    steps = truth.before(max(truth.steps))
    for kind, quantity in (("dead", "dead"), ("saturated", "saturated")):
        if kind in held:
            now = [[getattr(layer, quantity) or 0.0 for layer in step.hidden] for step in steps]
            place = place_of(held[kind].layer or "")
            worst = min(max(values) for values in now)
            if place is not None and worst - max(values[place] for values in now) > 0.3:
                most = max(values[place] for values in now)
                text = f"{held[kind].layer} has at most {most:.0%}, the worst one {worst:.0%}"
                faults.append(Fault(held[kind].text, f"stale: {text}"))
    if "vanishing" in held and max(map(behind, steps)) < 4:
        faults.append(
            Fault(held["vanishing"].text, f"over: at most {max(map(behind, steps)):.3g} times less")
        )
    exploding = held.get("exploding")
    if exploding and "ratio" in exploding.evidence and max(map(ahead, steps)) < 4:
        faults.append(Fault(exploding.text, f"over: at most {max(map(ahead, steps)):.3g} times more"))
    last = truth.epochs[-1] if truth.epochs else None
    if "learning" in held and last and last.train_loss > 1.02 * truth.guessing and last.train_accuracy < 0.3:
        loss, right = last.train_loss, last.train_accuracy
        reason = f"over: the loss is {loss:.4g}, worse than guessing; {right:.0%} are right"
        faults.append(Fault(held["learning"].text, reason))
    if "stuck" in held:
        faults += [Fault(held["stuck"].text, reason) for reason in _still_stuck(held["stuck"], truth)]
    return faults


def _still_stuck(stuck: VerdictChanged, truth: Truth) -> list[str]:
    if len(truth.epochs) < 3:
        return []
    first, last = truth.epochs[-3], truth.epochs[-1]
    if last.train_accuracy > 0.35 and last.train_loss < 0.9 * first.train_loss:
        return [f"over: {last.train_accuracy:.0%} are right, the loss fell to {last.train_loss:.4g}"]
    return []


def _judge_flicker(changes: Sequence[VerdictChanged]) -> list[Fault]:
    """A kind that begins again and again; a change of its layer or numbers at one step is not one."""
    begins: dict[str, int] = {}
    ended_at: dict[str, int] = {}
    for change in changes:
        if change.state == "ended":
            ended_at[change.kind] = change.step
        elif ended_at.get(change.kind) != change.step:
            begins[change.kind] = begins.get(change.kind, 0) + 1
    return [Fault(kind, f"flickers: it began {often} times") for kind, often in begins.items() if often > 3]
