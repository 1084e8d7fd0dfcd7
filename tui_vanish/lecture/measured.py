"""The right answer to a question, computed from runs as they were measured."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.lecture import BY_NAME, Question
from tui_vanish.drawing import format
from tui_vanish.language import marked_in, plural, tr, tr_in
from tui_vanish.theory.page import number

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot

GetRun = Callable[[str, int | None], "Snapshot | None"]
LEARNED = 0.5  # the test accuracy from which on a network has learned, as in the maps of sweeps

_WIDTH = 128  # nodes of a hidden layer on the slides
_SHARES = ("test_accuracy", "best_test_accuracy")
NEVER = marked_in("measured", "never")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured.

    Attributes:
        value: a number; nan if the answers are names.
        name: of what was looked for, where the answers are names.
        words: the number or name as it is shown.
    """

    value: float
    name: str
    words: str

    def right(self, question: Question) -> int | None:
        """The place of the answer that it makes right; None if no answer stands for it."""
        for place, answer in enumerate(question.answers):
            if question.measure in BY_NAME:
                if answer.name == self.name:
                    return place
            elif answer.low <= self.value < answer.below or self.value == answer.below == math.inf:
                return place
        return None


def scenarios_of(question: Question) -> tuple[str, ...]:
    """The scenarios whose runs a question needs."""
    return (*question.runs, *((question.run,) if question.run else ()))


def measure(question: Question, get: GetRun) -> Measured | None:
    """Find the answer to a question.

    Args:
        question: what is asked.
        get: returns the run of a scenario at a step.

    Returns:
        None if a run that it needs is not there, or was not measured so far.
    """
    match question.measure:
        case "chain" | "slope" | "chi":
            return _computed(question)
        case "best_run" | "worst_run":
            return _run_of(question, get)
    run = get(question.run, question.step)
    if run is None:
        return None
    match question.measure:
        case "verdict":
            kind = run.verdicts[0].kind if run.verdicts else ""
            return Measured(math.nan, kind, kind.replace("_", " ").upper()) if kind else None
        case "least" | "most":
            return _layer_of(question, run)
        case "value" | "ratio" | "factor":
            return _of_layers(question, run)
        case _:
            return _of_run(question, run)


def _computed(question: Question) -> Measured:
    if question.measure == "chain":
        from engine.theory.chain import chain

        value = chain(question.w or 0.0, question.layers or 1).outputs[-1]
    elif question.measure == "slope":
        from engine.theory.curves import CURVES

        curve = next(curve for curve in CURVES if curve.name.lower() == question.activation)
        value = max(curve.slope(z / 10) for z in range(-100, 101))
    else:
        from engine.meanfield.depth_scale import depth_scale_of

        sigma_w2 = (question.std or 0.0) ** 2 * _WIDTH
        value = depth_scale_of(question.activation, sigma_w2).chi
    return Measured(value, "", number(value))


def _run_of(question: Question, get: GetRun) -> Measured | None:
    found: dict[str, float] = {}
    for name in question.runs:
        run = get(name, question.step)
        if run is None or run.last_epoch is None or run.last_epoch.test_accuracy is None:
            return None
        found[name] = run.last_epoch.test_accuracy
    pick = max if question.measure == "best_run" else min
    best = pick(found, key=lambda name: found[name])
    words = " · ".join(f"{name} {format.percent(value, 1).strip()}" for name, value in found.items())
    return Measured(math.nan, best, words)


def _values(question: Question, run: "Snapshot") -> Mapping[str, float]:
    found = {layer.name: getattr(layer, question.quantity, None) for layer in run.layers}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _layer_of(question: Question, run: "Snapshot") -> Measured | None:
    wanted = {answer.name for answer in question.answers}
    found = {name: value for name, value in _values(question, run).items() if name in wanted}
    if not found:
        return None
    pick = min if question.measure == "least" else max
    name = pick(found, key=lambda layer: found[layer])
    return Measured(math.nan, name, f"{format.layer_name(name)} {number(found[name])}")


def _of_layers(question: Question, run: "Snapshot") -> Measured | None:
    values, names = _values(question, run), list(run.spec.layer_names)
    if question.layer not in values:
        return None
    value = values[question.layer]
    if question.measure != "value":
        if not values.get(question.to):
            return None
        value /= values[question.to]
    if question.measure == "factor":
        between = abs(names.index(question.layer) - names.index(question.to))
        value = value ** (1 / max(1, between))
    return Measured(value, "", number(value))


def _of_run(question: Question, run: "Snapshot") -> Measured | None:
    value: float | None
    match question.measure:
        case "test_accuracy":
            value = run.last_epoch.test_accuracy if run.last_epoch else None
        case "best_test_accuracy":
            value = run.best_test_accuracy
        case "test_loss":
            value = run.last_epoch.test_loss if run.last_epoch else None
        case "loss":
            value = run.loss
        case _:
            reached = (result.epoch for result in run.results if result.test_accuracy >= LEARNED)
            value = next(reached, math.inf)
            words = tr_in("measured", NEVER) if value == math.inf else tr("epoch {number}", number=int(value))
            return Measured(value, "", words)
    if value is None:
        return None
    words = format.percent(value, 1).strip() if question.measure in _SHARES else number(value)
    return Measured(value, "", words)


def count_of(right: int, asked: int) -> str:
    """A score in words."""
    return plural("{right} of {number} right", "{right} of {number} right", asked, right=right)
