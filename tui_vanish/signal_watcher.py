"""Waits for the signals that end a program, and for the loss of its terminal, in a thread of its own.

The event loop can't do that: Textual hands what it draws to a thread through a queue of a fixed size, and a
terminal that takes nothing more fills that queue, after which the loop blocks wherever it draws.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Collection

from tui_vanish import terminal


class SignalWatcher:
    """Listens from `start` until one of the signals comes, the terminal is lost, or it is told to stop.

    Args:
        numbers: the signals; one that is ignored at the start, as nohup leaves SIGHUP, stays ignored.
        leave: is called once, in the watcher's own thread: with the signal; for a lost terminal with SIGHUP.
    """

    def __init__(self, numbers: Collection[signal.Signals], leave: Callable[[signal.Signals], None]) -> None:
        self._numbers = numbers
        self._leave = leave
        self._taken: list[signal.Signals] = []
        self._reading = self._writing = -1
        self._stopped = False

    def start(self) -> None:
        """Listen; only the main thread may call this."""
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)
        # Python's own C code writes each signal's number there, whatever the main thread is blocked in.
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _leave_it_to_the_watcher)
                self._taken.append(number)
        threading.Thread(target=self._watch, name="signal-watcher", daemon=True).start()

    def stop(self) -> None:
        """Let the signals end the process at once again; only the main thread may call this."""
        if self._reading < 0:
            return
        for number in self._taken:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self._stopped = True
        os.write(self._writing, b"\0")

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        if sys.__stdin__ is not None:
            poll.register(sys.__stdin__.fileno(), 0)  # of which POLLHUP comes unasked
        while True:
            poll.poll()
            numbers = self._received()
            if self._stopped:
                return
            if terminal.is_lost():
                self._leave(signal.SIGHUP)
                return
            if numbers:
                self._leave(numbers[0])
                return

    def _received(self) -> list[signal.Signals]:
        """The signals that have come, the first one first."""
        try:
            data = os.read(self._reading, 1 << 10)
        except BlockingIOError:
            return []
        return [signal.Signals(number) for number in data if number in self._taken]


def _leave_it_to_the_watcher(*_: object) -> None:
    """A signal's handler: there has to be one for the number to be written."""
