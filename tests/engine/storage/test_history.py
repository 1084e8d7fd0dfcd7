"""The past of a run is read from its log: it is what the engine showed while it trained."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runtime.live_run import LiveRun
from engine.storage.history import History, LogChanged
from engine.storage.saver import Saver
from engine.tracking.snapshot import Snapshot
from tests.engine.lab import course, random_data
from vanish_recorder.protocol.events import VerdictChanged
from vanish_recorder.storage.log_file import EVENTS

RUN = "20260101-120000-small-ab12"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / RUN


def live(folder: Path) -> Iterator[Snapshot]:
    """What the engine publishes of a run, step by step, from its beginning to its end."""
    saver = Saver(seconds=3600.0, on_change=lambda: None)
    saver.start()
    try:
        scenario = course(3, {"training.epochs": 60, "data.batch_size": 32})
        run = LiveRun(RUN, scenario, 1, folder, saver, lambda _: None, lambda *_: None)
        run.begin(random_data(), threads=1)
        while run.is_running:
            run.step()
            run.flush()
            yield run.snapshot()
        run.finish_saving()
    finally:
        saver.close()


def test_each_step_has_the_bars_the_numbers_and_the_verdicts_that_were_shown(folder: Path) -> None:
    shown = {run.step: run for run in live(folder)}
    history = History(folder)
    history.poll()
    assert any(run.verdicts for run in shown.values())
    for step in (*sorted(shown)[::5], *sorted(shown, reverse=True)[::7]):
        assert history.at(step) == shown[step]
    last = shown[max(shown)]
    assert history.at(last.step) == history.snapshot() == last
    assert last.finished is not None


def test_a_run_that_trains_is_followed(folder: Path) -> None:
    history, early = None, None
    for number, run in enumerate(live(folder)):
        if history is None:
            history, early = History(folder), run
        if number % 20 == 0:
            history.poll()
            assert early is not None
            assert history.last_step == run.step
            assert history.at(early.step) == early
            assert history.at(run.step) == run


def test_a_verdict_is_in_the_past_only_from_its_step_on(folder: Path) -> None:
    runs = list(live(folder))
    began: VerdictChanged = next(verdict for run in runs for verdict in run.verdicts)
    history = History(folder)
    history.poll()
    assert began in history.at(began.step).verdicts
    assert began not in history.at(began.step - 1).verdicts


def test_a_log_that_became_shorter_is_read_again(folder: Path) -> None:
    """As after a resume from a checkpoint."""
    shown = {run.step: run for run in live(folder)}
    history, log = History(folder), folder / EVENTS
    history.poll()
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[: len(lines) // 2]))
    assert history.poll()
    assert history.last_step < max(shown)
    assert history.at(history.last_step // 2) == shown[history.last_step // 2]


def test_a_log_that_changed_meanwhile_is_said_to_have_changed(folder: Path) -> None:
    for _ in live(folder):
        pass
    history, log = History(folder), folder / EVENTS
    history.poll()
    log.write_bytes(log.read_bytes()[7:])
    with pytest.raises(LogChanged):
        history.at(history.last_step // 2)
