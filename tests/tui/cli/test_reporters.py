"""The lines of headless runs, on a made-up clock."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import RunView
from engine.tracking.time_left import TimeLeft
from tests.engine.tracking.test_snapshot import SCENARIO, epoch, sample, stage, started
from tui_vanish.cli.reporters import EpochLines, SeveralRuns
from vanish_recorder.protocol.events import RunEvent


def four_epochs() -> list[RunEvent]:
    """Of ten steps each; a sample in the middle of each."""
    events: list[RunEvent] = [started(), stage(1)]
    for number in range(1, 5):
        events.append(sample(10 * number - 5, time=number - 0.5))
        events.append(replace(epoch(number, step=10 * number), time=float(number), evaluation_seconds=0.0))
    return events


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass."""
    now = [0.0]

    def made(lanes: int = 1) -> TimeLeft:
        return TimeLeft(lanes, clock=lambda: now[0])

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("tui_vanish.cli.reporters.TimeLeft", made)
    return pass_by


def test_the_time_left_of_a_run_is_by_the_clock_and_its_last_line_has_none(
    capsys: pytest.CaptureFixture[str], later: Callable[[float], None]
) -> None:
    reporter = EpochLines(RunView("run", RunSpec.of(SCENARIO), 1))
    for event in four_epochs():
        later(8.0)
        reporter.on_event(event)
    first, second, third, last = capsys.readouterr().err.splitlines()
    assert "left" not in first, "the pace is not known yet"
    assert second.endswith("  0:32 left")
    assert third.endswith("  0:16 left")
    assert "epoch 4/4" in last
    assert "left" not in last


def test_the_time_left_of_one_of_several_runs_counts_the_others(
    capsys: pytest.CaptureFixture[str], later: Callable[[float], None]
) -> None:
    names = ("one", "two", "three")
    reporter = SeveralRuns({name: RunView(name, RunSpec.of(SCENARIO), 1) for name in names})
    for event in four_epochs():
        for name in names:
            later(4.0)
            reporter.on_event(replace(event, run=name))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("three ")]
    assert lines[2].endswith("  0:24 left"), "two events of each of three runs"
    assert "left" not in lines[3]
