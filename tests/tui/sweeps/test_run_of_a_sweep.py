"""A run that belongs to a sweep: what is read from its log, and that only the sweep trains it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.attach.shared_engine import SharedEngine
from engine.protocol.commands import ResumeRun, RunCommand
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.run_log import read_events
from engine.sweeps.folder import Means, SweepFolder
from scenarios.grid import parse_axis
from scenarios.sweep import sweep_of
from tests.engine.lab import Listener, make_scenario, of_kind
from tests.engine.owner_process import OwnerProcess
from tests.tui.test_shared_engine import make_run
from tui_vanish.map.reading import LEARNT, Facts, facts_of
from vanish_recorder.protocol.events import EpochFinished, RunFinished, Sample
from vanish_recorder.storage.log_file import EVENTS


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    made = sweep_of("try", make_scenario(), [parse_axis("optimizer.lr=0.1,1")])
    return SweepFolder.create(tmp_path / "20260101-000000-try-abcd", made, Means())


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedEngine]:
    """The engine behind the app, not started."""
    engine = Engine(Settings(runs_dir=tmp_path))
    yield SharedEngine(engine)
    engine.close()


def test_it_is_not_taken_over_from_the_sweep(
    shared: SharedEngine, sweep: SweepFolder, neighbour: OwnerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda process, number: sent.append(number))
    run = sweep.run_of(sweep.sweep.cells()[0])
    make_run(sweep.path, run, owner=neighbour)
    assert shared.take_over(run) == f"{run} belongs to a sweep, which trains it: it is only shown here"
    assert sent == []
    assert shared.pending_takeovers == []


def test_it_is_not_resumed_alone(
    shared: SharedEngine, sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[RunCommand] = []
    monkeypatch.setattr(shared._engine, "send", sent.append)
    run = sweep.run_of(sweep.sweep.cells()[1])
    make_run(sweep.path, run)
    shared.send(ResumeRun(run))
    assert sent == []
    (notice,) = shared.snapshot().notices
    assert (notice.severity, notice.run) == ("warning", run)
    assert notice.text == f"{run} belongs to a sweep: continue that, on its map."


def test_what_the_map_reads_is_in_the_log(tmp_path: Path) -> None:
    """Trained on real images, so that it learns."""
    listener = Listener()
    engine = Engine(Settings(data=Path("sample"), runs_dir=tmp_path), on_event=listener)
    engine.start()
    changes = {"model.activation": "relu", "model.init": {"scheme": "he"}, "data.batch_size": 512}
    run = engine.train(make_scenario(changes), 1)
    listener.wait_for(RunFinished)
    engine.close()
    events = list(read_events(tmp_path / run / EVENTS))
    accuracies = {each.epoch: each.test_accuracy for each in of_kind(events, EpochFinished)}
    first, last = of_kind(events, Sample)[0].layers[0], of_kind(events, Sample)[0].layers[2]
    assert first.delta_norm is not None
    assert last.delta_norm is not None
    found = facts_of(tmp_path / run)
    assert found.factor == pytest.approx((last.delta_norm / first.delta_norm) ** (1 / 2), rel=1e-6)
    assert found.learnt == min(epoch for epoch, accuracy in accuracies.items() if accuracy >= LEARNT)


def test_a_log_with_nothing_in_it_yet_has_no_facts(sweep: SweepFolder) -> None:
    run = make_run(sweep.path, sweep.run_of(sweep.sweep.cells()[0]))
    log = run / EVENTS
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    assert facts_of(run) == Facts()
