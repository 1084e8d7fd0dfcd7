"""The run's description (`run.json`) and its log of events (`events.jsonl`).

They are plain files with one writer, and the log is only appended to, because home folders on GPU machines
are often on NFS.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from engine.protocol.events import SCHEMA, Record, RunEvent, from_line, is_a, to_line
from engine.protocol.json_text import parse
from engine.protocol.spec import RunSpec
from engine.storage.atomic import write_atomically
from engine.storage.origin import Origin, to_record
from scenarios.private import make_private_folder

EVENTS, DESCRIPTION = "events.jsonl", "run.json"
# Never follow a link: its target would be truncated or appended to.
_APPENDING = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class NotARun(Exception):
    """A folder is not a run that this version can read. The text says why."""


@dataclass(frozen=True, slots=True)
class Description:
    """The content of `run.json`.

    Attributes:
        run: name of the run and of its folder.
        seed: of all its randomness.
        spec: what it trains.
        origin: what it began with; None if an earlier version began the run.
    """

    run: str
    seed: int
    spec: RunSpec
    origin: Origin | None


def read_description(folder: Path) -> Description:
    """Read the description of the run in `folder`.

    Raises:
        NotARun: the folder is not a run, it is damaged, or a newer version wrote it.
    """
    try:
        record = parse((folder / DESCRIPTION).read_bytes())
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
        return Description(folder.name, seed, spec, Origin.from_record(record))
    except (KeyError, TypeError, ValueError):
        raise NotARun(f"damaged: {DESCRIPTION} does not describe a run") from None


def refuse_newer(record: object) -> None:
    """Check the `schema` of a file in a run directory.

    Raises:
        NotARun: this version does not know the schema.
    """
    schema = record.get("schema") if isinstance(record, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise NotARun(f"written by a newer version (schema {schema}, here {SCHEMA}): update vanish-tui")
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
            "scenario": scenario,
        }
        # A file name may contain bytes that are not UTF-8. They are kept as JSON escapes.
        text = json.dumps(description, ensure_ascii=False, indent=1)
        self._description = text.encode(errors="backslashreplace")
        with suppress(OSError):  # the first write raises it again
            self._open()

    @classmethod
    def reopen(cls, folder: Path, size: int) -> Self:
        """Open an existing log for writing, and truncate it to `size` bytes.

        Raises:
            OSError: it cannot be written.
        """
        log = cls.__new__(cls)
        log._prepare(folder)
        log._made, log._size = True, size
        log._file = os.open(folder / EVENTS, _APPENDING | os.O_RDWR, 0o600)
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
            self._file = os.open(self.folder / EVENTS, _APPENDING | os.O_WRONLY, 0o600)
        return self._file


def read_events(path: Path, damage: list[str] | None = None) -> list[RunEvent]:
    """Read the events of a log, from the first to the last.

    An incomplete last line and events of unknown kinds are skipped.

    Args:
        path: of the `events.jsonl`.
        damage: a list that gets a sentence for each damaged line, which is skipped; None raises an error
            instead.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is damaged, and `damage` is None.
    """
    events = []
    for number, (line, _) in enumerate(split_lines(path.read_bytes()), 1):
        try:
            event = from_line(line)
        except (ValueError, TypeError) as error:
            text = f"{path}, line {number}: not an event of this program ({error})"
            if damage is None:
                raise ValueError(text) from error
            damage.append(text)
        else:
            if event is not None:
                events.append(event)
    return events


def split_lines(content: bytes, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Each complete line without its newline, and the offset after it; `start` is the offset of `content`."""
    begin = 0
    while (newline := content.find(b"\n", begin)) >= 0:
        yield content[begin:newline], start + newline + 1
        begin = newline + 1
