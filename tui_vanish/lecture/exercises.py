"""Exercises: which runs of this session count, and what the others lack."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.lecture import Exercise
from tui_vanish.drawing import format
from tui_vanish.language import plural, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.tracking.snapshot import Snapshot
    from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run, and what it lacks to solve the exercise; nothing if it solves it."""

    run: str
    scenario_id: str
    lacks: tuple[str, ...]


def attempts(exercise: Exercise, base: "Scenario", runs: "Iterable[Snapshot]") -> list[Attempt]:
    """The runs that were trained for an exercise, the latest first.

    Args:
        exercise: what counts.
        base: the scenario that is changed.
        runs: of this session.
    """
    found = []
    for run in runs:
        if run.is_recorded or run.watched is not None or not run.has_begun:
            continue
        scenario = run.spec.scenario()
        changes = changed(base, scenario)
        if not exercise.staged and (not changes or scenario.stages):
            continue
        if exercise.staged and not scenario.stages:
            continue
        if exercise.keys and not any(key in changes for key in exercise.keys):
            continue
        found.append(Attempt(run.run, run.scenario_id, tuple(_lacks(exercise, scenario, run, changes))))
    return found[::-1]


def changed(base: "Scenario", scenario: "Scenario") -> tuple[str, ...]:
    """The settings in which a scenario differs from another, besides the number of epochs."""
    ours, theirs = base.numbers(), scenario.numbers()
    keys = dict.fromkeys((*ours, *theirs))
    return tuple(key for key in keys if ours.get(key) != theirs.get(key) and key != "training.epochs")


def _lacks(
    exercise: Exercise, scenario: "Scenario", run: "Snapshot", changes: tuple[str, ...]
) -> "Iterable[str]":
    if run.modified:
        yield tr("it was changed by hand while it trained")
    if exercise.changes is not None and len(changes) > exercise.changes:
        yield plural("{number} setting differs", "{number} settings differ", len(changes))
    if exercise.keys and (others := [key for key in changes if key not in exercise.keys]):
        yield tr("{settings} must stay as they are", settings=", ".join(others))
    if exercise.chi_within is not None:
        from engine.meanfield.depth_scale import depth_scale

        scale = depth_scale(scenario)
        if scale is None:
            yield tr("theory has no χ for it")
        elif abs(scale.chi - 1) > exercise.chi_within:
            yield tr("χ is {value}", value=f"{scale.chi:.3g}")
    if exercise.accuracy:
        yield from _too_low(exercise, run)


def _too_low(exercise: Exercise, run: "Snapshot") -> "Iterable[str]":
    """What is said of a run whose accuracy is too low in the epochs that count."""
    counts = [each for each in run.results if exercise.epochs is None or each.epoch <= exercise.epochs]
    best = max((each.test_accuracy or 0.0 for each in counts), default=0.0)
    if best >= exercise.accuracy:
        return
    value = format.percent(best, 1).strip()
    if exercise.epochs is None:
        yield tr("its best test accuracy is {value}", value=value)
    else:
        yield plural(
            "its best test accuracy is {value} in {number} epoch",
            "its best test accuracy is {value} in {number} epochs",
            exercise.epochs,
            value=value,
        )
