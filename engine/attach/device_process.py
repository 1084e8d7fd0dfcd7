"""A process that trains on one device for an app: `python -m engine.attach.device_process`.

Commands come in on standard input, and what the engine reports goes out on standard output. The process saves
its runs and ends when its input ends, which also happens if the app is killed.
"""

import mmap
import os
import queue
import signal
import sys
import threading
from typing import Any

from engine.attach.messages import (
    Begin,
    EventSent,
    ForgetRun,
    Forgotten,
    Message,
    StateSent,
    ViewSent,
    receive,
    send,
)
from engine.protocol.commands import Forget
from engine.runtime.engine import Engine
from engine.runtime.lockstep import SharedRounds
from engine.runtime.state import EngineSnapshot

_LOOK_SECONDS = 0.05  # between two looks at the engine's state, which is for a screen


class DeviceProcess:
    """An engine whose commands and reports are messages.

    Args:
        begin: how to train.
        out: gets the messages.
    """

    def __init__(self, begin: Begin, out: Any) -> None:
        self._out = out
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._sent, self._was_importing = EngineSnapshot(), False
        memory = memoryview(mmap.mmap(begin.memory, 0))
        self._engine = Engine(
            begin.settings,
            on_event=lambda event: self._messages.put(EventSent(event)),
            on_view=self._send_view,
            lockstep=SharedRounds(memory, begin.place),
        )
        self._sender = threading.Thread(target=self._send, name="messages")

    def _send_view(self, run: str, view: Any) -> None:
        # A copy, because it must not contain the events that are sent after it.
        self._messages.put(ViewSent(run, view.copy()))

    def run(self, commands: Any) -> None:
        """Train until the commands end."""
        self._engine.start()
        self._sender.start()
        reader = threading.Thread(target=self._read, args=(commands,), name="commands", daemon=True)
        reader.start()
        try:
            while reader.is_alive() and self._engine.alive:
                reader.join(1.0)  # the pause is for signals, which wait for Python code to run
        finally:
            self._engine.close()
            self._messages.put(None)
            self._sender.join()

    def _read(self, commands: Any) -> None:
        while (command := receive(commands)) is not None:
            if isinstance(command, ForgetRun):
                self._engine.send(Forget(command.run, self._answer(command.run)))
            else:
                self._engine.send(command)

    def _answer(self, run: str) -> Any:
        return lambda trouble: self._messages.put(Forgotten(run, trouble))

    def _send(self) -> None:
        """Send what is reported, together with what the engine has published since the last time."""
        is_over = False
        while not is_over:
            found: list[Message] = []
            try:
                message = self._messages.get(timeout=_LOOK_SECONDS)
                while True:
                    is_over |= message is None
                    found += [] if message is None else [message]
                    message = self._messages.get_nowait()
            except queue.Empty:
                pass
            state = self._state()
            if not found and state is None:
                continue
            try:
                send(self._out, *found, *([] if state is None else [state]))
            except OSError:  # the app is gone: the end of the input says the same
                return

    def _state(self) -> StateSent | None:
        """What the engine has published; None if it is as it was sent."""
        now, before, importing = self._engine.snapshot(), self._sent, self._engine.importing
        if now.sequence == before.sequence and importing == self._was_importing:
            return None
        self._sent, self._was_importing = now, importing
        return StateSent(
            activity=now.activity,
            device=now.device,
            data=now.data,
            importing=importing,
            notices=now.notices[len(before.notices) :],
            inspection=now.inspection,
            unsaved=dict(now.unsaved),
        )


def main() -> None:
    """Train what comes in on standard input."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for a message
    commands = os.fdopen(os.dup(0), "rb")
    begin = receive(commands)
    if not isinstance(begin, Begin):  # the app has ended
        return
    sys.argv[1:] = begin.command
    process = DeviceProcess(begin, out)

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(128 + signal.SIGTERM)  # `run` saves everything before it ends

    signal.signal(signal.SIGTERM, end)
    process.run(commands)


if __name__ == "__main__":
    main()
