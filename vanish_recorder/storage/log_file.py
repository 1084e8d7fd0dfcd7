"""The files that one process writes for a run: its description, and its log of lines.

They are plain files with one writer, and the log is only appended to, because home folders on GPU machines
are often on NFS.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Self

from vanish_recorder.protocol.codec import to_line
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.storage.atomic import copy_atomically, write_atomically
from vanish_recorder.storage.guarded import open_guarded, read_guarded
from vanish_recorder.storage.open_file import copied_to, copy_rest, is_at
from vanish_recorder.storage.private import make_private_folder

EVENTS, DESCRIPTION = "events.jsonl", "run.json"
# Never follow a link: its target would be truncated or appended to.
_APPENDING = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class LogFile:
    """Writes the log of one run.

    Lines that cannot be written are kept for a later write, so that nothing is lost if a full disk has space
    again. The folder is created at once if possible, else by the first write that succeeds.

    Args:
        folder: of the run. It must not exist yet, and is created for the user alone.
        description: the content of its `run.json`.

    Raises:
        FileExistsError: the folder exists already.
    """

    def __init__(self, folder: Path, description: bytes) -> None:
        if os.path.lexists(folder):
            raise FileExistsError(17, "this run exists already", str(folder))
        self._prepare(folder)
        self._description = description
        with suppress(OSError):  # the first write raises it again
            self._open()

    @classmethod
    def reopen(cls, folder: Path, size: int) -> Self:
        """Open an existing log for writing, and truncate it to `size` bytes.

        Args:
            folder: of the run.
            size: of the log.

        Raises:
            OSError: it cannot be written.
        """
        log = cls.__new__(cls)
        log._prepare(folder)
        log._made, log._size = True, size
        with suppress(OSError, ValueError):
            log._description = read_guarded(folder / DESCRIPTION)
        _make_own(folder / EVENTS, size)
        log._file = _opened(folder / EVENTS)
        os.ftruncate(log._file, size)
        os.fsync(log._file)
        return log

    def _prepare(self, folder: Path) -> None:
        self.folder = folder
        self._description = b""
        self._made = False
        self._file: int | None = None
        self._size = 0
        self._unwritten = bytearray()
        self._mutex = RLock()  # the engine's thread writes, the saver's thread syncs

    @property
    def size(self) -> int:
        """The size in bytes, including lines that could not be written yet."""
        return self._size

    def open(self) -> None:
        """Create the folder and its files, if they do not exist.

        Raises:
            OSError: they cannot be created.
        """
        with self._mutex:
            self._open()

    def write(self, event: RunEvent) -> None:
        """Append one event as one line. The kernel has the line when this returns.

        Raises:
            OSError: the disk is full or gone. The line is kept for the next write.
        """
        self.keep(event)
        self.flush()

    def keep(self, event: RunEvent) -> None:
        """Append one event at the next write."""
        line = to_line(event).encode() + b"\n"
        with self._mutex:
            self._unwritten += line
            self._size += len(line)

    def flush(self) -> None:
        """Write the lines that were kept.

        Raises:
            OSError: the disk is full or gone.
        """
        with self._mutex:
            self._flush()

    def sync(self) -> None:
        """Write all lines, and wait until they are on the disk.

        Raises:
            OSError: the disk is full or gone.
        """
        with self._mutex:
            file = self._flush()
        os.fsync(file)

    def write_again(self) -> None:
        """Write the description and the log again, if the folder was moved or removed meanwhile.

        Raises:
            FileExistsError: another log has taken its place.
            OSError: they cannot be written.
        """
        with self._mutex:
            if self._file is None or is_at(self._file, self.folder / EVENTS):
                return
            if not os.path.lexists(self.folder / DESCRIPTION):
                write_atomically(self.folder / DESCRIPTION, self._description)
            again = copied_to(self.folder / EVENTS, self._file)
            os.close(self._file)
            self._file = again

    @property
    def descriptor(self) -> int:
        """The open file, for reading it. It is open until the log is exchanged or closed.

        Raises:
            OSError: it cannot be opened.
        """
        with self._mutex:
            return self._open()

    def exchange(self, shorter: Path, before: int, after: int) -> None:
        """Put a shorter log in the place of this one, with the lines that were appended meanwhile.

        Args:
            shorter: its path, beside the log.
            before: how many bytes of the log it replaces.
            after: how many bytes it has.

        Raises:
            FileNotFoundError: the run's folder was moved or removed.
            OSError: it cannot be written. The log is unchanged.
        """
        with self._mutex:
            file = self._flush()
            if not is_at(file, self.folder / EVENTS):
                raise FileNotFoundError(errno.ENOENT, "the run's folder was moved or removed")
            new = _opened(shorter)
            try:
                copy_rest(file, new, before)
                os.replace(shorter, self.folder / EVENTS)
            except BaseException:
                os.close(new)
                raise
            self._file = new
            self._size -= before - after
        os.close(file)

    @property
    def unwritten(self) -> int:
        """How many bytes wait for a later write."""
        return len(self._unwritten)

    def abandon(self) -> None:
        """Close the file in a forked child. It waits for no lock, because no other thread is left."""
        self._unwritten = bytearray()
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def drop(self) -> None:
        """Give up the lines that were not written yet."""
        with self._mutex:
            self._unwritten.clear()

    def close(self) -> None:
        """Close the file. Lines that cannot be written now are lost."""
        with self._mutex:
            with suppress(OSError):
                self._flush()
            if self._file is not None:
                os.close(self._file)
            self._file = None

    def _flush(self) -> int:
        file = self._open()
        while self._unwritten:
            del self._unwritten[: os.write(file, self._unwritten)]
        return file

    def _open(self) -> int:
        if self._file is None:
            if not self._made:
                make_private_folder(self.folder.parent)
                self.folder.mkdir(mode=0o700)
                self._made = True
            write_atomically(self.folder / DESCRIPTION, self._description)
            self._file = _opened(self.folder / EVENTS)
        return self._file


def _make_own(log: Path, size: int) -> None:
    """Give a run its own log, if the file has a second name: a copy with hard links has (`cp -al`).

    What is appended to it, or cut off, would change the run in the other folder.

    Raises:
        OSError: it cannot be copied.
    """
    try:
        with open_guarded(log) as file:
            if os.fstat(file.fileno()).st_nlink > 1:
                copy_atomically(file, size, log)
    except FileNotFoundError:
        pass


def _opened(log: Path) -> int:
    """Open a log for appending.

    Raises:
        OSError: it cannot be written, or it is not a regular file.
    """
    file = os.open(log, _APPENDING | os.O_RDWR, 0o600)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, f"{log.name} is not a regular file", str(log))
    return file
