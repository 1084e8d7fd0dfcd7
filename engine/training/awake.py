"""A clock that leaves out the time for which the process is suspended: ctrl+z, SIGSTOP, a frozen container.

The system has no such clock. A thread looks at the time a few times per second; if it was kept from that for
seconds, as was every other thread that asks, the process was suspended.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

SUSPENDED_SECONDS = 2.0  # without a sign of life
_TICK_SECONDS = 0.25


class AwakeClock:
    """Seconds of a process, without the time for which it was suspended.

    Suspensions are left out only while `ticking`. Any thread may ask at the same time.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._ticking = 0
        self._last = self._left_out = 0.0

    def __call__(self) -> float:
        """The seconds now. This is also a sign of life."""
        with self._mutex:
            now = self._clock()
            if self._ticking and now - self._last > SUSPENDED_SECONDS:
                self._left_out += now - self._last
            self._last = now
            return now - self._left_out

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Leave out suspensions. A thread shows that the process is alive, whatever the others do."""
        with self._mutex:
            self._ticking += 1
            self._last = self._clock()
        ended = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(ended,), name="clock", daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            ticker.join()
            with self._mutex:
                self._ticking -= 1

    def _tick(self, ended: threading.Event) -> None:
        while not ended.wait(_TICK_SECONDS):
            self()


AWAKE = AwakeClock()
