"""A script that lives and writes nothing any more is noticed in the list of runs."""

import json
import os
import time
from pathlib import Path

import pytest

from engine.storage.run_index import list_runs
from engine.storage.silence import silence_of
from tests.recorder.watched import finished, measured, recording
from tui_vanish.cli.main import main
from vanish_recorder.storage.log_file import EVENTS


def test_a_silent_script_is_called_stalled_until_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = recording(tmp_path)
    for step in range(100, 2100, 100):  # one each second
        run.write(measured(run.run, step))
    run.keep_up()
    (entry,) = list_runs(tmp_path)
    assert (entry.stalled, entry.status) == ("", "running")
    then = time.time() - 600
    os.utime(run.folder / EVENTS, (then, then))
    (entry,) = list_runs(tmp_path)
    assert entry.stalled == "No new line for 10 min; before, one came every 1 s."
    assert entry.status == "stalled?"
    assert main(["runs", "--json", "--runs-dir", str(tmp_path)]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["status"], record["stalled"]) == ("running", entry.stalled)
    run.close(finished(run.run, 2000))
    (entry,) = list_runs(tmp_path)
    assert (entry.stalled, entry.status) == ("", "finished")


def test_a_slow_script_is_not_stalled(tmp_path: Path) -> None:
    run = recording(tmp_path)
    for step in (6000, 12000, 18000):  # one each minute
        run.write(measured(run.run, step))
    then = time.time() - 600
    os.utime(run.folder / EVENTS, (then, then))
    assert silence_of(run.folder) == ""
    run.close(finished(run.run, 18000))


def test_a_log_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    assert silence_of(tmp_path / "gone") == ""
