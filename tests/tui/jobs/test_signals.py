"""How the process is ended after a signal while its main thread cannot."""

import os
import pty
import select
import tty
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tui_vanish.jobs import signals

SHOWN = b"\x1b[?25h"


class EndedError(Exception):
    """Instead of the end of the process."""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """The two ends of a terminal that is standard error; the second belongs to the program."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)

    def end(code: int) -> None:
        raise EndedError(code)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(os, "ttyname", lambda descriptor: name)
    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp())
    yield master, slave
    os.close(master)
    os.close(slave)


def read_all(master: int) -> bytes:
    """Everything that the program has written to the terminal."""
    received = b""
    while select.select([master], [], [], 0.1)[0]:
        received += os.read(master, 1 << 16)
    return received


def test_pending_output_is_kept_where_the_terminal_accepts_output(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    pending = b"x" * 6000  # more than the terminal holds ready to be read
    assert os.write(slave, pending) == len(pending)
    with pytest.raises(EndedError, match="143"):
        signals._end(143)
    assert read_all(master) == pending + b"\r\n" + SHOWN


def test_the_cursor_is_shown_in_a_terminal_that_accepts_no_output(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.set_blocking(slave, False)
    with suppress(BlockingIOError):
        while os.write(slave, b"x" * 4096):
            pass
    with pytest.raises(EndedError, match="130"):
        signals._end(130)
    assert read_all(master).endswith(SHOWN)
