"""ctrl+c while something large is imported."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let ctrl+c end the process on the spot: an import that is broken off is a traceback, or goes on.

    Nothing may need to be saved or tidied up. A process that was told not to listen, by nohup say, doesn't.
    """
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if listens:
            signal.signal(signal.SIGINT, signal.default_int_handler)
