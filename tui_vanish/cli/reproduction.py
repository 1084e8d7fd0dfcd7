"""Compare measured results with the published ones, for `vanish-tui reproduce`."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scenarios.published import Figures, Published, published_for
from tui_vanish.language import tr
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, RunStarted, StageStarted
from vanish_recorder.protocol.status import Status

# Quantiles of Student's t for 1, 2, 3… degrees of freedom, two-sided, with the 5 % split over four metrics
# (Bonferroni): all four numbers of one more seed lie in their intervals in at least 95 % of the cases.
_T = (50.923, 8.860, 5.392, 4.315, 3.810, 3.521, 3.335, 3.206, 3.111, 3.038)
METRICS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one stage of one run ended; `stages` is the run's number of stages."""

    scenario: str
    seed: int
    stage: int
    stages: int
    epochs: int
    status: Status
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The range and the mean of one metric over the seeds."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The lowest, the mean and the highest of `values`, which must not be empty."""
        return cls(min(values), mean(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: a scenario, or one stage of a staged scenario, over its seeds.

    Attributes:
        name: the scenario's id, with its stage if it has several.
        ended: how its runs ended, if not all of them finished.
        measured: by metric; empty if no run finished an epoch.
        published: the published run of the same length, if there is one.
        difference: measured mean minus published value, by metric.
        within: whether all published numbers lie in the joint 95 % prediction intervals for one more seed;
            None with one seed, or if nothing is published.
    """

    name: str
    seeds: int
    epochs: int
    ended: str
    measured: dict[str, Spread]
    published: Published | None
    difference: dict[str, float]
    within: bool | None


def outcomes(scenario: str, seed: int, events: Iterable[RunEvent]) -> list[Outcome]:
    """How each stage of a run ended, from its events."""
    epochs_of_stage: dict[int, list[EpochFinished]] = {}
    status, stages = Status.RUNNING, 1
    for event in events:
        if isinstance(event, RunStarted):
            stages = event.stages
        elif isinstance(event, StageStarted):
            epochs_of_stage[event.stage] = []
        elif isinstance(event, EpochFinished):
            epochs_of_stage[event.stage].append(event)
        elif isinstance(event, RunFinished):
            status = event.status
    last = max(epochs_of_stage, default=0)
    return [
        Outcome(
            scenario,
            seed,
            stage,
            stages,
            len(epochs),
            status if stage == last else Status.FINISHED,
            _figures(epochs[-1]) if epochs else None,
        )
        for stage, epochs in epochs_of_stage.items()
    ]


def table(all_outcomes: Iterable[Outcome]) -> list[Row]:
    """The rows, in the order of their first outcomes."""
    groups: dict[tuple[str, int], list[Outcome]] = {}
    for outcome in all_outcomes:
        groups.setdefault((outcome.scenario, outcome.stage), []).append(outcome)
    return [_row(group) for group in groups.values()]


def _row(group: list[Outcome]) -> Row:
    first = group[0]
    figures = [outcome.figures for outcome in group if outcome.figures is not None]
    values = {name: [float(getattr(each, name)) for each in figures] for name in METRICS} if figures else {}
    staged = first.stages > 1
    counterpart = None if staged else published_for(first.scenario, first.epochs)
    reference = {name: getattr(counterpart.figures, name) for name in METRICS} if counterpart else {}
    compared = bool(values and reference)
    ended = sorted({outcome.status for outcome in group} - {Status.FINISHED})
    return Row(
        name=tr("{scenario}, stage {stage}", scenario=first.scenario, stage=first.stage)
        if staged
        else first.scenario,
        seeds=len(group),
        epochs=first.epochs,
        ended=", ".join(ended),
        measured={name: Spread.of(each) for name, each in values.items()},
        published=counterpart,
        difference={name: mean(values[name]) - reference[name] for name in METRICS} if compared else {},
        within=(
            all(_one_more_seed_may_give(reference[name], values[name]) for name in METRICS)
            if compared and len(figures) > 1
            else None
        ),
    )


def _one_more_seed_may_give(value: float, seen: Sequence[float]) -> bool:
    """Whether `value` is inside the prediction interval of `seen`."""
    count = len(seen)
    t = _T[min(count - 1, len(_T)) - 1]
    return abs(value - mean(seen)) <= t * stdev(seen) * math.sqrt(1 + 1 / count)


def _figures(epoch: EpochFinished) -> Figures:
    return Figures(epoch.train_loss, epoch.train_accuracy, epoch.test_loss, epoch.test_accuracy)
