"""What a finished run of a sweep keeps: a short log that readers take for a whole one, no checkpoint."""

import queue
from pathlib import Path

import pytest

from engine.protocol.commands import Forget
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.checkpoint import CHECKPOINT
from engine.storage.follower import Follower
from engine.storage.run_index import read_entry
from engine.storage.run_log import read_events
from engine.sweeps.thinning import FIRST, SPREAD, kept, thin
from tests.engine.lab import DEADLINE, Listener, make_scenario, of_kind, write_data
from vanish_recorder.protocol.events import RunFinished, Sample
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import RunLock


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of 750 steps, which is saved and forgotten."""
    listener, answers = Listener(), queue.SimpleQueue[str]()
    engine = Engine(
        Settings(device="cpu", data=write_data(tmp_path / "data"), runs_dir=tmp_path / "runs"), listener
    )
    engine.start()
    try:
        name = engine.train(make_scenario({"training.epochs": 250}), 1)
        listener.wait_for(RunFinished)
        engine.send(Forget(name, answers.put))
        assert answers.get(timeout=DEADLINE) == ""
    finally:
        engine.close()
    assert all(seen.run != name for seen in engine.snapshot().runs)
    return tmp_path / "runs" / name


def test_a_run_that_trains_is_not_forgotten(tmp_path: Path) -> None:
    listener, answers = Listener(), queue.SimpleQueue[str]()
    engine = Engine(
        Settings(device="cpu", data=write_data(tmp_path / "data"), runs_dir=tmp_path / "runs"), listener
    )
    engine.start()
    try:
        name = engine.train(make_scenario({"training.epochs": 1_000_000}), 1)
        listener.wait_for(Sample)
        engine.send(Forget(name, answers.put))
        count = len(of_kind(listener.events, Sample))
        listener.wait_for(Sample, count + 2)
        assert [seen.run for seen in engine.snapshot().runs] == [name]
        assert answers.empty()
    finally:
        engine.close()


def test_the_log_gets_short_and_stays_whole(run: Path) -> None:
    before, whole = read_events(run / EVENTS), Follower(run)
    whole.poll()
    assert (run / CHECKPOINT).exists()
    thin(run)
    after = read_events(run / EVENTS)
    assert not (run / CHECKPOINT).exists()
    entry = read_entry(run)
    assert (entry.state, entry.problem) == ("ended", "")
    samples = of_kind(after, Sample)
    assert len(samples) <= FIRST + SPREAD + 2 < len(of_kind(before, Sample))
    assert [each for each in after if not isinstance(each, Sample)] == [
        each for each in before if not isinstance(each, Sample)
    ]
    assert [each.step for each in samples[:FIRST]] == list(range(1, FIRST + 1))
    assert samples[-1] == of_kind(before, Sample)[-1]
    follower = Follower(run)
    follower.poll()
    short, long = follower.snapshot(), whole.snapshot()
    assert (short.status, short.step, short.last_epoch) == (long.status, long.step, long.last_epoch)
    assert not follower.damage


def test_a_run_that_is_in_use_stays_as_it_is(run: Path) -> None:
    content = (run / EVENTS).read_bytes()
    lock = RunLock(run)
    thin(run)
    lock.release()
    assert (run / EVENTS).read_bytes() == content
    assert (run / CHECKPOINT).exists()


def test_a_folder_without_a_log_is_no_error(tmp_path: Path) -> None:
    thin(tmp_path)
    thin(tmp_path / "missing")


def test_each_stage_keeps_its_first_samples() -> None:
    stage, sample = b'{"event":"stage_started"}\n', b'{"event":"sample"}\n'
    lines = [stage, *[sample] * 1000, stage, *[sample] * 1000]
    short = list(kept(lines))
    second = len(short) - 1 - short[::-1].index(stage)
    assert short[1 : FIRST + 1] == [sample] * FIRST
    assert short[second + 1 : second + 1 + FIRST] == [sample] * FIRST
    assert len(short) <= 2 * FIRST + SPREAD + 4
