"""A script that lives but writes nothing any more is said to be silent, and only such a one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.attach.peers import Peers
from engine.tracking.snapshot import Snapshot
from tests.engine.made_up_watched import course, finished, write
from tui_vanish.monitor import watched_text
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import RunLock


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    """The folder of a run whose lock this process holds."""
    folder = write(tmp_path, course(range(1, 12)))
    lock = RunLock(folder)
    yield folder
    lock.release()


def seen(folder: Path, silent_for: float) -> Snapshot:
    """The run, if the latest line of its log is so many seconds old."""
    now = (folder / EVENTS).stat().st_mtime
    os.utime(folder / EVENTS, (now - silent_for, now - silent_for))
    (run,) = Peers(folder.parent, find_live=False).look([folder.name]).runs
    return run


def test_a_silent_script_is_named(live: Path) -> None:
    run = seen(live, 600)
    title, sentence = watched_text.standing(run)
    assert title == "Stalled?"
    assert sentence[0].text.startswith("No new line for 10 min; before, one came every ")


def test_a_short_silence_says_nothing(live: Path) -> None:
    assert watched_text.standing(seen(live, 30)) == ("", ())


def test_a_script_that_is_gone_is_stopped_and_not_silent(tmp_path: Path) -> None:
    folder = write(tmp_path, course(range(1, 12)))
    assert watched_text.standing(seen(folder, 600))[0] == "Stopped"


def test_a_script_that_has_ended_is_not_silent(tmp_path: Path) -> None:
    folder = write(tmp_path, [*course(range(1, 12)), finished(12)])
    assert watched_text.standing(seen(folder, 600))[0] == "Finished"


def test_the_silence_is_new_to_a_screen_that_looks_again(live: Path) -> None:
    peers = Peers(live.parent, find_live=False)
    before = peers.look([live.name])
    os.utime(live / EVENTS, (1e9, 1e9))
    assert peers.look() is not before
