"""The state of a run, computed from its events: events in, snapshot out.

A live run, a run that is followed in its log and a run that is loaded from it all use this code. Screens show
only what the events contain.

This file is longer than 300 lines because a snapshot has many fields, and each is computed in one place.
"""

import copy
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple, Self

from engine.protocol.recorded import is_recorded
from engine.protocol.spec import RunSpec
from engine.tracking.series import Point, Profile, Profiles, Series
from engine.tracking.time_left import Course
from engine.tracking.watched import Watched, WatchedView
from vanish_recorder.protocol.event import Event
from vanish_recorder.protocol.events import (
    OUT_OF_BUDGET,
    RESTARTED,
    EpochFinished,
    Intervened,
    LayerSample,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
    VerdictChanged,
)
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.verdicts import severity
from vanish_recorder.protocol.watch_events import (
    EpochLogged,
    HistogramsTaken,
    Measured,
    PartDisabled,
    StructureFound,
    Thinned,
    WatchStarted,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the schedule as it began, and the test accuracy of its last finished epoch (0 to 1)."""

    number: int
    first_step: int
    first_epoch: int
    trainable: tuple[str, ...]
    frozen: tuple[str, ...]
    test_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Charts:
    """Bounded series. `batch_*` have one value per measured batch, the others one per epoch."""

    batch_loss: tuple[Point, ...] = ()
    batch_accuracy: tuple[Point, ...] = ()
    train_loss: tuple[Point, ...] = ()
    train_accuracy: tuple[Point, ...] = ()
    test_loss: tuple[Point, ...] = ()
    test_accuracy: tuple[Point, ...] = ()
    profiles: tuple[Profile, ...] = ()


_NOT_BEGUN = Course("", Status.LOADING)
_NO_PROFILE = Profile(0, 0.0, ())


class Result(NamedTuple):
    """The result of an epoch. `time` is the training time at its end, in seconds."""

    epoch: int
    time: float
    test_accuracy: float


class EpochNumbers(NamedTuple):
    """The numbers of an epoch. Of a watched run, those that its script logged; accuracies are from 0 to 1."""

    epoch: int
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment, for a screen. It holds tuples and floats, no tensors.

    Attributes:
        sequence: grows with every event. Two snapshots with the same number are equal.
        spec: what the run is.
        started: None until the run has begun (status loading), and for a watched run.
        watched: what only a watched run has; None for a run that trains a scenario.
        epochs: planned, over all stages; 0 if that is unknown.
        steps: planned, over all stages; 0 if that is unknown.
        last_epoch: the numbers of the last finished epoch.
        seconds_per_step: over the latest samples, in training time; None until there are two.
        images_per_second: over the latest samples, in training time; None until there are two.
        course: how far it is, for an estimate of the time left.
        layers: the latest profile.
        layers_step: the step at which `layers` was measured.
        verdicts: the open ones, the most severe first.
        finite_layers: the latest profile in which every number is finite.
        results: of every epoch, while the series in `charts` merge theirs.
        budget: after how many seconds of training it stops; None if it has no such budget.
    """

    sequence: int
    run: str
    status: Status
    spec: RunSpec
    seed: int
    started: RunStarted | None = None
    step: int = 0
    epoch: int = 0
    stage: int = 0
    time: float = 0.0
    epochs: int = 0
    steps: int = 0
    lr: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    last_epoch: EpochNumbers | None = None
    best_test_accuracy: float | None = None
    seconds_per_step: float | None = None
    images_per_second: float | None = None
    course: Course = _NOT_BEGUN
    layers: tuple[LayerSample, ...] = ()
    layers_step: int = 0
    finite_layers: tuple[LayerSample, ...] = ()
    finite_layers_step: int = 0
    stages: tuple[Stage, ...] = ()
    interventions: tuple[Intervened, ...] = ()
    pause_reason: str | None = None
    verdicts: tuple[VerdictChanged, ...] = ()
    finished: RunFinished | None = None
    charts: Charts = Charts()
    results: tuple[Result, ...] = ()
    watched: Watched | None = None
    budget: float | None = None

    @property
    def is_out_of_budget(self) -> bool:
        """Whether it was stopped because its seconds of training were over."""
        stopped = self.status is Status.STOPPED  # the reason alone may come from a damaged log
        return stopped and self.finished is not None and self.finished.reason == OUT_OF_BUDGET

    @property
    def scenario_id(self) -> str:
        """The scenario's id; of a watched run its name."""
        return self.spec.id

    @property
    def is_recorded(self) -> bool:
        """Whether the run comes with the program."""
        return is_recorded(self.run)

    @property
    def has_begun(self) -> bool:
        """Whether the run's first line has been read."""
        return self.started is not None or (self.watched is not None and self.watched.started is not None)

    @property
    def structure(self) -> StructureFound | None:
        """The blocks and tensors of a watched run; None before they were found."""
        return self.watched.structure if self.watched else None

    @property
    def measured(self) -> Measured | None:
        """The latest sample of a watched run, with the numbers of its tensors."""
        return self.watched.measured if self.watched else None

    @property
    def logged(self) -> Mapping[str, float]:
        """The latest number under each name that the script of a watched run logged."""
        return self.watched.logged if self.watched else {}

    @property
    def modified(self) -> bool:
        """Whether the run was changed by hand, so that it no longer matches its scenario."""
        return bool(self.interventions)


class RunView:
    """Computes the latest snapshot of a run from its events.

    Args:
        run: the run's name.
        spec: what the run is. A `run_started` with another description replaces it.
        seed: the run's seed; 0 of a watched run, whose script has its own.
    """

    def __init__(self, run: str, spec: RunSpec, seed: int) -> None:
        self._run = run
        self._spec = spec
        self._seed = seed
        self._sequence = 0
        self._status = Status.LOADING
        self._started: RunStarted | None = None
        self._last: RunEvent | None = None
        self._sample: Sample | None = None
        self._layers, self._finite = _NO_PROFILE, _NO_PROFILE
        self._loss: float | None = None
        self._lr: float | None = None
        self._watched = WatchedView() if spec.is_watched else None
        self._epoch: EpochNumbers | None = None
        self._evaluation_seconds = 0.0
        self._best: float | None = None
        self._pace = _Pace()
        self._stages: list[Stage] = []
        self._epochs_per_stage = spec.epochs_per_stage
        self._interventions: list[Intervened] = []
        self._pause_reason: str | None = None
        self._verdicts: dict[tuple[str, str | None], VerdictChanged] = {}
        self._finished: RunFinished | None = None
        self._budget: float | None = None
        self._batch_loss, self._batch_accuracy = Series(), Series()
        self._train_loss, self._train_accuracy = Series(), Series()
        self._test_loss, self._test_accuracy = Series(), Series()
        self._profiles = Profiles()
        self._results: list[Result] = []  # not a tuple: to copy it at each epoch would be quadratic

    @property
    def sequence(self) -> int:
        """How many events were applied."""
        return self._sequence

    @property
    def status(self) -> Status:
        """The status after the events so far."""
        return self._status

    def apply(self, event: RunEvent) -> None:
        """Apply one event.

        Raises:
            NotARunSpec: the run's first line describes no run.
        """
        self._sequence += 1
        self._last = event
        match event:
            case WatchStarted() | StructureFound() | Measured() | Thinned() | EpochLogged():
                self._apply_watched(event, self._watched or WatchedView())
            case HistogramsTaken() if self._watched is not None:
                self._watched.apply_histograms(event)
            case PartDisabled() if self._watched is not None:
                self._watched.apply_disabled(event)
            case RunStarted():
                self._watched = None
                if event.scenario != self._spec.record:
                    self._spec = RunSpec.of(event.scenario)
                self._started, self._seed, self._budget = event, event.seed, event.budget_seconds
                self._status = Status.RUNNING
            case StageStarted():
                self._stages.append(
                    Stage(event.stage, event.step + 1, event.epoch + 1, event.trainable, event.frozen)
                )
            case Sample():
                self._sample = event
                self._apply_sample(event, event.loss, event.lr, event.layers)
                self._batch_accuracy.add(event.step, event.time, event.accuracy)
            case EpochFinished():
                self._evaluation_seconds = event.evaluation_seconds
                names = EpochNumbers._fields[1:]
                self._apply_epoch(event, {name: getattr(event, name) for name in names})
            case Intervened():
                self._interventions.append(event)
                if event.kind == "epochs" and event.value is not None:
                    self._epochs_per_stage = int(event.value)
            case Paused():
                self._status, self._pause_reason = Status.PAUSED, event.reason
            case Resumed():
                self._status, self._pause_reason, self._finished = Status.RUNNING, None, None
                self._pace.restart()
                if self._budget is not None and event.time >= self._budget:
                    self._budget = None
                if self._watched is not None and event.reason == RESTARTED:
                    self._watched.restart(len(self._interventions))
            case VerdictChanged():
                self._verdicts.pop((event.kind, event.layer), None)
                if event.state == "began":
                    self._verdicts[event.kind, event.layer] = event
            case RunFinished():
                self._status, self._finished = event.status, event

    @property
    def size(self) -> int:
        """How many points and profiles its series hold: most of the memory that a copy needs."""
        series = sum(len(each) for each in vars(self).values() if isinstance(each, Series | Profiles))
        return series + (self._watched.size if self._watched is not None else 0)

    def copy(self) -> Self:
        """The same state, to which other events can be applied."""
        same = copy.copy(self)
        # Events and all that is made of them never change, so only what holds them is copied.
        for name, value in vars(self).items():
            if isinstance(value, list | dict | Series | Profiles | WatchedView | _Pace):
                setattr(same, name, value.copy())
        return same

    def course(self) -> Course:
        """How far the run is. This takes much less time than a whole snapshot."""
        last = self._last
        _, ends, stage_ends = self._planned()
        return Course(
            run=self._run,
            status=self._status,
            step=last.step if last else 0,
            time=last.time if last else 0.0,
            evaluations=len(self._results),
            evaluation_seconds=self._evaluation_seconds,
            steps_per_epoch=self._started.steps_per_epoch if self._started else 0,
            stage=self._stages[-1].number if self._stages else 0,
            stage_begins=self._stages[-1].first_step if self._stages else 0,
            stage_ends=stage_ends,
            ends=ends,
            changes=len(self._interventions),
            budget=self._budget or 0.0,
        )

    def snapshot(self) -> Snapshot:
        """The run after the events so far."""
        last, sample, layers, finite = self._last, self._sample, self._layers, self._finite
        epochs, steps, _ = self._planned()
        step = last.step if last else 0
        return Snapshot(
            sequence=self._sequence,
            run=self._run,
            status=self._status,
            spec=self._spec,
            seed=self._seed,
            started=self._started,
            step=step,
            epoch=last.epoch if last else 0,
            stage=last.stage if last else 0,
            time=last.time if last else 0.0,
            epochs=epochs,
            steps=steps,
            lr=self._lr,
            loss=self._loss,
            accuracy=sample.accuracy if sample else None,
            last_epoch=self._epoch,
            best_test_accuracy=self._best,
            seconds_per_step=(seconds := self._pace.seconds_per_step()),
            images_per_second=self._spec.batch_size / seconds if self._spec.batch_size and seconds else None,
            course=self.course(),
            layers=layers.layers,
            layers_step=layers.step,
            finite_layers=finite.layers,
            finite_layers_step=finite.step,
            stages=tuple(self._stages),
            interventions=tuple(self._interventions),
            pause_reason=self._pause_reason,
            verdicts=_most_severe_first(self._verdicts.values()),
            finished=self._finished,
            results=tuple(self._results),
            watched=self._watched.snapshot(last.time if last else 0.0) if self._watched is not None else None,
            budget=self._budget,
            charts=Charts(
                batch_loss=self._batch_loss.points(),
                batch_accuracy=self._batch_accuracy.points(),
                train_loss=self._train_loss.points(),
                train_accuracy=self._train_accuracy.points(),
                test_loss=self._test_loss.points(),
                test_accuracy=self._test_accuracy.points(),
                profiles=self._profiles.profiles(),
            ),
        )

    def _apply_watched(
        self,
        event: WatchStarted | StructureFound | Measured | Thinned | EpochLogged,
        watched: WatchedView,
    ) -> None:
        self._watched = watched
        match event:
            case WatchStarted():
                if event.watched != self._spec.record:
                    self._spec = RunSpec.of_watched(event.watched)
                watched.apply_start(event)
                self._status = Status.RUNNING
            case StructureFound():
                self._spec = replace(self._spec, layers=watched.apply_structure(event))
            case Measured():
                layers = watched.apply_sample(event)
                self._apply_sample(event, event.logged.get("loss"), event.logged.get("lr"), layers)
            case Thinned():
                for step, time, logged in watched.apply_thinned(event):
                    if (loss := logged.get("loss")) is not None:
                        self._batch_loss.add(step, time, loss)
            case EpochLogged():
                watched.apply_epoch(event)
                self._apply_epoch(event, known_numbers(event.logged))

    def _apply_sample(
        self, at: Event, loss: float | None, lr: float | None, layers: tuple[LayerSample, ...]
    ) -> None:
        self._layers = Profile(at.step, at.time, layers)
        self._loss, self._lr = loss, lr
        if _all_finite(loss, layers):
            self._finite = self._layers
        self._pace.add(at.step, at.time)
        if loss is not None:
            self._batch_loss.add(at.step, at.time, loss)
        self._profiles.add(at.step, at.time, layers)

    def _apply_epoch(self, at: Event, numbers: Mapping[str, float]) -> None:
        self._epoch = EpochNumbers(at.epoch, **numbers)
        for name, series in (
            ("train_loss", self._train_loss),
            ("train_accuracy", self._train_accuracy),
            ("test_loss", self._test_loss),
            ("test_accuracy", self._test_accuracy),
        ):
            if name in numbers:
                series.add(at.step, at.time, numbers[name])
        if (accuracy := numbers.get("test_accuracy")) is None:
            return
        self._best = max(self._best or 0.0, accuracy)
        self._results.append(Result(at.epoch, at.time, accuracy))
        if self._stages:
            stage = self._stages[-1]
            self._stages[-1] = Stage(
                stage.number,
                stage.first_step,
                stage.first_epoch,
                stage.trainable,
                stage.frozen,
                accuracy,
            )

    def _planned(self) -> tuple[int, int, int]:
        """(epochs, steps) of the whole schedule, and the last step of the current stage; 0 if unknown.

        Those before the current stage are counted, because stages may have been ended early; the rest is
        planned.
        """
        per_epoch = self._started.steps_per_epoch if self._started else 0
        per_stage = self._epochs_per_stage
        if per_stage is None:
            return 0, 0, 0
        if not self._stages or not self._started or not self._last:
            epochs = per_stage * self._spec.stage_count
            return epochs, epochs * per_epoch, per_stage * per_epoch
        present = self._stages[-1]
        begun = self._last.epoch - present.first_epoch + 1  # above the plan if the plan was lowered
        epochs, before = max(per_stage, begun), present.first_step - 1
        later = per_stage * (self._started.stages - present.number)
        return (
            present.first_epoch - 1 + epochs + later,
            before + (epochs + later) * per_epoch,
            before + epochs * per_epoch,
        )


class _Pace:
    """The speed of the run over the latest samples."""

    _WINDOW = 24  # samples, which is two epochs of the full data set: stable, but fast to adapt

    def __init__(self) -> None:
        self._marks: list[tuple[int, float]] = []

    def add(self, step: int, time: float) -> None:
        self._marks.append((step, time))
        del self._marks[: -self._WINDOW]

    def copy(self) -> Self:
        same = copy.copy(self)
        same._marks = self._marks.copy()
        return same

    def restart(self) -> None:
        self._marks.clear()

    def seconds_per_step(self) -> float | None:
        if len(self._marks) < 2:
            return None
        (first, began), (last, ended) = self._marks[0], self._marks[-1]
        return (ended - began) / (last - first) if last > first and ended > began else None


_quantities = attrgetter(*QUANTITIES)


def _all_finite(loss: float | None, layers: Sequence[LayerSample]) -> bool:
    if loss is not None and not math.isfinite(loss):
        return False
    known = (value for layer in layers for value in _quantities(layer) if value is not None)
    return all(map(math.isfinite, known))


def known_numbers(logged: Mapping[str, float]) -> dict[str, float]:
    """Those that have charts of their own. An accuracy outside 0 to 1 is in another unit, so it has none."""
    return {
        name: value
        for name, value in logged.items()
        if name in EpochNumbers._fields[1:] and (name.endswith("loss") or 0 <= value <= 1)
    }


def _most_severe_first(verdicts: Collection[VerdictChanged]) -> tuple[VerdictChanged, ...]:
    return tuple(sorted(verdicts, key=lambda verdict: severity(verdict.kind)))
