"""The past of a run is read in pieces, and what has been read can be shown before the rest."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import scenarios
from engine.storage.history import History
from engine.tracking.snapshot import Snapshot
from tests.tui.fake_engine import STEPS_PER_EPOCH, FakeEngine, FakeRun
from tui_vanish.session import past
from tui_vanish.session.past import PastRuns

EPOCHS = 20


def saved(folder: Path) -> FakeRun:
    engine = FakeEngine()
    engine.runs_folder = folder
    run = FakeRun(engine, "20260101-120000-depth-7-0000", scenarios.load("depth-7"), 42)
    run.start()
    run.save()
    run.train_epochs(EPOCHS)
    return run


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0)


async def test_a_step_is_shown_before_the_whole_log_has_been_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "_AT_ONCE", 10_000)
    run = saved(tmp_path)
    now, runs = run.view.snapshot(), PastRuns(lambda: tmp_path)
    seen: list[tuple[Snapshot | None, str]] = []
    runs.on_read = lambda: seen.append((runs.at(now, 30), runs.reading(now.run)))
    assert runs.at(now, 30) is None
    assert runs.reading(now.run) == "reading its log, 0 %"
    await until(lambda: bool(seen) and not seen[-1][1])
    early = [then for then, reading in seen if reading]
    assert len(early) > 2
    assert {then.step for then in early if then is not None} == {21}, "the latest sample up to step 30"
    assert seen[-1][0] is not None
    assert runs.at(now, now.step) == now


async def test_a_run_that_grew_is_read_on(tmp_path: Path) -> None:
    run = saved(tmp_path)
    runs = PastRuns(lambda: tmp_path)
    runs.at(run.view.snapshot(), 1)
    await until(lambda: not runs.reading(run.name))
    run.sample(EPOCHS * STEPS_PER_EPOCH + 1)
    now = run.view.snapshot()
    runs.at(now, now.step)
    await until(lambda: not runs.reading(run.name))
    assert runs.at(now, now.step) == now


async def test_a_log_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    run = saved(tmp_path)
    now, runs = run.view.snapshot(), PastRuns(lambda: tmp_path)
    runs.at(now, 100)
    await until(lambda: not runs.reading(now.run))
    log = tmp_path / run.name / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2] + lines[4:]))
    for _ in range(2):  # the first one notices it
        runs.at(now, 700)
        await until(lambda: not runs.reading(now.run))
    then = runs.at(now, 700)
    fresh = History(tmp_path / run.name)
    fresh.poll()
    assert then == fresh.at(700)
    assert runs.problem(now.run) == ""


async def test_after_an_error_the_next_step_reads_again(tmp_path: Path) -> None:
    run = saved(tmp_path)
    now, runs = run.view.snapshot(), PastRuns(lambda: tmp_path)
    log, elsewhere = tmp_path / run.name / "events.jsonl", tmp_path / "elsewhere"
    runs.at(now, 100)
    await until(lambda: not runs.reading(now.run))
    log.rename(elsewhere)
    runs.at(now, 300)
    assert runs.problem(now.run) == "its log cannot be read (No such file or directory)"
    runs.at(now, 300)
    assert not runs.reading(now.run)  # the same step is not tried again and again
    elsewhere.rename(log)
    runs.at(now, 301)
    await until(lambda: not runs.reading(now.run))
    then = runs.at(now, 301)
    assert then is not None
    assert 280 < then.step <= 301
    assert runs.problem(now.run) == ""


async def test_a_run_without_a_log_has_a_reason(tmp_path: Path) -> None:
    run = FakeRun(FakeEngine(), "20260101-120000-depth-7-0000", scenarios.load("depth-7"), 42)
    run.start()
    now, runs = run.view.snapshot(), PastRuns(lambda: tmp_path)
    runs.at(now, 1)
    await until(lambda: not runs.reading(now.run))
    assert runs.at(now, 1) is None
    assert runs.problem(now.run) == "not a run: run.json is missing"


async def test_only_some_logs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "_MOST", 2)
    run = saved(tmp_path)
    runs, now = PastRuns(lambda: tmp_path), run.view.snapshot()
    for name in ("recorded:depth-7", "recorded:linear-exploding", run.name):
        runs.at(FakeRun(run.engine, name, run.scenario, 42).view.snapshot() if name != run.name else now, 1)
        await until(lambda name=name: not runs.reading(name))  # type: ignore[misc]
    assert list(runs._logs) == ["recorded:linear-exploding", run.name]
