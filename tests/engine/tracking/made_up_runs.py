"""Made-up runs that train by a made-up clock, for tests of what is said about their time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.tracking.time_left import Course
from vanish_recorder.protocol.status import Status


@dataclass
class Made:
    """A made-up run, and where it is.

    Attributes:
        name: of the run.
        costs: seconds of a step, by stage.
        epochs: per stage.
        per_epoch: steps.
        evaluation: seconds.
        stops: the step after which it ends early; 0 if it does not.
        budget: seconds of training after which it ends; 0 if it has no such budget.
        when: it took each step, by the clock.
    """

    name: str
    costs: Sequence[float]
    epochs: int = 10
    per_epoch: int = 100
    evaluation: float = 0.0
    stops: int = 0
    budget: float = 0.0
    step: int = 0
    time: float = 0.0
    evaluations: int = 0
    status: Status = Status.RUNNING
    seen: Course | None = None
    when: dict[int, float] = field(default_factory=dict)

    @property
    def per_stage(self) -> int:
        return self.epochs * self.per_epoch

    @property
    def steps(self) -> int:
        return self.per_stage * len(self.costs)

    @property
    def stage(self) -> int:
        return min(self.step // self.per_stage, len(self.costs) - 1)

    def take(self) -> float:
        """Take one step, with all that follows it; returns its seconds."""
        stage, of_stage = self.stage, self.step % self.per_stage + 1
        cost = self.costs[stage] * (1.4 if of_stage <= 10 else 1.0)  # the first ten are all measured
        self.step, self.time = self.step + 1, self.time + cost
        if of_stage <= 10 or self.step % 10 == 0:
            self.report()
        if self.step % self.per_epoch == 0:
            self.evaluations += 1
            cost += self.evaluation
            self.report()
        if self.step in (self.steps, self.stops) or 0 < self.budget <= self.time:
            self.status = Status.FINISHED if self.step == self.steps else Status.STOPPED
            self.report()
        return cost

    def report(self) -> None:
        stage = self.stage + 1
        self.seen = Course(
            run=self.name,
            status=self.status,
            step=self.step,
            time=self.time,
            evaluations=self.evaluations,
            evaluation_seconds=self.evaluation if self.evaluations else 0.0,
            steps_per_epoch=self.per_epoch,
            stage=stage,
            stage_begins=1 + (stage - 1) * self.per_stage,
            stage_ends=stage * self.per_stage,
            ends=self.steps,
            budget=self.budget,
        )

    @property
    def course(self) -> Course:
        return self.seen or Course(self.name, Status.LOADING, steps_per_epoch=self.per_epoch, ends=self.steps)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def train(runs: Sequence[Made], clock: Clock, *, lanes: int = 1, slower: float = 1.0) -> Iterator[None]:
    """Train in rounds of one step each, on `lanes` cores, until all have ended; yields after each round."""
    while active := [run for run in runs if run.status is Status.RUNNING]:
        busy = [0.0] * lanes
        for run in active:
            core = busy.index(min(busy))
            busy[core] += run.take()
        clock.now += slower * max(busy)
        for run in active:
            run.when[run.step] = clock.now
        yield
