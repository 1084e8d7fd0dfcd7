"""What `vanish-tui bench` prints, of a made-up report."""

from dataclasses import replace

import pytest

from engine.bench.dataloader import UsualLoop
from engine.bench.lockstep import Lockstep
from engine.bench.pace import Pace
from engine.bench.report import Report
from engine.bench.spread import Spread
from tui_vanish.cli.bench_tables import print_report

ONE, THREE = Spread.of([0.5]), Spread.of([0.25, 0.5, 0.75])


def pace(threads: int, core: float = 1.0) -> Pace:
    return Pace(threads, THREE, THREE, THREE, THREE, THREE, core)


WHOLE = Report(
    device="cpu",
    data="made up",
    cores=2,
    versions={"torch": "2"},
    pace=pace(1),
    usual=UsualLoop({0: THREE, 2: THREE}, THREE, THREE),
    steps={"depth-3": THREE, "linear-exploding": None},
    lockstep=Lockstep(6, 2, THREE, THREE, THREE),
    threads=(pace(1), pace(2)),
    auto_threads=2,
    launches=None,
    not_measured=(),
)


def printed(report: Report, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines, with single spaces."""
    print_report(report)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_a_whole_report_has_every_table_and_no_remark(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(WHOLE, capsys)
    for line in (
        "One epoch of the 7-layer network, 1 thread median from to",
        "with full measuring 0.50 s 0.25 s 0.75 s",
        "6 runs in lockstep, 2 in parallel / one after another 0.50 0.25 0.75",
        "One epoch by threads (--threads auto uses 2) median from to",
        "depth-3 500.00 ms 250.00 ms 750.00 ms",
        "linear-exploding diverges",
    ):
        assert line in lines
    assert not [line for line in lines if "time to measure" in line or "once" in line or "busy" in line]


def test_what_was_not_measured_has_no_row_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("a step of relu", "a step of adam", "6 runs in lockstep, and one after another")
    nothing = replace(
        WHOLE,
        pace=None,
        usual=None,
        steps={},
        lockstep=None,
        threads=(),
        auto_threads=None,
        not_measured=names,
    )
    lines = printed(nothing, capsys)
    assert [line for line in lines if line] == [
        "cpu, 2 cores; made up; torch 2",
        "There was no time to measure a step of relu, adam; 6 runs in lockstep, and one after another."
        " Run bench without --quick.",
    ]
    some = printed(replace(WHOLE, lockstep=None, auto_threads=None, not_measured=names[2:]), capsys)
    assert "One epoch by threads median from to" in some
    assert not [line for line in some if "in parallel" in line or "auto uses" in line]


def test_what_was_measured_once_has_no_range(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(replace(WHOLE, lockstep=Lockstep(6, 2, ONE, ONE, ONE)), capsys)
    assert "6 runs in lockstep, 2 in parallel / one after another 0.50" in lines
    assert "A figure without a range was measured only once." in lines


def test_a_busy_machine_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(replace(WHOLE, threads=(pace(1), pace(2, core=0.52))), capsys)
    assert any(line.startswith("The machine was busy: training got only 52 % of the cores") for line in lines)
