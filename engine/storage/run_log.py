"""The run directory: what a run is (`run.json`) and what happened in it (`events.jsonl`).

Plain files, one writer, only ever appended: home folders on GPU boxes are often on NFS.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from engine.protocol.events import SCHEMA, Record, RunEvent, from_line, to_line
from engine.protocol.spec import RunSpec
from engine.storage import origin as origins
from engine.storage.atomic import write_atomically
from engine.storage.origin import Origin

EVENTS, DESCRIPTION = "events.jsonl", "run.json"
# Never through a link: what it leads to would be cut or appended to.
_APPENDING = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class NotARun(Exception):
    """A folder that holds no run of this version; its text says why."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a run is: its `run.json`.

    Attributes:
        run: its name, which is its folder's.
        spec: what it trains.
        origin: where it began; None of a run that an earlier version began.
    """

    run: str
    seed: int
    spec: RunSpec
    origin: Origin | None


def read_description(folder: Path) -> Description:
    """What the run in `folder` is.

    Raises:
        NotARun: there is none, it is damaged, or a newer version wrote it.
    """
    try:
        record = json.loads((folder / DESCRIPTION).read_bytes())
    except FileNotFoundError:
        raise NotARun(f"no run: there is no {DESCRIPTION}") from None
    except NotADirectoryError:
        raise NotARun("no run: it is a file") from None
    except OSError as error:
        raise NotARun(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotARun(f"damaged: {DESCRIPTION} is not JSON") from None
    refuse_newer(record)
    try:
        spec = RunSpec.of(record["scenario"])
        return Description(folder.name, int(record["seed"]), spec, origins.from_record(record))
    except (KeyError, TypeError, ValueError):
        raise NotARun(f"damaged: {DESCRIPTION} does not describe a run") from None


def refuse_newer(record: object) -> None:
    """Check the `schema` that a file of a run directory was written by.

    Raises:
        NotARun: it is none that is known here.
    """
    schema = record.get("schema") if isinstance(record, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise NotARun(f"written by a newer version (schema {schema}, here {SCHEMA}): update vanish-tui")
    if schema != SCHEMA:
        raise NotARun("damaged: it names no schema")


class RunLog:
    """Writes one run's log.

    What cannot be written is kept, and goes out with a later write: a full disk costs nothing once it has
    room again. The folder is made at once if it can be, else by the first write that can.

    Args:
        folder: the run's own, which must not be there yet; it is made for the user alone.
        scenario: resolved, whole, with its `id`.
        seed: the run's.
        origin: where it begins.

    Raises:
        FileExistsError: the folder is there.
    """

    def __init__(self, folder: Path, scenario: Record, seed: int, origin: Origin) -> None:
        if os.path.lexists(folder):
            raise FileExistsError(17, "there is such a run already", str(folder))
        self._prepare(folder)
        description = {
            "schema": SCHEMA,
            "run": folder.name,
            "seed": seed,
            **origins.to_record(origin),
            "scenario": scenario,
        }
        # A file's name need not be UTF-8: its other bytes are kept as JSON escapes, without loss.
        text = json.dumps(description, ensure_ascii=False, indent=1)
        self._description = text.encode(errors="backslashreplace")
        with suppress(OSError):  # which the first write then raises
            self._open()

    @classmethod
    def reopen(cls, folder: Path, size: int) -> Self:
        """Go on with a log that is there, after its first `size` bytes; the rest is cut off.

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
        self._mutex = Lock()  # the engine's thread writes, the one that saves checkpoints syncs

    @property
    def size(self) -> int:
        """Bytes, with what could not be written yet."""
        return self._size

    def open(self) -> None:
        """Make the folder and its files, unless they are there.

        Raises:
            OSError: they cannot be made.
        """
        with self._mutex:
            self._open()

    def write(self, event: RunEvent) -> None:
        """Append one event as one line; it is in the kernel's hands before the next step.

        Raises:
            OSError: the disk is full, or gone; the line is kept for the next write.
        """
        self.keep(event)
        self.flush()

    def keep(self, event: RunEvent) -> None:
        """Append one event with the next write."""
        line = to_line(event).encode() + b"\n"
        with self._mutex:
            self._unwritten += line
            self._size += len(line)

    def flush(self) -> None:
        """Write what was kept.

        Raises:
            OSError: the disk is full, or gone.
        """
        with self._mutex:
            self._flush()

    def sync(self) -> None:
        """Put every line on the disk.

        Raises:
            OSError: it is full, or gone.
        """
        with self._mutex:
            file = self._flush()
        os.fsync(file)

    def close(self) -> None:
        """Let go of the file; what can't be written now is lost."""
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
                self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.folder.mkdir(mode=0o700)
                self._made = True
            write_atomically(self.folder / DESCRIPTION, self._description)
            self._file = os.open(self.folder / EVENTS, _APPENDING | os.O_WRONLY, 0o600)
        return self._file


def read_events(path: Path, damage: list[str] | None = None) -> list[RunEvent]:
    """The events of a log, from the first to the last.

    A half-written last line is dropped, and kinds unknown here are passed over.

    Args:
        path: the `events.jsonl`.
        damage: gets a sentence for each line that is no event, and the others are read.

    Raises:
        OSError: it cannot be read.
        ValueError: a whole line is no event, and `damage` is None.
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
    """Each whole line without its newline, and the place after it; `start` is where `content` begins."""
    begin = 0
    while (newline := content.find(b"\n", begin)) >= 0:
        yield content[begin:newline], start + newline + 1
        begin = newline + 1
