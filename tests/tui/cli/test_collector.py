"""The progress of `vanish-tui reproduce`, on a made-up clock."""

import io
import sys
from dataclasses import replace

import pytest

from engine.tracking.time_left import TimeLeft
from tests.engine.tracking.test_snapshot import epoch, finished, sample, stage, started
from tui_vanish.cli.collector import Collector
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.status import Status


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """One number: the seconds of a made-up clock, which the estimates use, too."""
    now = [0.0]
    monkeypatch.setattr(
        "tui_vanish.cli.live_table.TimeLeft", lambda lanes: TimeLeft(lanes, clock=lambda: now[0])
    )
    # The table is drawn again at every event.
    monkeypatch.setattr("tui_vanish.cli.live_table._REDRAW", 0.0)
    return now


def play(collector: Collector, clock: list[float], run: str, epochs: int, seconds: float) -> None:
    """Begin a run of four epochs, each of which takes some seconds, and train some of them."""

    def tell(event: RunEvent) -> None:
        collector.on_event(replace(event, run=run))

    tell(started())
    tell(stage(1))
    for number in range(1, epochs + 1):
        clock[0] += seconds / 2
        tell(sample(10 * number - 5, time=number - 0.5))
        clock[0] += seconds / 2
        tell(replace(epoch(number, step=10 * number), time=float(number), evaluation_seconds=0.0))


def test_outside_a_terminal_a_run_has_a_line_per_minute_with_its_time_left(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    with Collector(2, clock=lambda: clock[0]) as collector:
        play(collector, clock, "one", 3, 30.0)
        collector.on_event(replace(finished(Status.FINISHED), run="one"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["loading PyTorch", "one  training"]
    assert lines[2].startswith("one  epoch 2/4  loss ")
    assert lines[2].endswith("  1:00 left"), "two epochs of 30 seconds"
    assert lines[3].startswith("1/2  one  finished, test accuracy ")
    assert len(lines) == 4
    assert [event.event for event in collector.events["one"]] == [
        "run_started",
        "stage_started",
        *["epoch_finished"] * 3,
        "run_finished",
    ]


class Terminal(io.StringIO):
    """What is written to a terminal of 100 columns, and what it shows."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> list[str]:
        import pyte

        screen = pyte.Screen(100, 20)
        pyte.Stream(screen).feed(self.getvalue().replace("\n", "\r\n"))
        return [" ".join(line.split()) for line in screen.display if line.strip()]


def test_in_a_terminal_the_runs_that_train_have_a_row_with_their_time_left(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "100"), ("LINES", "20")):
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Collector(3, clock=lambda: clock[0]) as collector:
        assert terminal.shown() == ["loading PyTorch"]
        play(collector, clock, "one", 3, 30.0)
        headings, row, waiting = terminal.shown()
        assert headings == "scenario seed status epoch loss train test left"
        assert row.split()[-1] == "0:30"
        assert waiting == "2 more to train"
        collector.on_event(replace(finished(Status.FINISHED), run="one"))
        play(collector, clock, "two", 2, 10.0)
        ended, headings, row, waiting = terminal.shown()
        assert ended.startswith("1/3 one finished, test accuracy ")
        assert row.split()[-1] == "0:20"
        assert waiting == "1 more to train"
        play(collector, clock, "three", 1, 10.0)
        assert len(terminal.shown()) == 4, (
            "a line, the headings, and two rows; the pace of both is not known yet"
        )
    assert [line.partition(",")[0] for line in terminal.shown()] == ["1/3 one finished"]
