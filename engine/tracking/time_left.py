"""How long runs will take: measured against a clock, with the runs that train beside them.

The log of a run says how many seconds it trained, not how long that took: runs that train together take one
step each in turn, and wait for each other. So the screens and the command line measure the pace with a clock.
"""

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log
from time import monotonic
from typing import NamedTuple

from vanish_recorder.protocol.status import Status

_LEAST = 3.0  # seconds; a pace over less would be too rough, because progress is seen only now and then
_WINDOW = 30.0  # seconds; older progress is forgotten, because the load of the machine changes
_ALL_MEASURED = 10  # steps at the start of a stage, which take longer than others
_GAP, _LONG = 10, 5.0  # a step that takes so many times longer, and so many seconds: it slept


@dataclass(frozen=True, slots=True)
class Course:
    """How far a run is, and how far it will go.

    Attributes:
        run: its name.
        status: only a running one has a pace.
        step: of its last event.
        time: spent in training until then, in seconds.
        evaluations: finished so far.
        evaluation_seconds: of the last one; 0 before the first.
        steps_per_epoch: 0 if unknown.
        stage: the present one.
        stage_begins: the first step of the present stage.
        stage_ends: the last step of the present stage, as planned now; 0 if unknown.
        ends: the last step of the run, as planned now; 0 if unknown.
        changes: how many changes by hand there were, because a step may cost more or less after one.
        budget: after how many seconds of training it stops; 0 if it has no such budget.
    """

    run: str
    status: Status
    step: int = 0
    time: float = 0.0
    evaluations: int = 0
    evaluation_seconds: float = 0.0
    steps_per_epoch: int = 0
    stage: int = 0
    stage_begins: int = 0
    stage_ends: int = 0
    ends: int = 0
    changes: int = 0
    budget: float = 0.0


class Left(NamedTuple):
    """How long something will take from now on.

    Attributes:
        seconds: by the clock.
        whole: False if later stages come after it, whose pace is not known yet.
    """

    seconds: float
    whole: bool


class TimeLeft:
    """Watches runs, and estimates how long each will take at the present pace.

    Nothing is estimated until the pace is known, while a run waits or is paused, or for stages that have not
    begun: their steps cost more or less than those of the present stage. The pace is measured again whenever
    a run begins, ends, is paused or changed, because this changes the pace of those beside it.

    Args:
        lanes: how many runs may take their step at the same time.
        clock: returns seconds.
    """

    def __init__(self, lanes: int = 1, clock: Callable[[], float] = monotonic) -> None:
        self._lanes, self._clock = lanes, clock
        self._groups: dict[Hashable, _Group] = {}
        self._left: dict[str, Left] = {}
        self._shares: dict[str, float] = {}

    def see(self, runs: Iterable[Course], owners: Mapping[str, Hashable] | None = None) -> None:
        """Take in how far all runs are now.

        Args:
            runs: all that are known.
            owners: the processes that train them, by name. Runs that have none are trained together, too.
        """
        together: dict[Hashable, list[Course]] = {}
        for run in runs:
            if run.status is Status.RUNNING:
                together.setdefault((owners or {}).get(run.run), []).append(run)
        now = self._clock()
        before, self._groups, self._left, self._shares = self._groups, {}, {}, {}
        for owner, group in together.items():
            # In the same order for the same runs, whatever order they come in.
            key = tuple(sorted((run.run, run.stage, run.changes) for run in group))
            known = before.get(owner)
            measured = known if known is not None and known.key == key else _Group(key, self._lanes)
            self._groups[owner] = measured
            self._left.update(measured.see(now, group))
            self._shares.update(measured.shares)

    def of(self, run: str) -> Left | None:
        """The time left of a run, or None: until its end, or until the end of its stage if others follow."""
        return self._left.get(run)

    def share_of(self, run: str) -> float | None:
        """Which part of the time the run trains, from 0 to 1; None while it has no pace.

        Runs that take turns wait for each other: of seven equal ones, each trains a seventh of the time.
        """
        return self._shares.get(run)

    def of_all(self, runs: Iterable[Course]) -> Left | None:
        """The time until the last of these runs ends, or None. It is the least time if it is not `whole`."""
        found = []
        for run in runs:
            if run.status.ended or (run.status is Status.RUNNING and 0 < run.ends <= run.step):
                continue
            if (left := self._left.get(run.run)) is None:
                return None
            found.append(left)
        if not found:
            return None
        return Left(max(left.seconds for left in found), all(left.whole for left in found))


class _Pace(NamedTuple):
    """The pace of a run beside its neighbours.

    Attributes:
        own: seconds that an average step takes in this run, with its part of an evaluation.
        round: seconds by the clock from one of its steps to the next, with its part of an evaluation.
        evaluation: the part of both that is an evaluation's, from 0 to 1.
    """

    own: float
    round: float
    evaluation: float


class _Group:
    """Runs of one process, which take their steps in turn. It lasts as long as they are the same runs.

    Attributes:
        shares: which part of the time each run trains, by name; empty as long as one of them has no pace.
    """

    def __init__(self, key: Hashable, lanes: int) -> None:
        self.key, self._lanes = key, lanes
        self._meters: dict[str, _Meter] = {}
        self.shares: dict[str, float] = {}

    def see(self, now: float, runs: Sequence[Course]) -> dict[str, Left]:
        """The time left of each run, by name; empty as long as one of them has no pace."""
        paces = []
        for run in runs:
            pace = self._meters.setdefault(run.run, _Meter()).see(now, run)
            if pace is not None:
                paces.append(pace)
        self.shares = {}
        if len(paces) < len(runs):
            return {}
        for run, pace in zip(runs, paces, strict=True):
            self.shares[run.run] = min(1.0, pace.own / pace.round)
        runs = [_within_budget(run, pace) for run, pace in zip(runs, paces, strict=True)]
        found = {}
        for run, pace in zip(runs, paces, strict=True):
            whole = run.stage_ends >= run.ends
            steps = (run.ends if whole else run.stage_ends) - run.step
            if steps > 0:
                rounds = _with_evaluations(steps, run, pace)
                seconds = pace.round * _rounds_until(rounds, pace, runs, paces, self._lanes)
                found[run.run] = Left(max(0.0, seconds - self._meters[run.run].age(now)), whole)
        return found


class _Mark(NamedTuple):
    """Progress as it was seen: `at` by the clock."""

    at: float
    step: int
    time: float
    evaluations: int


class _Meter:
    """The latest progress of one run."""

    def __init__(self) -> None:
        self._marks: deque[_Mark] = deque()
        self._seen: tuple[int, int] | None = None

    def see(self, now: float, run: Course) -> _Pace | None:
        """The pace, or None as long as there is none."""
        here = (run.step, run.evaluations)
        is_new, self._seen = self._seen not in (None, here), here
        # It may have reached the step at which it was seen first long before.
        if is_new and run.step - run.stage_begins + 1 >= _ALL_MEASURED:
            self._add(_Mark(now, run.step, run.time, run.evaluations))
        return self._pace(run)

    def age(self, now: float) -> float:
        """How long ago the last progress was seen; at most the usual time between two."""
        first, last = self._marks[0], self._marks[-1]
        return min(now - last.at, (last.at - first.at) / (len(self._marks) - 1))

    def _add(self, mark: _Mark) -> None:
        marks = self._marks
        if marks and self._has_slept_until(mark):
            marks.clear()
        marks.append(mark)
        while len(marks) > 3 and mark.at - marks[1].at >= _WINDOW:
            marks.popleft()

    def _has_slept_until(self, mark: _Mark) -> bool:
        """Whether the process or the machine slept since the last mark."""
        first, last = self._marks[0], self._marks[-1]
        waited, steps = mark.at - last.at, max(1, mark.step - last.step)
        if waited < _LONG or last.step <= first.step:
            return mark.step < last.step
        return waited / steps > _GAP * (last.at - first.at) / (last.step - first.step)

    def _pace(self, run: Course) -> _Pace | None:
        if len(self._marks) < 3 or not run.steps_per_epoch or not run.ends:
            return None
        first, last = self._marks[0], self._marks[-1]
        elapsed, steps, training = last.at - first.at, last.step - first.step, last.time - first.time
        if elapsed < _LEAST or steps <= 0 or training <= 0:
            return None
        busy = training + (last.evaluations - first.evaluations) * run.evaluation_seconds
        evaluation = run.evaluation_seconds / run.steps_per_epoch  # per step, on average
        own = training / steps + evaluation
        return _Pace(own, own * elapsed / busy, evaluation / own)


def _within_budget(run: Course, pace: _Pace) -> Course:
    """The course to the step at which the budget is over, if this comes before the planned end."""
    if not run.budget:
        return run
    last = run.step + ceil((run.budget - run.time) / (pace.own * (1 - pace.evaluation)))
    return run if last >= run.ends else replace(run, ends=last, stage_ends=min(run.stage_ends, last))


def _with_evaluations(steps: int, run: Course, pace: _Pace) -> float:
    """A number of steps, plus what is left of the present epoch's evaluation, in average steps."""
    epochs = steps / run.steps_per_epoch
    return steps + pace.evaluation * (ceil(epochs) - epochs) * run.steps_per_epoch


def _rounds_until(
    rounds: float, pace: _Pace, runs: Sequence[Course], paces: Sequence[_Pace], lanes: int
) -> float:
    """How many of the present rounds last as long as `rounds` of them, in which other runs end.

    The steps of a round are taken one after another, or on all cores: whichever fits the pace better.
    """
    costs = [each.own for each in paces]
    lanes = min((1, lanes), key=lambda each: abs(log(_makespan(costs, each) / pace.round)))
    present = _makespan(costs, lanes)
    ends = sorted({min(rounds, float(run.ends - run.step)) for run in runs} | {rounds})
    total, before = 0.0, 0.0
    for end in ends:
        if end > before:
            still = [each.own for run, each in zip(runs, paces, strict=True) if run.ends - run.step > before]
            total += (end - before) * (_makespan(still or [pace.own], lanes) / present)
            before = end
    return total


def _makespan(costs: Sequence[float], lanes: int) -> float:
    """How long steps take together, each taken by the first core that is free."""
    busy = [0.0] * lanes
    for cost in costs:
        heapq.heapreplace(busy, busy[0] + cost)
    return max(busy)
