"""Whatever lies in a run's folder, reading it neither waits, nor fills the memory, nor ends the program."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from vanish_recorder.protocol.json_text import DEEPEST, parse
from vanish_recorder.storage import guarded
from vanish_recorder.storage.guarded import LineTooLong, open_guarded, read_guarded, read_lines, whole_size


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _link(path: Path) -> None:
    path.with_name("target").write_text("{}")
    path.symlink_to("target")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(path.parent)  # its address has a maximal length
        try:
            listener.bind(path.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_pipe, "file.json is not a regular file"),
        (_endless, "file.json is a link"),
        (_link, "file.json is a link"),
        (_socket, "file.json is not a regular file"),
        (Path.mkdir, "Is a directory"),
    ],
)
def test_what_is_not_a_regular_file_is_refused_at_once(
    make: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.json"
    make(path)
    with pytest.raises(OSError, match=reason) as caught:
        read_guarded(path)
    assert caught.value.strerror == reason


def test_a_device_is_refused() -> None:
    with pytest.raises(OSError, match="zero is not a regular file"):
        open_guarded("/dev/zero")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with path.open("wb") as file:
        file.truncate(2**40)  # without using the disk
    with pytest.raises(OSError, match=r"run.json has more than 4 MB"):
        read_guarded(path)
    path.write_bytes(b"1234")
    assert read_guarded(path, 4) == b"1234"


def test_lines_come_with_the_offsets_after_them(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n\ntwo\nincomplete")
    with open_guarded(path) as file:
        assert list(read_lines(file)) == [(b"one", 4), (b"", 5), (b"two", 9)]
        assert list(read_lines(file, 5)) == [(b"two", 9)]
        assert whole_size(file) == 9


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    with path.open("r+b") as file:
        file.truncate(2**40)
    with open_guarded(path) as file:
        lines = read_lines(file)
        assert next(lines) == (b"one", 4)
        with pytest.raises(LineTooLong, match="more than 16 MB"):
            next(lines)
        with pytest.raises(LineTooLong):
            whole_size(file)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 40])
def test_the_end_of_the_last_whole_line_is_found_block_by_block(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "_BUFFER", 8)
    path = tmp_path / "log"
    for ending in range(size + 1):
        content = bytes(size - ending) + b"\n" + bytes(ending)
        path.write_bytes(content)
        with open_guarded(path) as file:
            assert whole_size(file) == size - ending + 1
    path.write_bytes(bytes(size))
    with open_guarded(path) as file:
        assert whole_size(file) == 0


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_json_is_parsed_only_as_deep_as_the_program_can_follow(brackets: str) -> None:
    def nested(levels: int) -> str:
        begin = brackets[0] if brackets == "[]" else '{"a":'
        return begin * levels + "1" + brackets[1] * levels

    parse(nested(DEEPEST))
    parse("[" + ",".join(["[1]"] * 1000) + "]")
    for levels in (DEEPEST + 1, 900, 1500, 100_000):
        for text in (nested(levels), nested(levels).encode()):
            with pytest.raises(ValueError, match="nested too deeply"):
                parse(text)
