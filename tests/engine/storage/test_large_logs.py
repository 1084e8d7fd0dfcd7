"""A log of any size is read in bounded memory, and each of its lines once."""

import gc
import io
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from engine.attach.peers import Peers
from engine.protocol.spec import RunSpec
from engine.runtime.saved import read_saved
from engine.storage.follower import Follower
from engine.storage.log_reader import LogReader, iterate_events
from engine.storage.run_log import RunLog
from engine.tracking.snapshot import RunView
from tests.engine.lab import begin, make_scenario, of_kind, origin, random_data, train
from tui_vanish.cli.main import main
from vanish_recorder.protocol.events import (
    EpochFinished,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
)
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import EVENTS


def long_run(epochs: int) -> Iterator[RunEvent]:
    """A run of many epochs, each with one sample."""
    scenario = make_scenario({"training.epochs": epochs})
    trainer, events = begin(make_scenario({"training.epochs": 1}), random_data())
    train(trainer)
    yield replace(of_kind(events, RunStarted)[0], scenario=scenario.resolved())
    yield of_kind(events, StageStarted)[0]
    sample, end = of_kind(events, Sample)[0], of_kind(events, EpochFinished)[0]
    for epoch in range(1, epochs + 1):
        yield replace(sample, step=3 * epoch - 1, epoch=epoch, time=epoch - 0.5)
        yield replace(end, step=3 * epoch, epoch=epoch, time=float(epoch))
    last = of_kind(events, RunFinished)[0]
    yield replace(last, step=3 * epochs, epoch=epochs, time=float(epochs))


def write(folder: Path, epochs: int) -> Path:
    log = RunLog(folder, make_scenario({"training.epochs": epochs}).resolved(), 1, origin())
    for event in long_run(epochs):
        log.keep(event)
    log.close()
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a log of more than 5 MB."""
    folder = write(tmp_path_factory.mktemp("runs") / "large", 3000)
    assert (folder / EVENTS).stat().st_size > 5e6
    return folder


def peak(action: Callable[[], object]) -> int:
    """How many bytes an action needs at most, after everything that it imports is loaded."""
    action()
    gc.collect()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _iterate(run: Path) -> None:
    assert sum(1 for _ in iterate_events(run / EVENTS, LogReader())) == 6003


def _follow(run: Path) -> None:
    follower = Follower(run)
    follower.poll()
    assert follower.snapshot().status is Status.FINISHED


def _export(run: Path) -> None:
    class Nowhere(io.TextIOBase):
        def write(self, text: str) -> int:
            return len(text)

    with redirect_stdout(Nowhere()):
        assert main(["export", str(run), "--csv"]) == 0


def _tensorboard(run: Path) -> None:
    folder = run.parent / "boards"
    while folder.exists():
        folder = folder.with_name(folder.name + "s")
    assert main(["export", str(run), "--tensorboard", str(folder)]) == 0


def _resume(run: Path) -> None:
    saved = read_saved(run)
    try:
        assert sum(1 for _ in replace(saved, log_bytes=2**40).events()) == 6003
    finally:
        saved.lock.release()


@pytest.mark.parametrize("read", [_iterate, _follow, _export, _tensorboard, _resume])
def test_a_log_is_read_in_less_memory_than_it_has(
    read: Callable[[Path], None], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A follower keeps the charts, whose size has a limit, and a few numbers per epoch.
    assert peak(lambda: read(run)) < (run / EVENTS).stat().st_size / 2


def test_the_results_of_a_run_are_not_copied_at_each_epoch() -> None:
    view = RunView("run", RunSpec.of(make_scenario().resolved()), 1)
    events = list(long_run(40))
    for event in events[:-20]:
        view.apply(event)
    first = view.snapshot().results[0]
    holders = {id(each) for each in gc.get_referrers(first) if isinstance(each, list | tuple)}
    assert holders
    for event in events[-20:]:
        view.apply(event)
    assert holders & {id(each) for each in gc.get_referrers(first) if isinstance(each, list | tuple)}


def test_a_large_log_is_read_in_parts_and_shown_when_all_of_it_was_read(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.attach.peers._MOST_READ", 2**19)
    peers = Peers(run.parent, find_live=False)
    seen = peers.look([run.name])
    said = []
    while seen.reading:
        assert seen.runs == ()
        said.append(seen.reading)
        seen = peers.look()
    assert len(said) == (run / EVENTS).stat().st_size // 2**19
    assert said[0].startswith("reading small, ")
    percent = [int(text.split()[-2]) for text in said]
    assert percent == sorted(set(percent))
    (snapshot,) = seen.runs
    assert (snapshot.status, len(snapshot.results)) == (Status.FINISHED, 3000)


def test_following_in_parts_shows_the_same_as_in_one_go(run: Path) -> None:
    whole, parts = Follower(run), Follower(run)
    whole.poll()
    while parts.poll(100_000) and parts.is_behind:
        assert 0 < parts.part_read < 1
    assert parts.part_read == 1
    assert parts.snapshot() == whole.snapshot()
