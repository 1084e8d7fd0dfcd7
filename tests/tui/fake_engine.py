"""An engine whose runs a test controls. Its snapshots are built from events, as in the real engine.

It is long because it implements the whole port of the engine, command by command.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.measure.inspection import BINS, Histogram, LayerView
from engine.protocol.commands import (
    Freeze,
    Inspect,
    NextStage,
    Pause,
    Resume,
    RunCommand,
    SetEpochs,
    SetLearningRate,
    Stop,
    Unfreeze,
)
from engine.protocol.recorded import is_recorded
from engine.protocol.spec import RunSpec
from engine.runtime.state import EngineSnapshot, Notice
from engine.storage.follower import Follower
from engine.storage.recorded import recorded_folder
from engine.storage.run_log import RunLog
from engine.tracking.snapshot import RunView
from engine.tracking.time_left import Course, Left, TimeLeft
from scenarios.schema import Scenario
from tests.engine.lab import origin
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    InterventionKind,
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
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import Owner

STEPS_PER_EPOCH = 118
SECONDS_PER_STEP = 0.0065
SECONDS_PER_EVALUATION = 0.06


class FakeRun:
    """One run: each method reports one or more events that the real engine could have reported."""

    def __init__(
        self,
        engine: "FakeEngine",
        name: str,
        scenario: Scenario,
        seed: int,
        budget: float | None = None,
    ) -> None:
        self.engine = engine
        self.name = name
        self.scenario = scenario
        self.seed = seed
        self.budget = budget
        self.view = RunView(name, RunSpec.of(scenario.resolved()), seed)
        self.events: list[RunEvent] = []
        self._log: RunLog | None = None
        self.step = self.epoch = self.stage = 0

    @property
    def names(self) -> list[str]:
        hidden = self.scenario.mlp.hidden_layers
        return [*(f"layer{number + 1}" for number in range(hidden)), "output"]

    def start(self, threads: int = 1) -> None:
        self._say(
            RunStarted(
                **self._now(),
                schema=1,
                scenario=self.scenario.resolved(),
                seed=self.seed,
                device="cpu",
                threads=threads,
                data={"name": "fashion-mnist", "source": "debian", "train": 60_000, "test": 10_000},
                versions={},
                parameters=200_842,
                steps_per_epoch=STEPS_PER_EPOCH,
                stages=max(1, len(self.scenario.stages)),
                budget_seconds=self.budget,
            )
        )
        self.begin_stage()

    def begin_stage(self) -> None:
        """Start the scenario's next stage."""
        self.stage += 1
        names, frozen = self.names, []
        if self.scenario.stages:
            stage = self.scenario.stages[self.stage - 1]
            names = [*(f"layer{number + 1}" for number in range(sum(stage.sub_models))), "output"]
            ends = [sum(stage.sub_models[:place]) for place in range(len(stage.sub_models) + 1)]
            frozen = [
                name
                for place in range(len(stage.sub_models))
                if place + 1 not in stage.train
                for name in names[ends[place] : ends[place + 1]]
            ]
        trainable = tuple(name for name in names if name not in frozen)
        self._say(StageStarted(**self._now(), trainable=trainable, frozen=tuple(frozen)))

    def intervene(self, kind: InterventionKind, layer: str | None = None, value: float | None = None) -> None:
        """Change the run by hand."""
        self._say(Intervened(**self._now(), kind=kind, layer=layer, value=value))

    def sample(self, step: int, *, loss: float = 2.3027, layers: Sequence[LayerSample] | None = None) -> None:
        self.step = step
        self.epoch = 1 + (step - 1) // STEPS_PER_EPOCH
        profile = tuple(vanishing_profile(self.names) if layers is None else layers)
        self._say(Sample(**self._now(), loss=loss, accuracy=0.1, lr=0.01, layers=profile))

    def finish_epoch(self, *, test_loss: float = 2.3026, test_accuracy: float = 0.1) -> None:
        self.epoch = max(1, self.epoch)
        self.step = self.epoch * STEPS_PER_EPOCH
        self._say(
            EpochFinished(
                **self._now(),
                train_loss=test_loss + 0.0001,
                train_accuracy=test_accuracy - 0.002,
                test_loss=test_loss,
                test_accuracy=test_accuracy,
                seconds=STEPS_PER_EPOCH * SECONDS_PER_STEP,
                evaluation_seconds=SECONDS_PER_EVALUATION,
            )
        )

    def train_epochs(
        self, epochs: int, *, final_loss: float = 2.3026, final_accuracy: float = 0.1, every: int = 10
    ) -> None:
        """Report `epochs` epochs from the start, with a sample at each `every`-th step."""
        for epoch in range(1, epochs + 1):
            done = epoch / epochs
            loss = 2.33 + (final_loss - 2.33) * done
            for step in range((epoch - 1) * STEPS_PER_EPOCH + 1, epoch * STEPS_PER_EPOCH, every):
                self.sample(step, loss=loss)
            self.epoch = epoch
            self.finish_epoch(test_loss=loss, test_accuracy=0.1 + (final_accuracy - 0.1) * done)

    def find(
        self,
        kind: str,
        text: str,
        *,
        layer: str | None = None,
        since: int = 1,
        evidence: dict[str, float | None] | None = None,
        suggestions: tuple[str, ...] = (),
    ) -> None:
        """Begin a verdict."""
        self._say(
            VerdictChanged(
                **self._now(),
                state="began",
                kind=kind,
                layer=layer,
                since_step=since,
                evidence=evidence or {},
                text=text,
                suggestions=suggestions,
            )
        )

    def pause(self, reason: str = "by hand") -> None:
        self._say(Paused(**self._now(), reason=reason))

    def resume(self, reason: str = "by hand") -> None:
        self._say(Resumed(**self._now(), reason=reason))

    def end(
        self,
        status: Status,
        *,
        first_bad_step: int | None = None,
        nonfinite: tuple[str, ...] | None = None,
        error: str | None = None,
    ) -> None:
        last = self.view.snapshot().last_epoch
        self._say(
            RunFinished(
                **self._now(),
                status=status,
                epochs=self.epoch,
                steps=self.step,
                test_loss=last.test_loss if last else None,
                test_accuracy=last.test_accuracy if last else None,
                best_test_accuracy=self.view.snapshot().best_test_accuracy,
                seconds=self.step * SECONDS_PER_STEP,
                weights_sha256=None,
                first_bad_step=first_bad_step,
                nonfinite=nonfinite,
                error=error,
            )
        )

    def diverge(self) -> None:
        """Diverge like `linear-exploding`: a huge first step, and nothing finite from the second step on."""
        self.sample(1, loss=1.2e8, layers=exploding_profile(self.names))
        broken = [LayerSample(name=name, grad_norm=math.nan, delta_norm=math.inf) for name in self.names]
        self.sample(2, loss=math.nan, layers=broken)
        self.end(Status.DIVERGED, first_bad_step=2, nonfinite=("output",))

    def _now(self) -> dict[str, Any]:
        return {
            "run": self.name,
            "step": self.step,
            "epoch": self.epoch,
            "stage": self.stage,
            "time": self.step * SECONDS_PER_STEP,
        }

    def save(self) -> None:
        """Write the run's log from now on, with what happened before."""
        began = replace(origin(), train=60_000, test=10_000)
        folder = self.engine.runs_folder / self.name
        self._log = RunLog(folder, self.scenario.resolved(), self.seed, began)
        for event in self.events:
            self._log.write(event)

    def _say(self, event: RunEvent) -> None:
        self.view.apply(event)
        self.events.append(event)
        if self._log is not None:
            self._log.write(event)
        self.engine.sequence += 1


class FakeTimeLeft(TimeLeft):
    """Knows the pace of the fake runs, without a clock, from their second sample on."""

    def see(self, runs: Iterable[Course], owners: Mapping[str, Hashable] | None = None) -> None:
        per_step = SECONDS_PER_STEP + SECONDS_PER_EVALUATION / STEPS_PER_EPOCH
        self._left = {
            run.run: Left((run.stage_ends - run.step) * per_step, run.stage_ends == run.ends)
            for run in runs
            if run.status is Status.RUNNING and run.stage_begins < run.step < run.stage_ends
        }
        self._shares = dict.fromkeys(self._left, 1 / max(1, len(self._left)))


class FakeEngine:
    """Executes the user's commands at once; everything else is up to the test."""

    def __init__(self) -> None:
        self.runs_folder = Path("/dev/null/runs")  # cannot be made, so no process starts
        self.can_train = True
        self.followed_only: set[str] = set()  # runs whose networks are not in memory
        self.followed: list[str] = []
        self.recorded: list[RunView] = []
        self.taken: list[str] = []
        self.pending_takeovers: list[str] = []
        self.owners: dict[str, Owner] = {}
        self.unsaved: dict[str, str] = {}
        self.sequence = 0
        self.runs: list[FakeRun] = []
        self.sent: list[RunCommand] = []
        self.notices: list[Notice] = []
        self.inspection: LayerView | None = None
        self.started = self.closed = self.importing = False
        self.activity = self.device = self.data = ""

    def start(self) -> None:
        self.started = True

    def train(self, scenario: Scenario, seed: int, seconds: float | None = None) -> str:
        name = f"20260101-120000-{scenario.id}-{len(self.runs):04x}"
        self.runs.append(FakeRun(self, name, scenario, seed, seconds))
        self.sequence += 1
        return name

    def follow(self, run: str) -> None:
        first = run not in self.followed
        self.followed.append(run)
        if first and is_recorded(run):  # the real engine reads a log once, too
            follower = Follower(recorded_folder(run))
            follower.poll()
            self.recorded.append(follower.view)
            self.sequence += 1

    def take_over(self, run: str) -> str:
        self.taken.append(run)
        return ""

    def send(self, command: RunCommand) -> None:
        self.sent.append(command)
        run = next((run for run in self.runs if run.name == command.run), None)
        if run is None:  # a recorded run, or one of another process; the real engine does nothing either
            return
        match command:
            case Pause():
                run.pause(command.reason)
            case Resume():
                run.resume(command.reason)
            case Stop():
                run.end(Status.STOPPED)
            case SetLearningRate():
                run.intervene("lr", value=command.value)
            case Freeze():
                run.intervene("freeze", layer=command.layer)
            case Unfreeze():
                run.intervene("unfreeze", layer=command.layer)
            case SetEpochs():
                run.intervene("epochs", value=command.value)
            case Inspect():
                self.inspection = LayerView(
                    run=run.name,
                    layer=command.layer,
                    step=run.step,
                    weights=bell(0.05),
                    gradients=bell(2e-7),
                    activations=bell(0.066, 0.5),
                    images=512,
                )
                self.sequence += 1
            case NextStage():
                run.intervene("next_stage")
                run.begin_stage()

    def be_ready(self) -> None:
        """Report that torch and the data are loaded."""
        self.activity, self.device, self.data = "", "cpu", "Fashion-MNIST 60 000/10 000"
        self.sequence += 1

    def work_on(self, activity: str) -> None:
        self.activity = activity
        self.sequence += 1

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.sequence += 1

    def snapshot(self) -> EngineSnapshot:
        return EngineSnapshot(
            sequence=self.sequence,
            runs=tuple(view.snapshot() for view in (*self.recorded, *(run.view for run in self.runs))),
            activity=self.activity,
            device=self.device,
            data=self.data,
            notices=tuple(self.notices),
            owners=self.owners,
            unsaved=dict(self.unsaved),
            inspection=self.inspection,
            followed=frozenset({*self.followed_only, *filter(is_recorded, self.followed)}),
        )

    def close(self) -> None:
        self.closed = True


def bell(deviation: float, mean: float = 0.0) -> Histogram:
    """A normal distribution of 100 000 values, cut at four deviations on both sides."""
    places = [-4 + 8 * (bin + 0.5) / BINS for bin in range(BINS)]
    weights = [math.exp(-place * place / 2) for place in places]
    counts = tuple(round(100_000 * weight / sum(weights)) for weight in weights)
    return Histogram(mean - 4 * deviation, mean + 4 * deviation, counts, mean, deviation, 0, 0)


def vanishing_profile(names: Sequence[str]) -> list[LayerSample]:
    """`depth-7` at its first step: the gradient grows by a factor of 7.2 per layer."""
    depth = len(names) - 1
    return [
        LayerSample(
            name=name,
            grad_norm=0.43 if name == "output" else 1.4e-2 * 7.2 ** (place - depth + 1),
            delta_norm=0.04 * 7.2 ** (place - depth),
            update_ratio=2.8e-3 if name == "output" else 1e-4 * 7.2 ** (place - depth + 1),
            unmoved=0.0 if place > 2 else 0.9,
            weight_norm=6.4,
            activation_mean=0.5,
            activation_std=0.066,
            sample_std=0.091 * 0.2**place,
            saturated=None if name == "output" else 0.0,
        )
        for place, name in enumerate(names)
    ]


def exploding_profile(names: Sequence[str]) -> list[LayerSample]:
    """`linear-exploding` at its first step."""
    return [
        LayerSample(
            name=name,
            grad_norm=4e7,
            delta_norm=4.0 * 10.0 ** (len(names) - place),
            update_ratio=3.2e3,
            unmoved=0.0,
            weight_norm=113.0,
            activation_mean=0.0,
            activation_std=10.0 ** (place + 1),
            sample_std=10.0 ** (place + 1),
        )
        for place, name in enumerate(names)
    ]
