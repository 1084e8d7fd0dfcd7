"""Tables on standard output."""

import sys
from typing import NoReturn

from rich.console import Console

_UNFOLDED = 10_000  # cells


class TableConsole(Console):
    """Prints plain text as wide as the terminal; in a file, nothing is cut or wrapped."""

    def __init__(self) -> None:
        on_terminal = sys.stdout.isatty()
        super().__init__(highlight=False, markup=False, width=None if on_terminal else _UNFOLDED)

    def on_broken_pipe(self) -> NoReturn:
        """Let `main` handle it: it is not an error if the reader closes our output early."""
        raise BrokenPipeError
