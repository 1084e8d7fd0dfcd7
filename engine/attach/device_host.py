"""The app's end of one training process: it starts it, sends it commands, and hears of its death."""

import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from engine.attach.messages import Begin, Message, StateSent, receive, send
from engine.gpu_trouble import in_words

Start = Callable[..., "subprocess.Popen[bytes]"]  # starts Python with these arguments and options

_MODULE = "engine.attach.device_process"
_PATIENCE_SECONDS = 60.0  # for a process to save its runs and end
_LONGEST = 4096  # bytes of its errors that are read


class DeviceHost:
    """One process that trains on one device. A new one takes its place when it is needed again.

    Args:
        device: for messages.
        begin: its first message.
        start: starts a Python process.
        on_message: called with each message, in this host's thread.
        on_death: called with a sentence if the process ends without being asked to.
    """

    def __init__(
        self,
        device: str,
        begin: Begin,
        start: Start,
        on_message: Callable[[Message], None],
        on_death: Callable[[str], None],
    ) -> None:
        self._device = device
        self._on_message, self._on_death = on_message, on_death
        self._closing = False
        self._writing = threading.Lock()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # until the process ends
        self._process = start(
            ["-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=(begin.memory,),
            start_new_session=True,  # ctrl+c and a lost terminal reach only the app, which ends this one
        )
        self._thread = threading.Thread(target=self._read, name=f"on {device}", daemon=True)
        self.send(begin)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, command: Any) -> None:
        """Send a command. If the process has died, its death is reported."""
        assert self._process.stdin is not None
        with self._writing, suppress(OSError, ValueError):
            send(self._process.stdin, command)  # type: ignore[arg-type]

    def close(self) -> None:
        """Have it save its runs and end; `join` waits for it."""
        self._closing = True
        assert self._process.stdin is not None
        with self._writing, suppress(OSError):
            self._process.stdin.close()

    def join(self) -> None:
        """Wait until it has saved and ended; it is killed if that takes too long."""
        self._thread.join(_PATIENCE_SECONDS)
        if self._thread.is_alive():
            self._process.kill()
            self._thread.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while (message := receive(self._process.stdout)) is not None:  # type: ignore[arg-type]
            self._on_message(message)
        assert self._process.stdin is not None
        with self._writing, suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        code = self._process.wait()
        if not self._closing:
            self._on_death(self._reason(code))
        self._errors.close()

    def _reason(self, code: int) -> str:
        """Why the process has ended, in one sentence."""
        self._errors.seek(0, 2)
        self._errors.seek(max(0, self._errors.tell() - _LONGEST))
        last = self._errors.read().decode(errors="replace")
        if (words := in_words(Exception(last))) is not None:
            return words
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"the process that trained on {self._device} {how}: resume the run from its last save"


class Place:
    """A device, and the process that trains there, if one was needed yet.

    Attributes:
        number: in the shared memory of the lockstep.
        lives: how many of its processes have ended.
        is_broken: whether its process cannot use the device any more.
        state: what its process has published.
    """

    def __init__(self, number: int, device: str) -> None:
        self.number, self.device = number, device
        self.host: DeviceHost | None = None
        self.lives = 0
        self.is_broken = False
        self.state: StateSent | None = None
