"""What happens to the runs of a device that breaks. Its process is made up, and says what a GPU would."""

from typing import Any

import pytest

from engine.attach import spread_engine
from engine.attach.device_host import DeviceHost
from engine.attach.messages import EventSent, StateSent, ViewSent
from engine.attach.spread_engine import SpreadEngine
from engine.protocol.commands import Pause, Train
from engine.protocol.spec import RunSpec
from engine.runtime.endings import failure, reason_of
from engine.runtime.state import Notice, Settings
from engine.tracking.snapshot import RunView
from tests.engine.lab import make_scenario
from vanish_recorder.protocol.status import Status

ECC = "CUDA error: uncorrectable ECC error encountered"
NO_MEMORY = "CUDA out of memory. Tried to allocate 2.00 GiB."


class MadeUpHost:
    """A process that begins each run at once."""

    made: "list[MadeUpHost]"

    def __init__(self, device: str, begin: Any, start: Any, on_message: Any, on_death: Any) -> None:
        self.device, self.on_message, self.on_death = device, on_message, on_death
        self.settings = begin.settings
        self.commands: list[Any] = []
        self.closed = False
        self.views: dict[str, RunView] = {}
        self.made.append(self)
        self.say(device)

    def say(self, device: str, *notices: Notice) -> None:
        state = StateSent(
            activity="",
            device=device,
            data="noise",
            importing=False,
            notices=notices,
            inspection=None,
            unsaved={},
        )
        self.on_message(state)

    def send(self, command: Any) -> None:
        self.commands.append(command)
        if isinstance(command, Train):
            view = RunView(command.run, RunSpec.of(command.scenario.resolved()), command.seed)
            self.views[command.run] = view
            self.on_message(ViewSent(command.run, view.copy()))

    def fail(self, run: str, error: str) -> None:
        self.on_message(EventSent(failure(self.views[run].snapshot(), reason_of(RuntimeError(error)))))

    def close(self) -> None:
        self.closed = True

    def join(self) -> None:
        pass


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> list[MadeUpHost]:
    MadeUpHost.made = []
    monkeypatch.setattr(spread_engine, "DeviceHost", MadeUpHost)
    return MadeUpHost.made


@pytest.fixture
def engine(hosts: list[MadeUpHost]) -> SpreadEngine:
    return SpreadEngine(Settings(), ("cuda:0", "cuda:1"), lambda: None)  # type: ignore[arg-type, return-value]


def status(engine: SpreadEngine, run: str) -> Status:
    return next(each.status for each in engine.snapshot().runs if each.run == run)


def begin(engine: SpreadEngine, runs: int) -> list[str]:
    return [engine.train(make_scenario(), 1) for _ in range(runs)]


def test_runs_go_to_the_device_with_the_fewest(engine: SpreadEngine, hosts: list[MadeUpHost]) -> None:
    first, second, third = begin(engine, 3)
    assert [host.device for host in hosts] == ["cuda:0", "cuda:1"]
    assert [list(host.views) for host in hosts] == [[first, third], [second]]
    assert engine.snapshot().device == "cuda:0, cuda:1"
    assert {host.settings.device for host in hosts} == {"cuda:0", "cuda:1"}
    hosts[0].fail(first, NO_MEMORY)
    hosts[0].fail(third, NO_MEMORY)
    (fourth,) = begin(engine, 1)
    assert fourth in hosts[0].views


def test_too_little_memory_ends_one_run_and_leaves_the_process(
    engine: SpreadEngine, hosts: list[MadeUpHost]
) -> None:
    first, second = begin(engine, 2)
    hosts[0].fail(first, NO_MEMORY)
    assert (status(engine, first), status(engine, second)) == (Status.FAILED, Status.LOADING)
    assert not hosts[0].closed


def test_a_process_that_cannot_use_its_gpu_any_more_is_replaced_when_all_its_runs_have_failed(
    engine: SpreadEngine, hosts: list[MadeUpHost]
) -> None:
    first, second, third = begin(engine, 3)
    hosts[0].fail(first, ECC)
    assert not hosts[0].closed
    hosts[0].fail(third, ECC)
    assert hosts[0].closed
    assert status(engine, second) is Status.LOADING
    hosts[0].say("", Notice(1, first, "warning", "the last words"))
    assert engine.snapshot().notices[-1].text == "the last words"
    assert engine.snapshot().device == "cuda:1"
    # The other device is taken first; the one that broke gets a new process only when it is named.
    assert {run in hosts[1].views for run in begin(engine, 2)} == {True}
    engine._host(engine._places[0])
    assert hosts[2].device == "cuda:0"


def test_a_device_that_falls_off_the_bus_ends_its_runs_alone(
    engine: SpreadEngine, hosts: list[MadeUpHost]
) -> None:
    first, second = begin(engine, 2)
    hosts[0].on_death("the machine has lost the GPU")
    hosts[0].on_death("it is told once")
    assert (status(engine, first), status(engine, second)) == (Status.FAILED, Status.LOADING)
    (notice,) = engine.snapshot().notices
    assert (notice.run, notice.severity, notice.text) == (
        first,
        "error",
        "small failed: the machine has lost the GPU",
    )
    engine.send(Pause(first))  # changes nothing
    assert not any(isinstance(command, Pause) for host in hosts for command in host.commands)


@pytest.mark.parametrize(
    ("code", "errors", "reason"),
    [
        (-9, b"", "the process that trained on cuda:1 was ended by signal 9: resume the run"),
        (1, b"Traceback\nValueError: no", "the process that trained on cuda:1 ended with code 1: resume"),
        (1, b"x" * 9000 + b"\nRuntimeError: CUDA error: GPU has fallen off the bus", "the machine has lost"),
    ],
)
def test_the_reason_of_a_death_is_one_sentence(code: int, errors: bytes, reason: str) -> None:
    import tempfile

    host = DeviceHost.__new__(DeviceHost)
    with tempfile.TemporaryFile() as file:
        file.write(errors)
        host._device, host._errors = "cuda:1", file
        assert host._reason(code).startswith(reason)
