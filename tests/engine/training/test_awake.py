"""The time for which the process is suspended does not count as training."""

from pathlib import Path

import pytest
from torch import Tensor

from engine.data.batches import Batches
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.training.awake import AWAKE, SUSPENDED_SECONDS, AwakeClock
from engine.training.trainer import Trainer
from tests.engine.lab import Listener, make_scenario, of_kind, random_data, train, write_data
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished


class Time:
    """A clock that advances a little at each look; a test advances it more."""

    def __init__(self, step: float = 0.001) -> None:
        self.now, self._step = 1000.0, step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def test_a_gap_in_all_signs_of_life_is_left_out() -> None:
    time = Time(step=0.0)
    clock = AwakeClock(time)
    with clock.ticking():
        began = clock()
        time.now += 1.0
        assert clock() - began == pytest.approx(1.0)
        time.now += 20.0
        assert clock() - began == pytest.approx(1.0)
        time.now += 1.0
        assert clock() - began == pytest.approx(2.0)


def test_a_long_operation_counts_while_another_thread_is_alive() -> None:
    time = Time(step=0.0)
    clock = AwakeClock(time)
    with clock.ticking():
        began = clock()
        for _ in range(20):
            time.now += SUSPENDED_SECONDS / 2
            clock()  # as the clock's own thread does
        assert clock() - began == pytest.approx(10 * SUSPENDED_SECONDS)


def test_without_ticking_it_is_a_plain_clock() -> None:
    time = Time(step=0.0)
    clock = AwakeClock(time)
    began = clock()
    time.now += 20.0
    with clock.ticking():
        assert clock() - began == pytest.approx(20.0)
    time.now += 20.0
    assert clock() - began == pytest.approx(40.0)


def test_a_suspension_is_in_no_time_of_a_run() -> None:
    time = Time()
    clock = AwakeClock(time)
    events: list[RunEvent] = []
    trainer = Trainer(
        "run", make_scenario({"training.epochs": 3}), 1, random_data(), events.append, clock=clock
    )
    with clock.ticking():
        trainer.begin()
        step = trainer.optimizer.step
        suspended = iter([False, True])

        def suspend() -> None:
            if next(suspended, False):
                time.now += 20.0
            step()

        trainer.optimizer.step = suspend  # type: ignore[method-assign]
        train(trainer)
    assert max(epoch.seconds for epoch in of_kind(events, EpochFinished)) < 1.0
    (end,) = of_kind(events, RunFinished)
    assert end.seconds < 3.0


def test_the_engine_leaves_out_a_suspension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time()
    monkeypatch.setattr(AWAKE, "_clock", time)

    take = Batches.next
    steps = iter(range(1, 100))

    def suspend(batches: Batches) -> tuple[Tensor, Tensor]:
        if next(steps) == 5:
            time.now += 20.0
        return take(batches)

    monkeypatch.setattr(Batches, "next", suspend)
    listener = Listener()
    settings = Settings("cpu", write_data(tmp_path / "data"), runs_dir=tmp_path / "runs")
    engine = Engine(settings, on_event=listener)
    engine.start()
    engine.train(make_scenario({"training.epochs": 3}), 1)
    end = listener.wait_for(RunFinished)
    engine.close()
    assert time.now > 1020.0
    assert end.time < 1.0
    assert max(epoch.seconds for epoch in of_kind(listener.events, EpochFinished)) < 1.0
