"""Requests to a script that trains: they arrive once and in order, and only from who may change it."""

import json
import os
from pathlib import Path

import pytest

from tests.recorder.watched import finished, recording
from vanish_recorder.control import (
    CONTROL,
    CannotAsk,
    Continue,
    Freeze,
    Inbox,
    Pause,
    Request,
    SetEvery,
    SetFactor,
    Stop,
    TakeHistograms,
    Unfreeze,
    ask,
    from_line,
    to_line,
)
from vanish_recorder.recording import Recording
from vanish_recorder.storage.log_file import DESCRIPTION
from vanish_recorder.storage.run_lock import LOCK

ALL: list[Request] = [
    Pause(),
    Continue(),
    SetFactor(0.5),
    Freeze("h.0"),
    Unfreeze("h.0"),
    SetEvery(10),
    SetEvery(0),
    Stop(),
    TakeHistograms("h.3"),
]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def run(tmp_path: Path) -> Recording:
    return recording(tmp_path)


@pytest.mark.parametrize("request_", ALL)
def test_a_request_is_a_line(request_: Request) -> None:
    assert from_line(to_line(request_)) == request_


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"request":"explode"}',
        b'{"request":["pause"]}',
        b'{"request":"pause","for":3}',
        b'{"request":"set_factor"}',
        b'{"request":"set_factor","factor":0}',
        b'{"request":"set_factor","factor":-1}',
        b'{"request":"set_factor","factor":NaN}',
        b'{"request":"set_factor","factor":Infinity}',
        b'{"request":"set_factor","factor":true}',
        b'{"request":"set_factor","factor":"2"}',
        b'{"request":"set_every","steps":-1}',
        b'{"request":"set_every","steps":1.5}',
        b'{"request":"set_every","steps":99999999999}',
        b'{"request":"freeze","block":""}',
        b'{"request":"freeze","block":7}',
        b'{"request":"freeze","block":"' + b"x" * 1001 + b'"}',
    ],
)
def test_a_line_that_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_line(line)


def test_a_request_that_is_not_allowed_is_not_sent(run: Recording) -> None:
    inbox = Inbox(run.folder, Clock())
    with pytest.raises(ValueError, match="factor"):
        ask(run.folder, SetFactor(0.0))
    assert inbox.poll() == []


def test_requests_arrive_once_and_in_order(run: Recording) -> None:
    inbox = Inbox(run.folder, Clock())
    assert inbox.poll() == []
    for request in ALL:
        ask(run.folder, request)
    assert inbox.poll() == ALL
    assert inbox.poll() == []
    ask(run.folder, Stop())
    assert inbox.poll() == [Stop()]
    assert (run.folder / CONTROL).stat().st_mode & 0o777 == 0o600


def test_half_a_line_waits_for_its_end_and_others_are_left_out(run: Recording) -> None:
    inbox, file = Inbox(run.folder, Clock()), run.folder / CONTROL
    file.write_bytes(b'rubbish\n{"request":"stop"}\n{"request":')
    os.chmod(file, 0o600)
    assert inbox.poll() == [Stop()]
    with file.open("ab") as more:
        more.write(b'"pause"}\n')
    assert inbox.poll() == [Pause()]


def test_a_look_costs_one_stat_in_a_fifth_of_a_second(
    run: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, looks = 0.0, 0
    inbox = Inbox(run.folder, lambda: now)
    true_stat = os.stat

    def counted(path: Path, *, follow_symlinks: bool) -> os.stat_result:
        nonlocal looks
        looks += 1
        return true_stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr("vanish_recorder.control.os.stat", counted)
    for _ in range(1000):
        assert inbox.poll() == []
        now += 0.001
    assert looks <= 5


def test_requests_to_a_process_that_has_ended_are_dropped(run: Recording) -> None:
    Inbox(run.folder)
    ask(run.folder, Stop())
    assert Inbox(run.folder, Clock()).poll() == []


def test_a_file_that_is_not_the_users_alone_is_left_alone(run: Recording, tmp_path: Path) -> None:
    inbox, file = Inbox(run.folder, Clock()), run.folder / CONTROL
    file.unlink()
    assert inbox.poll() == []
    forged = tmp_path / "forged"
    forged.write_bytes(to_line(Stop()))
    file.symlink_to(forged)
    assert inbox.poll() == []
    file.unlink()
    os.link(forged, file)
    assert inbox.poll() == []
    file.unlink()
    os.mkfifo(file)
    assert inbox.poll() == []
    file.unlink()
    file.write_bytes(to_line(Stop()))
    os.chmod(file, 0o622)
    assert inbox.poll() == []
    file.unlink()
    ask(run.folder, Pause())
    assert inbox.poll() == [Pause()]


def test_a_link_in_its_place_is_not_written_through(run: Recording, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"mine\n")
    (run.folder / CONTROL).symlink_to(target)
    with pytest.raises(CannotAsk, match="cannot be written"):
        ask(run.folder, Stop())
    (run.folder / CONTROL).unlink()
    os.link(target, run.folder / CONTROL)
    with pytest.raises(CannotAsk, match="not a file of yours alone"):
        ask(run.folder, Stop())
    assert target.read_bytes() == b"mine\n"


def test_an_endless_line_does_not_fill_the_memory(run: Recording) -> None:
    inbox, file = Inbox(run.folder, Clock()), run.folder / CONTROL
    with file.open("ab") as more:
        more.write(b"x" * 2**20)
    assert inbox.poll() == []
    ask(run.folder, Pause())  # its line is a part of the endless one
    ask(run.folder, Stop())
    assert inbox.poll()[-1:] == [Stop()]


def test_why_a_run_takes_no_requests(run: Recording, tmp_path: Path) -> None:
    def reason(folder: Path) -> str:
        with pytest.raises(CannotAsk) as refused:
            ask(folder, Stop())
        return str(refused.value)

    fixed = recording(tmp_path, "fixed", control=False)
    assert reason(fixed.folder).startswith("its script does not allow changes")
    fixed.close(finished(fixed.run, 0))

    elsewhere = recording(tmp_path, "elsewhere")
    elsewhere.keep_up()
    lock = elsewhere.folder / LOCK
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "host": "gpu-7"}) + "\n")
    assert (
        reason(elsewhere.folder) == f"its script is process {os.getpid()} on gpu-7: change it from that host"
    )
    elsewhere.close(finished(elsewhere.run, 0))

    run.close(finished(run.run, 0))
    assert reason(run.folder) == "its script has ended"
    assert not (run.folder / CONTROL).exists()
    (run.folder / DESCRIPTION).write_text("{}")
    assert reason(run.folder).startswith("it was not recorded from a script")
