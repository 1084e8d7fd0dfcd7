"""While a run goes from one process to another, lists say so, for a short time and only if it is true."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from engine.storage import handover
from engine.storage.run_index import list_runs, read_entry
from tests.engine.owner_process import OwnerProcess
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage import file_clock
from vanish_recorder.storage.run_lock import Owner
from vanish_recorder.storage.summary import Summary, write_summary

RUN = "20260101-120000-small-abcd"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A runs folder with a stopped run."""
    (tmp_path / RUN).mkdir()
    write_summary(tmp_path / RUN, Summary("small", 5, Status.STOPPED))
    return tmp_path


def states(runs: Path) -> set[tuple[str, str]]:
    """The state and the status of the run, in the list and alone."""
    return {(entry.state, entry.status) for entry in (*list_runs(runs), read_entry(runs / RUN))}


def test_a_run_is_handed_over_until_its_new_process_has_saved_it(runs: Path, neighbour: OwnerProcess) -> None:
    assert states(runs) == {("ended", "stopped")}
    successor = Owner.on_this_host(neighbour.pid)
    handover.announce(runs, [RUN], successor)
    assert states(runs) == {("handing over", "handing over")}
    assert read_entry(runs / RUN).successor == successor
    neighbour.hold(runs / RUN)
    assert states(runs) == {("handing over", "handing over")}
    write_summary(runs / RUN, Summary("small", 5, Status.RUNNING))
    assert states(runs) == {("live", "running")}


def test_a_process_ends_its_own_handover(runs: Path) -> None:
    handover.announce(runs, [RUN], Owner.present())
    assert states(runs) == {("handing over", "handing over")}
    handover.end(runs)
    assert states(runs) == {("ended", "stopped")}
    handover.end(runs)


def test_a_successor_that_is_gone_takes_nothing(runs: Path) -> None:
    gone = replace(Owner.present(), started=1)
    handover.announce(runs, [RUN], gone)
    assert states(runs) == {("ended", "stopped")}
    handover.announce(runs, ["another"], replace(Owner.present(), pid=os.getppid()))
    assert len(list((runs / handover.HANDOVERS).iterdir())) == 1


def test_an_old_note_does_not_count(runs: Path) -> None:
    handover.announce(runs, [RUN], Owner.present())
    (note,) = (runs / handover.HANDOVERS).iterdir()
    old = note.stat().st_mtime - handover.VALID_SECONDS - 1
    os.utime(note, (old, old))
    assert states(runs) == {("ended", "stopped")}


@pytest.mark.parametrize("status", [Status.FINISHED, Status.DIVERGED])
def test_a_run_that_is_over_is_not_handed_over(status: Status, runs: Path) -> None:
    write_summary(runs / RUN, Summary("small", 5, status))
    handover.announce(runs, [RUN], Owner.present())
    assert states(runs) == {("ended", str(status))}


@pytest.mark.parametrize(
    "content",
    ["", "[", "[" * 100_000, "3", "{}", '{"owner": {}, "runs": []}', '{"owner": 1, "runs": {"a": 1}}'],
)
def test_a_damaged_note_is_left_out(content: str, runs: Path) -> None:
    (runs / handover.HANDOVERS).mkdir()
    (runs / handover.HANDOVERS / "1.json").write_text(content)
    assert states(runs) == {("ended", "stopped")}


def test_notes_that_are_no_files_of_ours_are_left_out(runs: Path, tmp_path: Path) -> None:
    folder = runs / handover.HANDOVERS
    folder.mkdir()
    true = json.dumps({"owner": asdict(Owner.present()), "runs": [RUN]})
    (tmp_path / ".elsewhere").write_text(true)
    (folder / "1.json").symlink_to(tmp_path / ".elsewhere")
    os.mkfifo(folder / "2.json")
    (folder / "3.json").mkdir()
    assert states(runs) == {("ended", "stopped")}


def test_a_clock_that_is_wrong_here_changes_nothing(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ages of heartbeats and notes are measured with the file system's clock."""
    for wrong in (-70.0, 70.0, 1e6):
        monkeypatch.setattr(file_clock, "time", lambda wrong=wrong: 1.7e9 + wrong)
        handover.announce(runs, [RUN], Owner.present())
        assert states(runs) == {("handing over", "handing over")}
        handover.end(runs)
