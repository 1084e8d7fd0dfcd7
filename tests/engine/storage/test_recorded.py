"""The recorded runs come with the program, whole, and no writing is needed to read them."""

import json
import os
from pathlib import Path

import pytest

import scenarios
from engine.storage import recorded
from engine.storage.follower import Follower
from engine.storage.history import History
from engine.storage.nested import run_folder
from engine.storage.recorded import COMPRESSED, PROVENANCE, NoRecording, find_recorded, recorded_folder
from engine.storage.run_log import read_description
from tui_vanish.session.lineup import MOST
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.guarded import read_guarded

MOST_BYTES = 3_000_000  # of all of them together
RUNS = recorded.recorded_runs()


def test_there_is_a_recorded_run_of_scenarios_of_the_slides() -> None:
    of_slides = {f"recorded:{entry.id}" for entry in scenarios.entries() if entry.of_slides}
    assert RUNS
    assert set(RUNS) <= of_slides


def test_they_are_small_and_say_where_they_come_from() -> None:
    files = [Path(folder, name) for folder, _, names in os.walk(recorded.RECORDED) for name in names]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    known = json.loads((recorded.RECORDED / PROVENANCE).read_text(encoding="utf-8"))
    assert {f"recorded:{name}" for name in known["runs"]} == set(RUNS)
    assert {run["data_sha256"] for run in known["runs"].values()} == {
        "fc7c45578b3bcfe5446fb56961292ecb2746adfee49b4e19e380b9ccd198dbab"
    }


@pytest.mark.parametrize("run", RUNS)
def test_a_recorded_run_is_whole(run: str) -> None:
    """It is of the scenario as it is today, was trained to its end, and shows any step."""
    history = History(recorded_folder(run))
    history.poll()
    seen = history.snapshot()
    scenario = seen.spec.scenario()
    today = scenarios.load(next(e.path for e in scenarios.entries() if e.id == seen.scenario_id))
    assert (seen.run, seen.is_recorded, history.damage) == (run, True, "")
    assert (scenario.model, scenario.optimizer, scenario.training) == (
        today.model,
        today.optimizer,
        today.training,
    )
    assert seen.started is not None
    assert (seen.started.data["train"], seen.seed, seen.started.threads) == (60_000, 42, 1)
    if seen.status is not Status.DIVERGED:
        assert seen.status is Status.FINISHED
        assert seen.epoch == seen.epochs == scenario.training.epochs * max(1, len(scenario.stages))
    assert seen.verdicts
    assert history.at(1).step == 1
    assert history.at(1).layers


@pytest.mark.parametrize("run", RUNS)
def test_a_recorded_run_names_no_machine(run: str) -> None:
    origin = read_description(recorded_folder(run)).origin
    assert origin is not None
    assert (origin.host, origin.folder) == ("", None)


def test_a_recorded_run_has_the_address_recorded_and_its_scenario(tmp_path: Path) -> None:
    assert run_folder(tmp_path, RUNS[0]) == recorded_folder(RUNS[0])
    assert find_recorded(RUNS[0]) == RUNS[0]
    with pytest.raises(NoRecording, match=r"did you mean recorded:depth-7\?"):
        find_recorded("recorded:deph-7")
    with pytest.raises(NoRecording, match="there are recorded:"):
        find_recorded("recorded:what")


def test_a_comparison_of_recorded_runs_decompresses_each_log_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step that a screen shows reads all of its logs."""
    histories = [History(recorded_folder(run)) for run in RUNS[:MOST]]
    assert len(histories) > 4
    for history in histories:
        history.poll()
    opened: list[Path] = []

    def read(log: Path) -> bytes:
        opened.append(log)
        return read_guarded(log)

    monkeypatch.setattr(recorded, "read_guarded", read)
    for step in (1, 100, 200):
        for history in histories:
            history.at(min(step, history.last_step))
    assert opened == []


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a copy of the recorded run of depth-7, whose log is not decompressed yet."""
    source, target = recorded_folder("recorded:depth-7"), tmp_path / "depth-7"
    target.mkdir()
    for name in os.listdir(source):
        (target / name).write_bytes((source / name).read_bytes())
    monkeypatch.setattr(recorded, "RECORDED", tmp_path)
    return target


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "no xz"])
def test_a_damaged_recorded_run_is_one_sentence(copied: Path, damage: str) -> None:
    log = copied / COMPRESSED
    content = log.read_bytes()
    match damage:
        case "cut":
            log.write_bytes(content[: len(content) // 2])
        case "changed":
            log.write_bytes(content[:5_000] + bytes(8) + content[5_008:])
        case "gone":
            log.unlink()
        case "no xz":
            log.write_bytes(b"not compressed\n" * 9)
    with pytest.raises(OSError, match="the recorded run is damaged: install vanish-tui again"):
        Follower(copied).poll()
