"""The run's description (`run.json`) and its log of events (`events.jsonl`).

They are plain files with one writer, and the log is only appended to, because home folders on GPU machines
are often on NFS.
"""

import errno
import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from engine.protocol.events import (
    LARGEST_INTEGER,
    SCHEMA,
    Record,
    RunEvent,
    RunStarted,
    is_a,
    to_line,
)
from engine.protocol.json_text import parse
from engine.protocol.spec import NotARunSpec, RunSpec
from engine.storage import log_reader
from engine.storage.atomic import copy_atomically, write_atomically
from engine.storage.checksum import ALGORITHM, Checksum, identity_of
from engine.storage.guarded import open_guarded, read_guarded
from engine.storage.log_reader import LogReader, iterate_events
from engine.storage.open_file import copied_to, is_at
from engine.storage.origin import Origin, to_record
from scenarios.private import make_private_folder

EVENTS, DESCRIPTION = log_reader.EVENTS, "run.json"
_PLAIN = Checksum()
# Never follow a link: its target would be truncated or appended to.
_APPENDING = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class NotARun(Exception):
    """A folder is not a run that this version can read. The text says why."""


class Newer(NotARun):
    """A newer version wrote a file of the run."""


@dataclass(frozen=True, slots=True)
class Description:
    """The content of `run.json`.

    Attributes:
        run: name of the run and of its folder.
        seed: of all its randomness.
        spec: what it trains.
        origin: what it began with; None if an earlier version began the run.
        checksum: of its checkpoints.
    """

    run: str
    seed: int
    spec: RunSpec
    origin: Origin | None
    checksum: Checksum


def read_description(folder: Path) -> Description:
    """Read the description of the run in `folder`.

    Raises:
        NotARun: the folder is not a run, it is damaged, or a newer version wrote it.
    """
    try:
        record = parse(read_guarded(folder / DESCRIPTION))
    except FileNotFoundError:
        raise NotARun(f"not a run: {DESCRIPTION} is missing") from None
    except NotADirectoryError:
        raise NotARun("not a run: it is a file") from None
    except OSError as error:
        raise NotARun(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotARun(f"damaged: {DESCRIPTION} is not JSON") from None
    refuse_newer(record)
    try:
        spec, seed = RunSpec.of(record["scenario"]), record["seed"]
        if not is_a(seed, int) or isinstance(seed, bool):
            raise TypeError("the seed is not a whole number")
        checksum = Checksum(identity_of(record), required=record.get("checkpoints") == ALGORITHM)
        return Description(folder.name, seed, spec, Origin.from_record(record), checksum)
    except (KeyError, TypeError, ValueError):
        raise NotARun(f"damaged: {DESCRIPTION} does not describe a run") from None


def refuse_newer(record: object) -> None:
    """Check the `schema` of a file in a run directory.

    Raises:
        Newer: this version does not know the schema.
        NotARun: there is none.
    """
    schema = record.get("schema") if isinstance(record, dict) else None
    if type(schema) is int and SCHEMA < schema < LARGEST_INTEGER:
        raise Newer(f"written by a newer version (schema {schema}, here {SCHEMA}): update vanish-tui")
    if schema != SCHEMA:
        raise NotARun("damaged: it has no schema")


class RunLog:
    """Writes the log of one run.

    Lines that cannot be written are kept for a later write, so that nothing is lost if a full disk has space
    again. The folder is created at once if possible, else by the first write that succeeds.

    Args:
        folder: of the run. It must not exist yet, and is created for the user alone.
        scenario: complete, with its `id`.
        seed: of all randomness.
        origin: data, device and threads that the run begins with.

    Raises:
        FileExistsError: the folder exists already.
    """

    def __init__(self, folder: Path, scenario: Record, seed: int, origin: Origin) -> None:
        if os.path.lexists(folder):
            raise FileExistsError(17, "this run exists already", str(folder))
        self._prepare(folder)
        description = {
            "schema": SCHEMA,
            "run": folder.name,
            "seed": seed,
            **to_record(origin),
            "checkpoints": ALGORITHM,
            "scenario": scenario,
        }
        self.checksum = Checksum(identity_of(description), required=True)
        # A file name may contain bytes that are not UTF-8. They are kept as JSON escapes.
        text = json.dumps(description, ensure_ascii=False, indent=1)
        self._description = text.encode(errors="backslashreplace")
        with suppress(OSError):  # the first write raises it again
            self._open()

    @classmethod
    def reopen(cls, folder: Path, size: int, checksum: Checksum = _PLAIN) -> Self:
        """Open an existing log for writing, and truncate it to `size` bytes.

        Args:
            folder: of the run.
            size: of the log.
            checksum: of the run's checkpoints.

        Raises:
            OSError: it cannot be written.
        """
        log = cls.__new__(cls)
        log._prepare(folder)
        log._made, log._size, log.checksum = True, size, checksum
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
        self._mutex = Lock()  # the engine's thread writes, the saver's thread syncs

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


def read_events(path: Path) -> list[RunEvent]:
    """The events of an undamaged log; see iterate_events.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is damaged.
    """
    reader = LogReader()
    events = list(iterate_events(path, reader))
    if reader.damage.lines:
        raise ValueError(f"{path}: {reader.damage}")
    return events


def contradiction(what: Description, started: RunStarted) -> str:
    """What a run's description and the first line of its log disagree about; empty if nothing."""
    if started.seed != what.seed:
        return "seed"
    if what.origin is not None:
        sizes = (started.data.get("train"), started.data.get("test"))
        if sizes != (what.origin.train, what.origin.test):
            return "number of images"
        if started.device == what.origin.device == "cpu" and started.threads != what.origin.threads:
            return "number of threads"
    if started.scenario == what.spec.record:
        return ""
    with suppress(NotARunSpec):  # the log's is damaged, or of an earlier version
        # As scenarios, because another version may have written a setting that has its usual value.
        if RunSpec.of(started.scenario).scenario() != what.spec.scenario():
            return "scenario"
    return ""


def contradicts(differing: str) -> str:
    """The sentence about a contradiction."""
    return f"{DESCRIPTION} and {EVENTS} name a different {differing}: put back the file that was changed"
