"""Waits in a thread for the signals that end a program, and for the loss of its terminal.

The event loop cannot do this. Textual passes its output to a thread through a queue of fixed size. A terminal
that accepts no output lets the queue fill up, and then the event loop blocks as soon as it draws.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from tui_vanish import terminal

# A shell that ends a suspended job sends the signal and then SIGCONT. Threads may receive them in any order.
_TOGETHER_SECONDS = 0.2


class SignalWatcher:
    """Watches from `start` until a signal arrives, the terminal is lost, or `stop` is called.

    Args:
        numbers: the signals; one that is ignored at the start, such as SIGHUP under nohup, stays ignored.
        leave: called once in the watcher's thread, with the signal, or with SIGHUP for a lost terminal.
    """

    def __init__(self, numbers: Collection[signal.Signals], leave: Callable[[signal.Signals], None]) -> None:
        self._numbers = numbers
        self._leave = leave
        self._taken: list[signal.Signals] = []
        self._ignored: signal.Signals | None = None
        self._reading = self._writing = -1
        self._stopped = False
        self._suspending = False
        # Held until a signal has come. An Event is unsafe here: one handler may interrupt another in `wait`.
        self._none_came = threading.Lock()
        self._none_came.acquire()

    def start(self) -> None:
        """Start to watch; only the main thread may call this."""
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)
        # Python's C code writes each signal's number to this pipe, even while the main thread is blocked.
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _leave_it_to_the_watcher)
                self._taken.append(number)
        threading.Thread(target=self._watch, name="signal-watcher", daemon=True).start()

    def resume_with(self, resume: Callable[[], None]) -> None:
        """Call `resume` when the process continues after a suspension, unless a signal ends it.

        A suspended job that is ended (`kill %1`) continues in the background. If it tried to use the terminal
        there, it would be stopped again before it has ended. Only the main thread may call this.
        """

        def continued(*_: object) -> None:
            if not terminal.is_ours() and self._ends():
                for number in (signal.SIGTTIN, signal.SIGTTOU):
                    signal.signal(number, signal.SIG_IGN)
            else:
                resume()

        signal.signal(signal.SIGCONT, continued)
        self._suspending = True

    def _ends(self) -> bool:
        """Whether a signal that ends the program has come, or comes within a moment."""
        came = self._none_came.acquire(timeout=_TOGETHER_SECONDS)
        if came:
            self._none_came.release()
        return came

    @contextmanager
    def ignoring(self, number: signal.Signals) -> Iterator[None]:
        """Ignore a signal, which the terminal sends to another program in the foreground as well."""
        self._ignored = number
        try:
            yield
        finally:
            self._ignored = None

    def stop(self) -> None:
        """Stop watching: signals end the process at once again. Only the main thread may call this."""
        if self._reading < 0:
            return
        for number in self._taken:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        if self._suspending:
            for number in (signal.SIGTSTP, signal.SIGCONT):
                signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self._stopped = True
        os.write(self._writing, b"\0")

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        if sys.__stdin__ is not None:
            poll.register(sys.__stdin__.fileno(), 0)  # POLLHUP is reported without being asked for
        while True:
            poll.poll()
            numbers = self._received()
            if self._stopped:
                return
            if terminal.is_lost():
                numbers = [signal.SIGHUP]
            if numbers:
                self._none_came.release()
                self._leave(numbers[0])
                return

    def _received(self) -> list[signal.Signals]:
        """The signals that have arrived, in order."""
        try:
            data = os.read(self._reading, 1 << 10)
        except BlockingIOError:
            return []
        taken = [number for number in self._taken if number != self._ignored]
        return [signal.Signals(number) for number in data if number in taken]


def _leave_it_to_the_watcher(*_: object) -> None:
    """The signals' handler. It does nothing, but without one Python would not write the number."""
