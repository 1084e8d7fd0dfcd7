"""How the command line ends: its exit codes, and the exceptions that `cli.main` turns into one."""

FAILED, WRONG_USE, DIVERGED = 1, 2, 3  # for a signal, 128 plus its number


class RefusedError(Exception):
    """The user asked for something impossible; the text says what to do instead. Exit code 2."""


class NotFoundError(RefusedError):
    """What the command line names does not exist."""


class FailedError(Exception):
    """Something failed; the text says what. Exit code 1."""


class LeaveAtOnce(BaseException):
    """A signal must end the process at once: nothing can be stopped or needs saving, or it is the second one.

    Like KeyboardInterrupt, it is not an Exception, so that code that handles errors does not catch it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number
