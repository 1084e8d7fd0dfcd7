"""A program in a real pseudo-terminal: its screen can be read, and keys can be typed."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import pyte

# Long enough for torch on a busy machine; these tests do not check speed.
PATIENCE = 120.0

_SYNCHRONISES = "\x1b[?2026;2$y"  # as many terminals answer when they are asked for it

_PIECE = 1024  # bytes that a terminal takes at once
# A frame is drawn in less, mostly; a thread that so many keys don't wake is blocked.
_FRAME_SECONDS, _SILENCE = 0.05, 30

# A main thread that has nothing to do wakes for its timers only. One that waits for Python's lock wakes 200
# times per second, and one that waits for what a key has caused up to 500 times.
_MOMENT, _FEW = 0.2, 20

PROGRAM = (sys.executable, "-m", "tui_vanish")

# Sequences that pyte does not know and would show as text: queries, and the keyboard protocol.
_UNKNOWN = re.compile(rb"\x1b\[[<>=?]?[0-9;]*(?:u|\$p)|\x1bP.*?\x1b\\", re.DOTALL)


class PseudoTerminal:
    """A program in its own terminal, as the leader of a session.

    Args:
        arguments: for the program.
        program: `vanish-tui`, unless another is named.
        environment: added to this process's environment; None removes a variable.
        columns: width of the terminal.
        rows: height of the terminal.
        cwd: the folder in which the program starts.
        controlling: whether the kernel reports a hang-up to the program by signals.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        program: Sequence[str] = PROGRAM,
        environment: Mapping[str, str | None] | None = None,
        columns: int = 120,
        rows: int = 36,
        cwd: Path | None = None,
        controlling: bool = True,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = b""
        self._controlling = controlling
        self._master, self._slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=child_environment({"TERM": "xterm-256color", **(environment or {})}),
            cwd=cwd,
            preexec_fn=self._lead_session,
        )
        self._ended = os.pidfd_open(self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()
        os.close(self._ended)

    @property
    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def type(self, keys: str) -> None:
        """Type keys."""
        self.type_bytes(keys.encode())

    def type_bytes(self, data: bytes) -> None:
        """Send bytes, reading what the program draws meanwhile: it takes no more than fits its buffer.

        What is left when the program has ended is dropped.
        """
        while data:
            ready, writable, _ = select.select([self._master, self._ended], [self._master], [], PATIENCE)
            if not writable:
                assert ready, "the program does not read"
                if self._ended in ready and not self._read(0):
                    return
                self._read(0)
                continue
            data = data[os.write(self._master, data[:_PIECE]) :]

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size; the program gets SIGWINCH."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, condition: str | Callable[[str], object]) -> str:
        """Read until the screen shows a text or meets a condition; returns the screen."""
        holds = condition if callable(condition) else lambda text: condition in text
        deadline = monotonic() + PATIENCE
        while not holds(self.text):
            if not self._read(deadline - monotonic()):
                wanted = condition if isinstance(condition, str) else "a condition"
                why = f"ended with {self.process.poll()}" if self.process.poll() is not None else "waited"
                raise AssertionError(f"{why}, but not seen: {wanted}\n{self.text}")
        return self.text

    def watch(self, seconds: float) -> str:
        """Read all output for `seconds`; returns the screen."""
        deadline = monotonic() + seconds
        while self._read(deadline - monotonic()):
            pass
        return self.text

    def watch_until(self, holds: Callable[[str], bool], seconds: float) -> str:
        """Read until the screen meets a condition, or for `seconds`; returns the screen."""
        deadline = monotonic() + seconds
        while not holds(self.text) and self._read(deadline - monotonic()):
            pass
        return self.text

    def settle(self, seconds: float) -> None:
        """Read until the program's main thread has done nothing for a moment, or for `seconds`."""
        deadline = monotonic() + seconds
        while self.process.poll() is None and monotonic() < deadline:
            before = self._worked()
            self.watch(_MOMENT)
            busy, slices = (now - then for now, then in zip(self._worked(), before, strict=True))
            if busy < 0.1 * _MOMENT and slices < _FEW:
                return

    def wait_for_end(self) -> int:
        """Read until the program has ended; returns its exit code."""
        deadline = monotonic() + PATIENCE
        while self._read(deadline - monotonic()):
            pass
        assert self.process.poll() is not None, f"still there:\n{self.text}"
        return self.process.returncode

    def stall(self, keys: str) -> None:
        """Read nothing more, and have it draw, at a key each, until its main thread is blocked by that."""
        deadline = monotonic() + PATIENCE
        self.type(_SYNCHRONISES)  # each frame is then several writes, and each of them may block
        before, unchanged = "", 0
        for key in cycle(keys):
            if unchanged == _SILENCE:  # a key wakes a main thread that isn't blocked
                break
            assert monotonic() < deadline, "it draws, although the terminal takes nothing"
            self.type(key)
            select.select([self._ended], [], [], _FRAME_SECONDS)
            now = self._switches()
            before, unchanged = now, unchanged + 1 if now == before else 0

    def wait_until_blocked(self) -> None:
        """Read nothing more, and wait until the terminal takes nothing more from the program."""
        deadline = monotonic() + PATIENCE
        while select.select([], [self._slave], [], 0)[1]:
            assert monotonic() < deadline, "it writes nothing more, and the terminal is not full"
            assert not select.select([self._ended], [], [], 0.1)[0], "it has ended"

    def wait_for_end_unread(self) -> int:
        """Wait until the program has ended, without reading; returns its exit code."""
        ready, _, _ = select.select([self._ended], [], [], PATIENCE)
        assert ready, "still there"
        return self.process.wait()

    def hang_up(self) -> None:
        """Close the terminal."""
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self._slave = -1

    def is_restored(self) -> bool:
        """Whether the terminal is as before: its modes, its normal screen, and a visible cursor."""
        return (
            termios.tcgetattr(self._slave) == self.before
            and self.sent.rfind(b"\x1b[?1049l") >= self.sent.rfind(b"\x1b[?1049h")
            and self.sent.rfind(b"\x1b[?25h") >= self.sent.rfind(b"\x1b[?25l")
            and self.sent.rfind(b"\x1b[?1000l") >= self.sent.rfind(b"\x1b[?1000h")
        )

    def _worked(self) -> tuple[float, int]:
        """For how many seconds the main thread had work, with and without a core, and in how many slices."""
        try:
            text = Path(f"/proc/{self.process.pid}/schedstat").read_text()
        except OSError:  # it has ended
            return 0.0, 0
        ran, waited, slices = map(int, text.split())
        return (ran + waited) / 1e9, slices

    def _switches(self) -> str:
        """How often the main thread has given up its core: at every wait, so that a blocked one adds none."""
        status = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/status").read_text()
        return "".join(line for line in status.splitlines() if "ctxt_switches" in line)

    def _read(self, seconds: float) -> bool:
        """Read the next output of the program; False when it has ended or the time is over."""
        if self._master < 0:
            ready, _, _ = select.select([self._ended], [], [], max(0.0, seconds))
            return False if ready else seconds > 0
        ready, _, _ = select.select([self._master, self._ended], [], [], max(0.0, seconds))
        if self._master in ready:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError as error:
                if error.errno != errno.EIO:  # EIO: the other end was closed
                    raise
                return False
            self.sent += data
            self._stream.feed(understood(data))
            return True
        if self._ended in ready:
            self.process.wait()
        return False

    def _lead_session(self) -> None:
        os.setsid()
        if self._controlling:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        take_signals()


def understood(data: bytes) -> bytes:
    """What a program has written, without what pyte would show as text."""
    return _UNKNOWN.sub(b"", data)


def take_signals() -> None:
    """Restore the default signal handlers: a caller in the background may pass on ignored signals."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def child_environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment without the variables that describe a terminal, and with `changes`."""
    foreign = {"NO_COLOR", "COLORTERM", "TMUX", "STY", "SSH_TTY", "SSH_CLIENT", "SSH_CONNECTION", "COLUMNS"}
    kept = {name: value for name, value in os.environ.items() if name not in foreign | {"LINES", "LC_ALL"}}
    return {
        name: value for name, value in {**kept, "LANG": "C.UTF-8", **changes}.items() if value is not None
    }
