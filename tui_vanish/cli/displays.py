"""Displays on standard error that hide the cursor while they are shown."""

from collections.abc import Callable
from typing import Protocol


class Display(Protocol):
    """A `Live` or a `Progress` of rich."""

    def start(self) -> None: ...  # noqa: D102

    def stop(self) -> None: ...  # noqa: D102


def begin(display: Display, draw: Callable[[], object] = lambda: None) -> None:
    """Start a display and draw it. If ctrl+c comes meanwhile, the cursor is shown again.

    Args:
        display: hides the cursor.
        draw: draws it for the first time.
    """
    try:
        display.start()
        draw()
    except BaseException:
        display.stop()
        raise
