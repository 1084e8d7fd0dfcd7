"""Tables on standard output."""

import sys
from typing import NoReturn

from rich.console import Console

_UNFOLDED = 10_000  # cells


class TableConsole(Console):
    """Plain text as wide as the terminal; in a file nothing is cut or folded."""

    def __init__(self) -> None:
        on_terminal = sys.stdout is not None and sys.stdout.isatty()
        super().__init__(highlight=False, markup=False, width=None if on_terminal else _UNFOLDED)

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command line, for which a reader who has seen enough is no failure."""
        raise BrokenPipeError
