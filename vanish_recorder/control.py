"""Requests from the app to a script that trains, over a file in the run's folder.

The app appends one line of JSON for each request, and the script reads the new lines between two steps. The
file is the user's alone, so that only who may change the script's files may change its training.
"""

import json
import math
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic
from typing import Any, get_args

from vanish_recorder.protocol.json_text import parse
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.guarded import open_guarded, read_guarded
from vanish_recorder.storage.log_file import DESCRIPTION
from vanish_recorder.storage.run_lock import owner_of
from vanish_recorder.storage.watched_description import watched_in

CONTROL = "control.jsonl"
LARGEST_FACTOR = 1e6
_LOOK_SECONDS = 0.2
_MOST_READ = 2**16  # bytes at one look; a request has about 50
_LONGEST_NAME = 1000  # characters of a block's name
_MOST_STEPS = 2**31


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait between two steps."""


@dataclass(frozen=True, slots=True)
class Continue:
    """End a pause."""


@dataclass(frozen=True, slots=True)
class SetFactor:
    """Multiply the learning rate of every group by a factor, from now on; 1 ends the change."""

    factor: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stop the training of one block."""

    block: str


@dataclass(frozen=True, slots=True)
class Unfreeze:
    """Train a frozen block again."""

    block: str


@dataclass(frozen=True, slots=True)
class SetEvery:
    """Measure every so many steps; 0 measures as often as the budget allows."""

    steps: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the training after this step."""


@dataclass(frozen=True, slots=True)
class TakeHistograms:
    """Take histograms of one block at the next sample."""

    block: str


Request = Pause | Continue | SetFactor | Freeze | Unfreeze | SetEvery | Stop | TakeHistograms

_NAMES: dict[str, type[Request]] = {
    "pause": Pause,
    "continue": Continue,
    "set_factor": SetFactor,
    "freeze": Freeze,
    "unfreeze": Unfreeze,
    "set_every": SetEvery,
    "stop": Stop,
    "take_histograms": TakeHistograms,
}
assert set(_NAMES.values()) == set(get_args(Request))
_NAME_OF = {kind: name for name, kind in _NAMES.items()}


class CannotAsk(Exception):
    """A run takes no requests. The text says why."""


def to_line(request: Request) -> bytes:
    """A request as a line of the control file.

    Raises:
        ValueError: it has a value that is not allowed.
    """
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    _check(request)
    return json.dumps({"request": _NAME_OF[type(request)], **values}).encode() + b"\n"


def from_line(line: bytes) -> Request:
    """The request in a line of the control file.

    Raises:
        ValueError: it is none, or it has a value that is not allowed.
    """
    record = parse(line)
    kind = _NAMES.get(str(record.get("request"))) if isinstance(record, dict) else None
    if kind is None:
        raise ValueError("unknown request")
    try:
        request = kind(**{key: value for key, value in record.items() if key != "request"})
    except TypeError:
        raise ValueError("a request with other fields") from None
    _check(request)
    return request


def _check(request: Request) -> None:
    match request:
        case SetFactor(factor=factor):
            # Written so that nan is refused.
            if not _is_number(factor) or not 0 < factor <= LARGEST_FACTOR or not math.isfinite(factor):
                raise ValueError("the factor must be above 0")
        case SetEvery(steps=steps):
            if type(steps) is not int or not 0 <= steps < _MOST_STEPS:
                raise ValueError("the number of steps must be 0 or more")
        case Freeze(block=block) | Unfreeze(block=block) | TakeHistograms(block=block):
            if not isinstance(block, str) or not 0 < len(block) <= _LONGEST_NAME:
                raise ValueError("the block has no name")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


class Inbox:
    """The requests that arrive for a run, for the script that trains it. It never raises.

    Requests from before it was made are dropped: they were for a process that has ended.

    Args:
        folder: of the run.
        clock: seconds that only grow.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = monotonic) -> None:
        self._path = folder / CONTROL
        self._clock = clock
        self._look_at = -math.inf
        self._read = 0
        self._file: tuple[int, int] | None = None
        try:
            # A new file, so that a copy of the folder that shares its files (`cp -al`) cannot ask.
            write_atomically(self._path, b"")
            self._file = _identity(os.stat(self._path, follow_symlinks=False))
        except OSError:
            pass  # on a full disk, the app makes the file

    def poll(self) -> list[Request]:
        """The new requests, in their order. At most every 0.2 s it looks, with one `stat`."""
        now = self._clock()
        if now < self._look_at:
            return []
        self._look_at = now + _LOOK_SECONDS
        try:
            found = os.stat(self._path, follow_symlinks=False)
            if _identity(found) != self._file:
                self._file, self._read = _identity(found), 0
            if found.st_size == self._read:
                return []
            return self._requests()
        except FileNotFoundError:
            self._file = None
        except (OSError, ValueError):
            pass
        return []

    def _requests(self) -> list[Request]:
        with open_guarded(self._path) as file:
            of_file = os.fstat(file.fileno())
            if not is_ours(of_file) or _identity(of_file) != self._file:
                self._file = None
                return []
            if of_file.st_size < self._read:
                self._read = 0
            file.seek(self._read)
            whole, newline, _ = file.read(_MOST_READ).rpartition(b"\n")
        if not newline:
            if of_file.st_size - self._read >= _MOST_READ:  # no request has such a line
                self._read = of_file.st_size
            return []
        self._read += len(whole) + 1
        requests = []
        for line in whole.split(b"\n"):
            try:
                requests.append(from_line(line))
            except ValueError:
                continue
        return requests


def _identity(of_file: os.stat_result) -> tuple[int, int]:
    return of_file.st_dev, of_file.st_ino


def is_ours(of_file: os.stat_result) -> bool:
    """Whether only this user can have written a file."""
    is_private = stat.S_ISREG(of_file.st_mode) and not of_file.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return is_private and of_file.st_uid == os.geteuid() and of_file.st_nlink == 1


def ask(folder: Path, request: Request) -> None:
    """Send a request to the script that trains a run. It acts between two of its steps.

    Args:
        folder: of the run.
        request: what to do.

    Raises:
        CannotAsk: the run takes no requests. The text says why.
        ValueError: the request has a value that is not allowed.
    """
    line = to_line(request)
    _check_that_it_listens(folder)
    try:
        file = os.open(folder / CONTROL, _APPENDING, 0o600)
        try:
            if not is_ours(os.fstat(file)):
                raise CannotAsk(f"its {CONTROL} is not a file of yours alone: remove it")
            os.write(file, line)
        finally:
            os.close(file)
    except OSError as error:
        raise CannotAsk(f"its {CONTROL} cannot be written: {error.strerror}") from None


_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def _check_that_it_listens(folder: Path) -> None:
    try:
        watched = watched_in(parse(read_guarded(folder / DESCRIPTION)))
    except (OSError, ValueError):
        watched = None
    if watched is None:
        raise CannotAsk("it was not recorded from a script, or its run.json cannot be read")
    owner = owner_of(folder)
    if owner is None:
        raise CannotAsk("its script has ended")
    if not owner.is_here:
        raise CannotAsk(f"its script is {owner}: change it from that host")
    try:
        user = os.stat(f"/proc/{owner.pid}").st_uid
    except OSError:
        raise CannotAsk("its script has ended") from None
    if user != os.geteuid():
        raise CannotAsk(f"its script, {owner}, belongs to another user")
    if watched.get("control") is not True:
        raise CannotAsk("its script does not allow changes: it was started with control=False")
