"""The terminal itself: what Textual leaves to the app, and offers no public way to do."""

import os
import select
import signal
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress

from textual.driver import Driver

_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
# What Textual's driver writes at its end: synchronised output, pasting, wrapping, reports of size and mouse,
# the keyboard, the alternate screen, the cursor, and reports of the focus.
_END = "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
_END += "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"


def over_ssh(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of an SSH connection."""
    return any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def is_lost() -> bool:
    """Whether the terminal on standard input was hung up.

    With SIGHUP ignored nothing else tells: reading gives an end of file for ever, and Textual reads on.
    """
    if sys.__stdin__ is None:
        return True
    poll = select.poll()
    try:
        poll.register(sys.__stdin__.fileno(), 0)
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return True


class Title:
    """The title of the terminal's window; the one from before comes back in the end."""

    def __init__(self) -> None:
        self._saved = False

    def set(self, driver: Driver, text: str) -> None:
        """Set the title."""
        save = "" if self._saved else _SAVE_TITLE
        self._saved = True
        printable = "".join(character for character in text if character.isprintable())
        driver.write(f"{save}\x1b]2;{printable}\x07")

    def restore(self, driver: Driver) -> None:
        """Put the title back that was there before the first `set`."""
        if self._saved:
            driver.write(_RESTORE_TITLE)
            self._saved = False

    @property
    def end(self) -> str:
        """What puts the title back, if anything has to."""
        return _RESTORE_TITLE if self._saved else ""


def set_mouse(driver: Driver, on: bool) -> None:
    """Have the terminal report the mouse, or leave it to the terminal, where it selects text."""
    if not on:
        driver._disable_mouse_support()  # type: ignore[attr-defined]
    driver._mouse = on
    if on:
        driver._enable_mouse_support()  # type: ignore[attr-defined]


def put_back(driver: Driver, title: Title, number: signal.Signals) -> None:
    """Put a terminal back that has taken nothing for a while; nothing can be drawn after this.

    What is still to be drawn is dropped, so that there is room for the few bytes that put the terminal back.

    Args:
        driver: has drawn until now; its thread is blocked in a write.
        title: of the terminal's window.
        number: a signal with a handler that does nothing: it interrupts that write.
    """
    if not _is_ours(driver.fileno):  # type: ignore[attr-defined]
        return
    output = driver._file.fileno()  # type: ignore[attr-defined]
    with suppress(OSError, termios.error):
        own = os.dup(output)
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)  # there the interrupted write is continued
        writer = driver._writer_thread  # type: ignore[attr-defined]
        if writer is not None and writer.is_alive():
            signal.pthread_kill(writer.ident, number)
        termios.tcflush(own, termios.TCIOFLUSH)
        if driver.attrs_before is not None:  # type: ignore[attr-defined]
            termios.tcsetattr(own, termios.TCSANOW, driver.attrs_before)  # type: ignore[attr-defined]
        os.write(own, (title.end + _END).encode())


def _is_ours(descriptor: int) -> bool:
    """Whether this process may command the terminal: in the background it would be stopped for it."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # it is no session's terminal
        return True
