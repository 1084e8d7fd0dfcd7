"""The run's files are plain and for the user alone, and an incomplete last line does no harm."""

import itertools
import json
import os
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.storage.origin import to_record
from engine.storage.run_log import NotARun, RunLog, read_description, read_events
from tests.engine.lab import begin, make_scenario, origin, random_data, train
from vanish_recorder.protocol.event import Event
from vanish_recorder.protocol.events import RunEvent, Sample
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.paths import default_runs_folder, new_run_name


@pytest.fixture
def events() -> list[RunEvent]:
    trainer, events = begin(make_scenario({"training.epochs": 1}), random_data())
    train(trainer)
    return events


def written(folder: Path, events: list[RunEvent]) -> Path:
    log = RunLog(folder, make_scenario().resolved(), 42, origin())
    for event in events:
        log.write(event)
    log.close()
    return folder / EVENTS


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_is_read_back(tmp_path: Path, events: list[RunEvent]) -> None:
    path = written(tmp_path / "run", events)
    assert read_events(path) == events
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(events)


def test_the_folder_and_its_files_are_for_the_user_alone(tmp_path: Path, events: list[RunEvent]) -> None:
    umask = os.umask(0)
    try:
        path = written(tmp_path / "runs" / "run", events)
    finally:
        os.umask(umask)
    assert mode(path.parent) == 0o700
    assert mode(path) == 0o600
    assert mode(path.parent / DESCRIPTION) == 0o600


def test_run_json_describes_the_run(tmp_path: Path) -> None:
    path = written(tmp_path / "20260101-120000-small-ab12", [])
    assert json.loads((path.parent / DESCRIPTION).read_text(encoding="utf-8")) == {
        "schema": 1,
        "run": "20260101-120000-small-ab12",
        "seed": 42,
        "device": "cpu",
        "threads": 1,
        "data": {
            "source": "noise",
            "folder": None,
            "train": 80,
            "test": 20,
            "passes": 1,
            "sha256": random_data().sha256,
        },
        "checkpoints": "sha256",
        "scenario": make_scenario().resolved(),
        "host": origin().host,
        "command": origin().command,
    }


def test_a_folder_whose_name_is_not_utf_8_is_kept_without_loss(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(b"/data/caf\xe9 \xff/\xe2\x82\xac"))
    RunLog(tmp_path / "run", make_scenario().resolved(), 1, replace(origin(), folder=folder)).close()
    found = read_description(tmp_path / "run").origin
    assert found is not None
    assert found.data_option == folder


@pytest.mark.parametrize(
    "changes",
    [
        {"data": None},
        {"data": {"source": "sample"}},
        {"threads": "1"},
        {"threads": True},
        {"device": 3},
        {"data": {**to_record(origin())["data"], "train": -1}},
        {"data": {**to_record(origin())["data"], "folder": 7}},
    ],
)
def test_a_damaged_origin_is_reported(changes: dict[str, object], tmp_path: Path) -> None:
    path = written(tmp_path / "run", []).parent / DESCRIPTION
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(NotARun, match=r"damaged: run\.json does not describe a run"):
        read_description(tmp_path / "run")


def test_a_line_can_be_read_as_soon_as_it_is_written(tmp_path: Path, events: list[RunEvent]) -> None:
    log = RunLog(tmp_path / "run", make_scenario().resolved(), 42, origin())
    log.write(events[0])
    assert read_events(tmp_path / "run" / EVENTS) == events[:1]
    log.close()


def test_a_folder_is_never_used_for_two_runs(tmp_path: Path) -> None:
    written(tmp_path / "run", [])
    with pytest.raises(FileExistsError):
        RunLog(tmp_path / "run", make_scenario().resolved(), 42, origin())


def test_an_incomplete_last_line_is_skipped(tmp_path: Path, events: list[RunEvent]) -> None:
    path = written(tmp_path / "run", events)
    whole = path.read_bytes()
    for cut in (1, 5, 40):
        path.write_bytes(whole[:-cut])
        assert read_events(path) == events[:-1]


def test_a_line_of_a_newer_version_is_skipped(tmp_path: Path, events: list[RunEvent]) -> None:
    path = written(tmp_path / "run", events)
    path.write_bytes(b'{"event":"weather_changed","run":"x"}\n' + path.read_bytes())
    assert read_events(path) == events


@pytest.mark.parametrize("line", [b"rubbish", b'{"event":"sample","run":"x"}', b"\xff\xfe", b""])
def test_a_damaged_line_is_reported(line: bytes, tmp_path: Path, events: list[RunEvent]) -> None:
    path = written(tmp_path / "run", events[:2])
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(ValueError, match=r"line 3 \(.+\) of events\.jsonl is damaged and left out"):
        read_events(path)


def test_an_empty_log_holds_no_event(tmp_path: Path) -> None:
    assert read_events(written(tmp_path / "run", [])) == []


def test_a_run_s_name_is_its_time_its_scenario_and_four_hex_digits() -> None:
    name = new_run_name("depth-7", datetime(2026, 2, 3, 4, 5, 6))
    stem, digits = name.rsplit("-", 1)
    assert stem == "20260203-040506-depth-7"
    assert len(digits) == 4
    assert int(digits, 16) >= 0


def test_two_runs_in_the_same_second_have_different_names() -> None:
    moment = datetime(2026, 2, 3)
    assert len({new_run_name("relu", moment) for _ in range(8)}) > 1


def test_runs_go_under_the_state_folder_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_runs_folder() == tmp_path / "vanish-tui" / "runs"


def test_the_log_s_times_and_steps_do_not_decrease(tmp_path: Path, events: list[RunEvent]) -> None:
    read: list[RunEvent] = read_events(written(tmp_path / "run", events))
    assert all(isinstance(event, Event) for event in read)
    marks = [(event.step, event.epoch, event.stage, event.time) for event in read]
    for before, after in itertools.pairwise(marks):
        assert all(a <= b for a, b in zip(before, after, strict=True))
    assert any(isinstance(event, Sample) for event in read)
