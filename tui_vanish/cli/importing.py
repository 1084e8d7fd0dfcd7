"""ctrl+c during a slow import."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let ctrl+c end the process at once: Python would print a traceback, or continue the import.

    Use it only where nothing has to be saved or cleaned up. If the caller ignores SIGINT, as a shell does for
    its background jobs, it stays ignored.
    """
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if listens:
            signal.signal(signal.SIGINT, signal.default_int_handler)
