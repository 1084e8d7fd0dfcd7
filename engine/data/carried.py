"""Fashion-MNIST that is sent to other machines: its files as bytes, and a copy of them on each machine."""

import fcntl
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.data.fashion_mnist import FILES, DataError, Source, fingerprint_of
from engine.user_folders import user_folder
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder

_NAMES = {*FILES, *(f"{name}.gz" for name in FILES)}


def packed(source: Source) -> dict[str, bytes]:
    """The files of a source by name.

    Raises:
        OSError: one cannot be read.
    """
    found = {}
    for name in FILES:
        path = source.path / name
        path = path if os.path.isfile(path) else source.path / f"{name}.gz"
        found[path.name] = path.read_bytes()
    return found


def copies() -> Path:
    """The folder on this machine for copies of other machines' data, one per fingerprint."""
    return user_folder("cache") / "sweeps"


def has_copy(source: Source, sha256: str) -> bool:
    """Whether this machine has a copy with this fingerprint. Reads all of it."""
    with suppress(DataError, OSError):
        return fingerprint_of(replace(source, copy=copies() / sha256)) == sha256
    return False


def unpack(source: Source, sha256: str, files: dict[str, bytes]) -> None:
    """Write the copy of a source, one process at a time.

    Raises:
        DataError: these are not the files with that fingerprint.
        OSError: they cannot be written.
    """
    make_private_folder(copies())
    with open(copies() / ".lock", "ab", opener=for_the_user_alone) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if has_copy(source, sha256):  # another process has just written it
            return
        make_private_folder(copies() / sha256)
        for name in _NAMES:
            with suppress(FileNotFoundError):  # a damaged plain file would be read before a gzipped one
                (copies() / sha256 / name).unlink()
        for name in _NAMES & files.keys():
            write_atomically(copies() / sha256 / name, files[name])
        if not has_copy(source, sha256):
            raise DataError("the data that arrived differ from those of the sweep")


def to_record(source: Source, sha256: str) -> dict[str, Any]:
    """A source and its fingerprint for JSON, to be trained on from the copy of another machine."""
    return {
        "kind": source.kind,
        "path": str(source.path),
        "label": source.label,
        "train": source.train,
        "test": source.test,
        "sha256": sha256,
    }


def from_record(record: dict[str, Any]) -> Source:
    """The source of a record, whose files are read from the copy on this machine."""
    sha256 = record["sha256"]
    names = ("kind", "label", "train", "test")
    known = {name: record[name] for name in names}
    return Source(path=Path(record["path"]), copy=copies() / sha256, **known)
