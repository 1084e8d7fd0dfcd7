"""How the command line ends: its exit codes, and the exceptions that `cli.main` turns into one."""

import os
import sys

FAILED, WRONG_USE, DIVERGED = 1, 2, 3  # a signal's is 128 and its number


class RefusedError(Exception):
    """The user asked for what can't be done; the text says what to do instead. Exit code 2."""


class FailedError(Exception):
    """It went wrong, and the text says how. Exit code 1."""


class LeaveAtOnce(BaseException):
    """A signal came while nothing could be stopped and nothing needs saving: end the process now.

    Like KeyboardInterrupt it is no error, and passes whatever catches those.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


def drop_output() -> None:
    """Let nothing more go to standard output: what it didn't take would be tried again at the very end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
