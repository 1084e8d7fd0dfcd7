"""Keeps the lock of a sweep alive while its main thread waits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vanish_recorder.storage.run_lock import HEARTBEAT_SECONDS, RunLock


@contextmanager
def beating(lock: RunLock) -> Iterator[None]:
    """Beat in another thread, so that other hosts see that the lock is held."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(HEARTBEAT_SECONDS):
            with suppress(OSError):  # the next one may succeed
                lock.beat()

    thread = threading.Thread(target=beat, name="sweep heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
