"""Operations on the terminal that Textual does not offer in its public API."""

import os
import select
import signal
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress

from textual.driver import Driver

# Set by the server that shows the app in a browser: no shell could continue a suspended app there.
SERVED = "VANISH_TUI_SERVED"

_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
# Textual's driver writes the same at its end. It resets synchronised output, pasting, wrapping, reports of
# size and mouse, the keyboard, the alternate screen, the cursor, and reports of the focus.
_END = "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
_END += "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"


def over_ssh(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of an SSH connection."""
    return any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def is_lost() -> bool:
    """Whether the terminal on standard input was hung up.

    If SIGHUP is ignored, there is no other sign: each read returns an end of file, and Textual keeps reading.
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
    """The title of the terminal's window; `restore` brings back the title from before the start."""

    def __init__(self) -> None:
        self._saved = False

    def set(self, driver: Driver, text: str) -> None:
        """Set the title."""
        save = "" if self._saved else _SAVE_TITLE
        self._saved = True
        printable = "".join(character for character in text if character.isprintable())
        driver.write(f"{save}\x1b]2;{printable}\x07")

    def restore(self, driver: Driver) -> None:
        """Restore the title from before the first `set`."""
        if self._saved:
            driver.write(_RESTORE_TITLE)
            self._saved = False

    @property
    def end(self) -> str:
        """The escape sequence that restores the title; empty if it was not changed."""
        return _RESTORE_TITLE if self._saved else ""


def set_mouse(driver: Driver, on: bool) -> None:
    """Switch mouse reports on or off; while they are off, the mouse selects text in the terminal."""
    if not on:
        driver._disable_mouse_support()  # type: ignore[attr-defined]
    driver._mouse = on
    if on:
        driver._enable_mouse_support()  # type: ignore[attr-defined]


def resume(driver: Driver) -> None:
    """Take the terminal again after the process was stopped, by ctrl+z or by SIGSTOP.

    After SIGSTOP, which no process can prepare for, the driver would otherwise start a second time.
    """
    if driver._auto_restart and _is_in_use(driver):
        driver.suspend_application_mode()
        driver._must_signal_resume = True  # type: ignore[attr-defined]
    driver._sigcont_application()  # type: ignore[attr-defined]


def put_back(driver: Driver, title: Title, number: signal.Signals) -> None:
    """Restore a terminal that accepts no output or is now the shell's; the driver cannot draw after this.

    Pending output is dropped, to make room for the few bytes that restore the terminal. In the background,
    the shell has already set the modes that it needs, so only the escape sequences are written.

    Args:
        driver: Textual's driver; its thread may be blocked in a write.
        title: of the terminal's window.
        number: a signal whose handler does nothing; it interrupts the blocked write.
    """
    writer = driver._writer_thread  # type: ignore[attr-defined]
    if writer is None:
        return  # nothing was written yet
    end = (title.end + (_END if _is_in_use(driver) else "")).encode()
    output = driver._file.fileno()  # type: ignore[attr-defined]
    with suppress(OSError, termios.error):
        if not is_ours():
            os.write(os.open(os.ttyname(output), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY), end)
            return
        own = os.dup(output)
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)  # the interrupted write continues there
        if writer.is_alive():
            signal.pthread_kill(writer.ident, number)
        termios.tcflush(own, termios.TCIOFLUSH)
        if driver.attrs_before is not None:  # type: ignore[attr-defined]
            termios.tcsetattr(own, termios.TCSANOW, driver.attrs_before)  # type: ignore[attr-defined]
        os.write(own, end)


def _is_in_use(driver: Driver) -> bool:
    """Whether the driver has changed the terminal; while the app is suspended, it has restored it."""
    writer = driver._writer_thread  # type: ignore[attr-defined]
    return writer is not None and writer.is_alive()


def is_ours() -> bool:
    """Whether this process may control the terminal; a background process would be stopped if it tried."""
    try:
        return sys.__stdin__ is None or os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # not the controlling terminal of a session
        return True
