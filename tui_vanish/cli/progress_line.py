"""One line on standard error that says what a long command does now."""

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from tui_vanish.cli.displays import begin
from tui_vanish.jobs.telling import lines_of, tell

if TYPE_CHECKING:
    from rich.live import Live


class ProgressLine(AbstractContextManager["ProgressLine"]):
    """A line that each text replaces, and that disappears at the end.

    Outside a terminal, only the last text is printed, when the work has ended.
    """

    def __init__(self) -> None:
        self._last = ""
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            # A thread that refreshes the line would take time from what is measured.
            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            begin(self._live)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._last:
            tell(self._last)

    def show(self, text: str) -> None:
        """Replace the line; it is cut if it is wider than the terminal."""
        self._last = text
        if self._live is not None:
            from rich.text import Text

            self._live.update(Text(lines_of(text), no_wrap=True, overflow="ellipsis"), refresh=True)
