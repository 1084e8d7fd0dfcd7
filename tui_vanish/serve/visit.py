"""One visitor's app: a process of its own in a pseudo-terminal, whose other end is the browser's page.

Textual has a driver for browsers, which speaks over pipes. A pseudo-terminal is used instead, because all
that the app does for a terminal then holds in a browser: which keys it reads, how it ends after a signal, and
that its runs continue in the background when the terminal is lost.
"""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from tui_vanish.jobs import children
from tui_vanish.terminal import SERVED

_MOST_COLUMNS, _MOST_ROWS = 500, 200
_PIECE = 1 << 16
_LARGEST_MESSAGE = 1 << 18  # bytes that are sent to the page at once
_DEAF_SECONDS = 10.0  # after which keys are dropped that the app does not read
_LAST_SECONDS = 10.0  # an app that has lost its terminal ends in 2 s; a busy machine may need more
# What describes the terminal of the server, and says nothing about the page.
_FOREIGN = ("COLUMNS", "LINES", "STY", "TMUX", "TERM_PROGRAM", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY")
_OF_THE_PAGE = {"TERM": "xterm-256color", "COLORTERM": "truecolor", SERVED: "1"}


class Visit:
    """An app for one visitor, in a process of its own, which `end` ends.

    Args:
        arguments: of the interpreter, such as `-m tui_vanish`.
        columns: width of the page in characters.
        rows: height of the page in lines.

    Attributes:
        ended: is set when `end` is done.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, arguments: Sequence[str], columns: int, rows: int) -> None:
        self.ended = asyncio.Event()
        self._master, slave = pty.openpty()
        try:
            self._set_size(columns, rows)
            os.set_blocking(self._master, False)
            self._process = children.start(
                arguments,
                changes={**dict.fromkeys(_FOREIGN), **_OF_THE_PAGE},
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
            )
        except OSError:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    async def output(self) -> AsyncIterator[bytes]:
        """What the app draws, in pieces, until it ends."""
        while True:
            piece = self._read()
            if piece is None:
                return
            if piece:
                yield piece
            else:
                await _ready(self._master, writing=False)

    async def type(self, keys: str) -> None:
        """Give the app what the visitor has typed; it is dropped if the app reads nothing for a long time."""
        data = keys.encode(errors="replace")
        with suppress(OSError, TimeoutError):  # OSError: the app has ended
            async with asyncio.timeout(_DEAF_SECONDS):
                while data:
                    try:
                        data = data[os.write(self._master, data) :]
                    except BlockingIOError:
                        await _ready(self._master, writing=True)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the app the new size of the page."""
        if self._process.poll() is None:
            self._set_size(columns, rows)
            # The kernel sends it only to processes whose controlling terminal this is.
            self._process.send_signal(signal.SIGWINCH)

    def save_and_stop(self) -> None:
        """Ask the app to save its runs and to end."""
        if self._process.poll() is None:
            self._process.terminate()

    async def end(self) -> None:
        """Take the terminal away, and wait until the app has ended; its runs continue in the background.

        No other method may be running.
        """
        os.close(self._master)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._process_ended()
        finally:
            if self._process.poll() is None:
                self._process.kill()  # its runs can be resumed from their last save
                self._process.wait()
            self.ended.set()

    async def _process_ended(self) -> None:
        if self._process.poll() is not None:
            return
        descriptor = os.pidfd_open(self._process.pid)
        try:
            await _ready(descriptor, writing=False)
        finally:
            os.close(descriptor)

    def _read(self) -> bytes | None:
        """What there is to read, all of it at once if it is not too much; None at the end."""
        pieces: list[bytes] = []
        size = 0
        while size < _LARGEST_MESSAGE:
            try:
                piece = os.read(self._master, _PIECE)
            except BlockingIOError:
                break
            except OSError:  # EIO: no process has the other end any more
                piece = b""
            if not piece:
                return b"".join(pieces) or None
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def _set_size(self, columns: int, rows: int) -> None:
        shown = min(max(rows, 1), _MOST_ROWS), min(max(columns, 1), _MOST_COLUMNS)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", *shown, 0, 0))


async def _ready(descriptor: int, *, writing: bool) -> None:
    """Wait until a descriptor can be read or written."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def note() -> None:
        if not ready.done():
            ready.set_result(None)

    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    add(descriptor, note)
    try:
        await ready
    finally:
        remove(descriptor)
