"""Which runs a process has left to another one that is still starting, so that lists can say so.

The process that leaves writes a small file into `.handover` of the runs folder. It counts only for a short
time, and only while the process that it names is alive; that process removes it once it holds its runs.
"""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from vanish_recorder.protocol.json_text import parse
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.file_clock import now_at
from vanish_recorder.storage.private import make_private_folder
from vanish_recorder.storage.run_lock import Owner, owner_in

HANDOVERS = ".handover"
VALID_SECONDS = 120.0  # importing torch takes seconds, on a slow network file system a minute
_LARGEST = 1 << 20  # bytes


def announce(runs_folder: Path, runs: Sequence[str], successor: Owner) -> None:
    """Note that a process that is still starting will train these runs.

    Args:
        runs_folder: where the runs are.
        runs: their names.
        successor: the process.

    Raises:
        OSError: it cannot be noted.
    """
    folder = runs_folder / HANDOVERS
    make_private_folder(folder)
    for path, record in _records(folder):
        if (owner := owner_in(record.get("owner"))) is None or (owner.is_here and not owner.is_alive):
            path.unlink(missing_ok=True)
    record = {"owner": asdict(successor), "runs": list(runs)}
    write_atomically(folder / f"{successor.pid}.json", json.dumps(record).encode())


def end(runs_folder: Path) -> None:
    """Note that this process holds the runs that were left to it, or has failed to take them."""
    with suppress(OSError):
        (runs_folder / HANDOVERS / f"{os.getpid()}.json").unlink(missing_ok=True)


def successors(runs_folder: Path) -> dict[str, Owner]:
    """The processes that are starting to train runs of a folder, by the name of the run."""
    found = {}
    for path, record in _records(runs_folder / HANDOVERS):
        owner, runs = owner_in(record.get("owner")), record.get("runs")
        try:
            age = now_at(runs_folder) - path.stat().st_mtime
        except OSError:  # it has just been removed
            continue
        if owner is None or not isinstance(runs, list) or not -VALID_SECONDS < age < VALID_SECONDS:
            continue
        if not owner.is_here or owner.is_alive:
            found.update({run: owner for run in runs if isinstance(run, str)})
    return found


def _records(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    """Each file of the folder with its content; a file that is damaged is left out."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.endswith(".json"):
            with suppress(OSError, ValueError):
                record = parse(_content(folder / name))
                if isinstance(record, dict):
                    yield folder / name, record


def _content(path: Path) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        of_file = os.fstat(file)
        if not stat.S_ISREG(of_file.st_mode) or of_file.st_uid != os.geteuid():
            return b"null"
        return os.read(file, _LARGEST)
    finally:
        os.close(file)
