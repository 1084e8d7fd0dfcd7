"""One engine for several devices: its processes here train on the CPU, which gives the bits of one engine."""

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.attach.peers import Peers
from engine.attach.shared_engine import SharedEngine
from engine.attach.spread_engine import SpreadEngine
from engine.protocol.commands import Forget, Inspect, Pause, Resume, ResumeRun, SetLearningRate, Stop
from engine.runtime.engine import Engine
from engine.runtime.lockstep import AHEAD
from engine.runtime.state import EngineSnapshot, Settings
from engine.storage.run_index import list_runs
from scenarios.schema import Scenario
from tests.engine.lab import DEADLINE, make_scenario, write_data
from tui_vanish.jobs import children
from vanish_recorder.protocol.events import RunEvent, RunFinished, Sample
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import owner_of

DEVICES = ("cpu", "cpu")
LONG = {"training.epochs": 100_000}


class Heard:
    """Collects events, and lets a test wait."""

    def __init__(self) -> None:
        self.events: list[RunEvent] = []
        self._news = threading.Condition()

    def __call__(self, event: RunEvent) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait(self, until: Callable[[], Any]) -> None:
        with self._news:
            assert self._news.wait_for(until, DEADLINE)

    def ends(self) -> dict[str, RunFinished]:
        return {event.run: event for event in list(self.events) if isinstance(event, RunFinished)}

    def steps(self, run: str) -> int:
        return max((event.step for event in list(self.events) if event.run == run), default=0)

    def losses(self, run: str) -> list[tuple[int, float]]:
        return [
            (each.step, each.loss) for each in self.events if isinstance(each, Sample) and each.run == run
        ]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("spread")
    return Settings(device="cpu", data=write_data(folder / "data", 320), runs_dir=folder / "runs")


@pytest.fixture(scope="module")
def module_heard() -> Heard:
    return Heard()


@pytest.fixture(scope="module")
def spread(settings: Settings, module_heard: Heard) -> Iterator[SpreadEngine]:
    """Two processes; they are started once, because each imports PyTorch."""
    engine = SpreadEngine(settings, DEVICES, children.start, module_heard)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def heard(module_heard: Heard) -> Heard:
    module_heard.events.clear()
    return module_heard


def seen(engine: SpreadEngine, run: str) -> Any:
    return next(each for each in engine.snapshot().runs if each.run == run)


def train_all(engine: Any, heard: Heard, scenarios: list[Scenario]) -> list[str]:
    names = [engine.train(scenario, seed=3) for scenario in scenarios]
    heard.wait(lambda: set(names) <= heard.ends().keys())
    return names


def test_the_bits_and_snapshots_are_those_of_one_engine(
    spread: SpreadEngine, heard: Heard, settings: Settings, tmp_path: Path
) -> None:
    scenarios = [make_scenario({"id": f"s{lr}", "optimizer.lr": lr / 10}) for lr in range(1, 5)]
    names = train_all(spread, heard, scenarios)
    alone = Heard()
    engine = Engine(replace(settings, runs_dir=tmp_path), alone)
    engine.start()
    others = train_all(engine, alone, scenarios)
    engine.close()
    for name, other in zip(names, others, strict=True):
        assert heard.losses(name) == alone.losses(other)
        assert heard.ends()[name].weights_sha256 == alone.ends()[other].weights_sha256
    snapshot = spread.snapshot()
    assert [run.run for run in snapshot.runs[-4:]] == names, "in the order in which they were started"
    for here, there in zip(snapshot.runs[-4:], engine.snapshot().runs, strict=True):
        assert (here.step, here.loss, here.lr, here.status) == (
            there.step,
            there.loss,
            there.lr,
            there.status,
        )
        assert here.best_test_accuracy == there.best_test_accuracy
    assert (snapshot.device, snapshot.data) == ("cpu", engine.snapshot().data)
    owners = {spread._where[name] for name in names}
    assert len(owners) == 2, "two runs on each device"
    assert spread.snapshot() is snapshot, "nothing has changed"


def test_runs_of_two_processes_advance_in_lockstep_and_take_commands(
    spread: SpreadEngine, heard: Heard
) -> None:
    first, second = (spread.train(make_scenario(LONG), seed) for seed in (1, 2))
    heard.wait(lambda: min(heard.steps(first), heard.steps(second)) > 200)
    apart = []
    latest = {first: 0, second: 0}
    for event in list(heard.events):
        latest[event.run] = event.step
        apart.append(abs(latest[first] - latest[second]))
    # A process may be ahead by the window, and what it reports is a sample of every tenth step.
    assert max(apart) <= 3 * AHEAD
    assert not any(spread._rounds[0]._expected), "both have joined"

    spread.send(SetLearningRate(second, 0.25))
    spread.send(Pause(first))
    heard.wait(lambda: seen(spread, first).status is Status.PAUSED and seen(spread, second).lr == 0.25)
    at = heard.steps(second)
    heard.wait(lambda: heard.steps(second) > at + 3 * AHEAD)  # a paused run holds none up
    spread.send(Inspect(first, "layer1"))
    spread.send(Resume(first))
    heard.wait(lambda: seen(spread, first).status is Status.RUNNING and spread.snapshot().inspection)
    inspection = spread.snapshot().inspection
    assert inspection is not None
    assert (inspection.run, inspection.layer) == (first, "layer1")

    for run in (first, second):
        spread.send(Stop(run))
    heard.wait(lambda: {first, second} <= heard.ends().keys())
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()
    spread.send(Forget(first, answers.put))
    assert answers.get(timeout=DEADLINE) == ""
    assert first not in {run.run for run in spread.snapshot().runs}
    spread.send(ResumeRun(second))
    at = heard.steps(second)
    heard.wait(lambda: heard.steps(second) > at)
    spread.send(Stop(second))
    heard.wait(lambda: seen(spread, second).status.ended)


def test_a_process_that_dies_ends_its_own_runs_and_is_replaced(spread: SpreadEngine, heard: Heard) -> None:
    first, second = (spread.train(make_scenario(LONG), seed) for seed in (1, 2))
    heard.wait(lambda: min(heard.steps(first), heard.steps(second)) > 20)
    folder = spread.runs_folder / first
    owner = owner_of(folder)
    assert owner is not None
    assert owner.pid != os.getpid()
    os.kill(owner.pid, signal.SIGKILL)
    heard.wait(lambda: first in heard.ends())
    end = heard.ends()[first]
    assert end.status is Status.FAILED
    assert (
        end.error
        == "the process that trained on cpu was ended by signal 9: resume the run from its last save"
    )
    assert any(notice.run == first and notice.severity == "error" for notice in spread.snapshot().notices)
    at = heard.steps(second)
    heard.wait(lambda: heard.steps(second) > at + 50)  # it does not wait for the other
    assert second not in heard.ends()

    spread.send(ResumeRun(first))
    heard.wait(lambda: seen(spread, first).status is Status.RUNNING)
    later = owner_of(folder)
    assert later is not None
    assert later.pid != owner.pid
    for run in (first, second):
        spread.send(Stop(run))
    heard.wait(lambda: seen(spread, first).status.ended and seen(spread, second).status.ended)


def test_a_folder_that_is_no_run_fails_alone(spread: SpreadEngine, heard: Heard) -> None:
    spread.send(ResumeRun("no-such-run"))
    heard.wait(lambda: "no-such-run" in heard.ends())
    assert "no-such-run cannot be resumed" in str(heard.ends()["no-such-run"].error)
    assert "no-such-run" not in {run.run for run in spread.snapshot().runs}


def test_the_processes_of_an_app_are_no_others(spread: SpreadEngine, heard: Heard) -> None:
    run = spread.train(make_scenario(LONG), 1)
    heard.wait(lambda: heard.steps(run) > 10)
    shared = SharedEngine(spread, peers=Peers(spread.runs_folder))  # which reads it as if it were another's
    shared.follow(run)
    shared.look()
    snapshot = shared.snapshot()
    assert run not in snapshot.owners
    assert [each.run for each in snapshot.runs].count(run) == 1
    shared.send(Pause(run))
    heard.wait(lambda: seen(spread, run).status is Status.PAUSED)
    assert shared.take_over(run) == f"no other process trains {run}"
    own = SharedEngine(spread)
    own.snapshot()
    own.look()
    assert own._seen.owners == {}
    spread.send(Stop(run))
    heard.wait(lambda: run in heard.ends())


def test_closing_saves_every_run_and_ends_the_processes(settings: Settings, tmp_path: Path) -> None:
    heard = Heard()
    engine = SpreadEngine(replace(settings, runs_dir=tmp_path), ("cpu",), children.start, heard)
    run = engine.train(make_scenario(LONG), 1)
    heard.wait(lambda: heard.steps(run) > 10)
    owner = owner_of(tmp_path / run)
    engine.close()
    engine.close()
    assert heard.ends()[run].status is Status.STOPPED
    (entry,) = list_runs(tmp_path)
    assert (entry.name, entry.owner) == (run, None)
    assert owner is not None
    assert not owner.is_alive


def test_before_the_first_run_there_is_no_process() -> None:
    def start(*_: object, **__: object) -> Any:
        raise AssertionError("no run needs a process")

    engine = SpreadEngine(Settings(device="cpu"), DEVICES, start)
    engine.start()
    assert engine.snapshot() == EngineSnapshot()
    assert not engine.importing
    engine.send(Pause("unknown"))
    engine.close()
