"""The terminal itself: what Textual leaves to the app, and offers no public way to do."""

import select
import sys
from collections.abc import Mapping

from textual.driver import Driver

_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"


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


def set_mouse(driver: Driver, on: bool) -> None:
    """Have the terminal report the mouse, or leave it to the terminal, where it selects text."""
    if not on:
        driver._disable_mouse_support()  # type: ignore[attr-defined]
    driver._mouse = on
    if on:
        driver._enable_mouse_support()  # type: ignore[attr-defined]
