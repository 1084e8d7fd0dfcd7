"""The signals that end a headless program, also while its main thread is blocked in a write."""

import os
import queue
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Protocol

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A signal that arrives sooner after the first is the same one: make, timeout and srun pass theirs on to a
# process that has also received it as a member of their group.
AGAIN_SECONDS = 0.5

# A signal ends a blocked program within 2 s: these two, and the time that saving takes.
_BLOCKED_SECONDS = 0.5  # after which the runs are stopped here
_FAREWELL_SECONDS = 1.0  # and after which, once they are saved, the process is ended
_LAST_SECONDS = 0.3  # that the main thread gets to end the process after a second signal
_GLANCE = 0.05
_SHOW_CURSOR = b"\r\n\x1b[?25h"


@dataclass(frozen=True, slots=True)
class Came:
    """A signal, and when it came."""

    number: int
    at: float

    @property
    def code(self) -> int:
        """The exit code that it gives."""
        return 128 + self.number


class Stoppable(Protocol):
    """What trains: the part of the engine that is needed to end it."""

    @property
    def importing(self) -> bool:
        """Whether torch is being imported, so that nothing needs saving."""

    def close(self) -> None:
        """Stop and save every run."""


class _Overseer:
    """Ends the process after a signal if the main thread cannot, from a thread that never writes.

    The main thread reports the runs, so a reader that reads nothing more, such as a connection that has died,
    blocks it. It counts as blocked while it uses no CPU time.

    Args:
        engine: trains the runs.
    """

    def __init__(self, engine: Stoppable) -> None:
        self._engine = engine
        self.inbox: queue.SimpleQueue[Came | None] = queue.SimpleQueue()
        self._cpu_time = time.pthread_getcpuclockid(threading.main_thread().ident or 0)
        self._used, self._since = -1.0, 0.0

    def start(self) -> None:
        """Start to wait for a signal; None in the inbox ends this."""
        threading.Thread(target=self._oversee, name="overseer", daemon=True).start()

    def _oversee(self) -> None:
        first = self.inbox.get()
        if first is None:
            return
        closing = threading.Thread(target=self._engine.close, name="closing", daemon=True)
        while True:
            try:
                news = self.inbox.get(timeout=_GLANCE)
            except queue.Empty:
                pass
            else:
                if news is None:
                    return
                if news.at - first.at >= AGAIN_SECONDS:
                    time.sleep(_LAST_SECONDS)
                    _end(news.code)
            blocked = self._blocked_seconds()
            if closing.is_alive():  # the main thread may be waiting for the same save
                self._since = monotonic()
            elif closing.ident is not None or self._engine.importing:
                # An import can keep the main thread from running, and then needs no save.
                if blocked >= _FAREWELL_SECONDS:
                    _end(first.code)
            elif blocked >= _BLOCKED_SECONDS:
                closing.start()

    def _blocked_seconds(self) -> float:
        """How long the main thread has used no CPU time."""
        used, now = time.clock_gettime(self._cpu_time), monotonic()
        if used != self._used:
            self._used, self._since = used, now
        return now - self._since


_overseers: list[_Overseer] = []  # those that a signal has reached


@contextmanager
def signals_into(inbox: Callable[[Came], None], engine: Stoppable) -> Iterator[None]:
    """Pass the signals that end a program to `inbox`, except those that the caller ignores (nohup).

    After a signal, the process ends even if the main thread is blocked, until `dismiss` is called.

    Args:
        inbox: called in the main thread.
        engine: is closed if the main thread is blocked.
    """
    overseer = _Overseer(engine)

    def note(number: int, _: FrameType | None) -> None:
        came = Came(number, monotonic())
        if overseer not in _overseers:
            _overseers.append(overseer)
        overseer.inbox.put(came)
        inbox(came)

    before = {each: signal.getsignal(each) for each in SIGNALS}
    overseer.start()
    try:
        for each, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(each, note)
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        if overseer not in _overseers:
            overseer.inbox.put(None)


def dismiss() -> None:
    """The program has written its last word, so that nothing can block it any more."""
    while _overseers:
        _overseers.pop().inbox.put(None)


def _end(code: int) -> None:
    """End the process, and show the cursor again, which a progress bar hides."""
    with suppress(OSError, termios.error):
        terminal = os.open(os.ttyname(2), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        if os.tcgetpgrp(terminal) == os.getpgrp():  # in the background, it would be stopped instead
            _write_at_once(terminal, _SHOW_CURSOR)
    os._exit(code)


def _write_at_once(terminal: int, content: bytes) -> None:
    """Write to a terminal. Only if it accepts no output, what is pending is dropped to make room."""
    with suppress(BlockingIOError):
        if os.write(terminal, content) == len(content):
            return
    termios.tcflush(terminal, termios.TCOFLUSH)
    os.write(terminal, content)
