"""One line of progress: replaced in a terminal, printed once elsewhere."""

import io
import sys
from contextlib import suppress

import pytest

from tui_vanish.cli.progress_line import ProgressLine


def test_without_a_terminal_only_the_last_text_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLine() as line:
        for text in ("first", "second", "third \x1b[2J"):
            line.show(text)
            assert capsys.readouterr().err == ""
    assert capsys.readouterr().err == "vanish-tui: third \\x1b[2J\n"


def test_without_a_text_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLine():
        pass
    assert capsys.readouterr().err == ""


def test_work_that_fails_leaves_its_last_text(capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(OSError), ProgressLine() as line:
        line.show("measuring")
        raise OSError
    assert capsys.readouterr().err == "vanish-tui: measuring\n"


def test_in_a_terminal_each_text_takes_the_line_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyte

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "40"), ("LINES", "5")):
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    screen = pyte.Screen(40, 5)

    def shown() -> list[str]:
        screen.reset()
        pyte.Stream(screen).feed(terminal.getvalue().replace("\n", "\r\n"))
        return [line.rstrip() for line in screen.display if line.strip()]

    with ProgressLine() as line:
        line.show("a short one")
        assert shown() == ["a short one"]
        line.show(f"a long one {'x' * 40}")
        assert shown() == [f"a long one {'x' * 28}…"]
    assert shown() == []
