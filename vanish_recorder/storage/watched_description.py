"""The description (`run.json`) of a run that was recorded from a script of the user's."""

import json
import os
from pathlib import Path

from vanish_recorder.protocol.event import SCHEMA, Record
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.storage.guarded import read_guarded
from vanish_recorder.storage.log_file import DESCRIPTION
from vanish_recorder.storage.paths import name_in_folder

WATCHED = "watched"


def describe(folder: Path, watched: Record) -> bytes:
    """The content of a watched run's `run.json`.

    Raises:
        TypeError: `watched` holds what JSON cannot.
    """
    record = {"schema": SCHEMA, "kind": WATCHED, "run": folder.name, WATCHED: watched}
    # A file name may contain bytes that are not UTF-8. They are kept as JSON escapes.
    return json.dumps(record, ensure_ascii=False, indent=1).encode(errors="backslashreplace")


def watched_in(record: object) -> Record | None:
    """What a watched run's `run.json` says about it; None if it describes no watched run."""
    if not isinstance(record, dict) or record.get("kind") != WATCHED:
        return None
    watched = record.get(WATCHED)
    return watched if isinstance(watched, dict) and isinstance(watched.get("name"), str) else None


def newest_named(runs: Path, name: str) -> Path | None:
    """The newest watched run with a name that a script gave it; None if there is none that can be read."""
    part = f"-{name_in_folder(name)}-"
    try:
        folders = [runs / each for each in sorted(os.listdir(runs), reverse=True) if part in each]
    except OSError:
        return None
    for folder in folders:
        try:
            record = parse(read_guarded(folder / DESCRIPTION))
        except (OSError, ValueError):
            continue
        watched = watched_in(record)
        if watched is not None and watched["name"] == name and record.get("schema") == SCHEMA:
            return folder
    return None
