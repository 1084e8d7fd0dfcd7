"""Runs of other processes next to the app's own: they are found, followed, watched and taken over."""

import json
import signal
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from engine.attach.peers import Peers
from engine.attach.seen import News, Seen
from engine.attach.shared_engine import NoEngine, SharedEngine
from engine.protocol.commands import ResumeRun, RunCommand, Stop
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.run_log import RunLog
from tests.engine.lab import Listener, begin, make_scenario, origin, random_data, train, write_data
from tests.engine.owner_process import OwnerProcess
from tui_vanish.chrome.title_bar import title_of
from vanish_recorder.protocol.codec import to_line
from vanish_recorder.protocol.events import RunFinished, RunStarted
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import LOCK, Owner, owner_of


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that would have been sent."""
    sent: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda process, number: sent.append(number))
    return sent


def make_run(runs: Path, name: str, *, owner: OwnerProcess | Owner | None = None) -> Path:
    """Create the directory of a run during training, with an owner."""
    log = RunLog(runs / name, make_scenario().resolved(), 1, origin())
    trainer, events = begin(make_scenario(), random_data())
    train(trainer, 6)
    for event in events:
        log.write(replace(event, run=name))
    log.close()
    if isinstance(owner, OwnerProcess):
        owner.hold(runs / name)
    elif owner is not None:
        (runs / name / LOCK).write_text(json.dumps(asdict(owner)) + "\n")
    return runs / name


@pytest.fixture
def watching(tmp_path: Path) -> SharedEngine:
    """The engine behind `vanish-tui watch`."""
    return SharedEngine(NoEngine(tmp_path), find_live=False)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedEngine]:
    """The engine behind the app, not started."""
    engine = Engine(Settings(runs_dir=tmp_path))
    yield SharedEngine(engine)
    engine.close()


def notices(engine: SharedEngine) -> list[str]:
    return [notice.text for notice in engine.snapshot().notices]


def test_a_live_run_is_found_and_shown_with_its_owner(
    shared: SharedEngine, tmp_path: Path, neighbour: OwnerProcess
) -> None:
    make_run(tmp_path, "live", owner=neighbour)
    make_run(tmp_path, "left")
    shared.look()
    (seen,) = shared.snapshot().runs
    assert (seen.run, seen.step) == ("live", 6)
    assert shared.snapshot().owners == {"live": owner_of(tmp_path / "live")}
    title = title_of(shared.snapshot(), "here", 1)
    assert (title.others, title.statuses) == (1, ())  # counted once


def test_a_run_that_another_process_has_just_resumed_is_shown_from_its_log(
    tmp_path: Path, neighbour: OwnerProcess
) -> None:
    folder, listener = make_run(tmp_path, "contested"), Listener()
    other = neighbour.hold(folder)  # like the process that continues runs after a hangup
    settings = Settings(data=write_data(tmp_path / "data"), runs_dir=tmp_path)
    engine = Engine(settings, on_event=listener)
    shared = SharedEngine(engine, find_live=False)
    engine.start()
    shared.send(ResumeRun("contested"))
    assert listener.wait_for(RunFinished).status is Status.FAILED
    engine.close()
    shared.snapshot()
    shared.look()
    (seen,) = shared.snapshot().runs
    assert (seen.run, seen.status, seen.step) == ("contested", Status.FINISHED, 6)
    assert shared.snapshot().owners == {"contested": other}


def test_a_watch_never_ends_the_training_of_others(
    watching: SharedEngine, tmp_path: Path, neighbour: OwnerProcess, killed: list[int]
) -> None:
    make_run(tmp_path, "live", owner=neighbour)
    watching.follow("live")
    watching.look()
    assert "watch only shows runs" in watching.take_over("live")
    watching.send(Stop("live"))
    assert notices(watching) == ["watch only shows runs. Open vanish-tui to change them."]
    assert killed == []


def test_taking_over_one_run_takes_all_of_its_process(
    shared: SharedEngine, tmp_path: Path, neighbour: OwnerProcess, killed: list[int]
) -> None:
    for name in ("first", "second"):
        make_run(tmp_path, name, owner=neighbour)
    make_run(tmp_path, "somebody-else-s", owner=replace(Owner.present(), host="gpu-box-9"))
    assert shared.take_over("second") == ""  # also before the first look
    assert killed == [signal.SIGTERM]
    assert shared.pending_takeovers == ["first", "second"]


class FakePeers:
    """Reports what a test prepares."""

    pending_takeovers = ("first",)

    def __init__(self) -> None:
        self.wanted: list[str] = []
        self.to_release, self.to_report = ["first"], [News("second", "error", "second: no run")]

    def look(self, wanted: Sequence[str]) -> Seen:
        self.wanted.extend(wanted)
        return Seen()

    def released(self) -> list[str]:
        released, self.to_release = self.to_release, []
        return released

    def news(self) -> list[News]:
        news, self.to_report = self.to_report, []
        return news

    def take_over(self, run: str) -> str:
        return f"no other process trains {run}"


class RecordingEngine(Engine):
    """Records the commands that it is sent."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent: list[RunCommand] = []

    def send(self, command: RunCommand) -> None:
        self.sent.append(command)


def test_news_of_peers_reaches_the_engine_and_the_notices_once(tmp_path: Path) -> None:
    engine, peers = RecordingEngine(Settings(runs_dir=tmp_path)), FakePeers()
    shared = SharedEngine(engine, peers=peers)
    assert shared.pending_takeovers == ["first"]
    shared.follow("second")
    for _ in range(2):
        shared.look()
    assert peers.wanted == ["second"]
    assert engine.sent == [ResumeRun("first")]
    assert notices(shared) == ["second: no run"]
    assert shared.take_over("first") == "no other process trains first"


def test_a_process_is_asked_to_end_once(
    shared: SharedEngine, tmp_path: Path, neighbour: OwnerProcess, killed: list[int]
) -> None:
    for name in ("first", "second"):
        make_run(tmp_path, name, owner=neighbour)
    assert [shared.take_over(name) for name in ("first", "second")] == ["", ""]
    assert killed == [signal.SIGTERM]


def test_the_latest_state_is_shown_after_any_number_of_looks(tmp_path: Path, neighbour: OwnerProcess) -> None:
    peers = Peers(tmp_path, find_live=False)
    shared = SharedEngine(NoEngine(tmp_path), peers=peers)
    folder = make_run(tmp_path, "live", owner=neighbour)
    log = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    (folder / EVENTS).write_bytes(b"".join(log[:3]))
    shared.follow("live")
    shared.look()
    shared.snapshot()
    for size in range(4, len(log) + 1):
        with (folder / EVENTS).open("ab") as file:
            file.write(log[size - 1])
        shared.look()
        if size % 2:  # two looks between two snapshots, so that what was shown is gone from memory
            assert shared.snapshot().runs == peers.look().runs


def test_a_process_on_another_host_or_this_one_is_not_asked_to_end(
    shared: SharedEngine, tmp_path: Path, killed: list[int]
) -> None:
    make_run(tmp_path, "far", owner=replace(Owner.present(), host="gpu-box-9"))
    make_run(tmp_path, "ours", owner=Owner.present())
    make_run(tmp_path, "left")
    assert shared.take_over("far").endswith("on gpu-box-9: it can only be watched from here")
    assert shared.take_over("ours") == "no other process trains ours"
    assert shared.take_over("left") == "no other process trains left"
    assert killed == []


def test_a_run_that_cannot_be_shown_is_reported_once_and_the_others_are_followed(
    watching: SharedEngine, tmp_path: Path
) -> None:
    make_run(tmp_path, "good")
    odd = make_run(tmp_path, "odd")
    record = json.loads((odd / DESCRIPTION).read_text())
    record["scenario"]["model"]["activation"] = "of a newer version"
    (odd / DESCRIPTION).write_text(json.dumps(record))
    broken = make_run(tmp_path, "broken")
    started, *_ = begin(make_scenario(), random_data())[1]
    assert isinstance(started, RunStarted)
    lines = (broken / EVENTS).read_bytes().splitlines(keepends=True)
    lines[0] = to_line(replace(started, scenario={"id": "nothing else"})).encode() + b"\n"
    (broken / EVENTS).write_bytes(b"".join(lines))
    for run in ("odd", "broken", "missing", "good"):
        watching.follow(run)
    watching.look()
    for _ in range(3):
        watching.follow("odd")
        watching.look()
    assert [run.run for run in watching.snapshot().runs] == ["good"]
    reported = notices(watching)
    assert reported[0] == "odd: its scenario is not valid in this version"
    assert reported[1] == "missing: not a run: run.json is missing"
    assert reported[2] == "broken: its log is damaged (the description has no training.loss)"
    assert len(reported) == 3


def test_a_log_that_cannot_be_read_for_a_while_is_reported_once_and_followed_again(
    watching: SharedEngine, tmp_path: Path
) -> None:
    log = make_run(tmp_path, "run") / EVENTS
    watching.follow("run")
    watching.look()
    log.rename(log.with_suffix(".away"))
    log.mkdir()
    for _ in range(3):
        watching.look()
    assert notices(watching) == ["run cannot be read: Is a directory"]
    assert [run.run for run in watching.snapshot().runs] == ["run"]
    log.rmdir()
    log.with_suffix(".away").rename(log)
    watching.look()
    assert len(notices(watching)) == 1
