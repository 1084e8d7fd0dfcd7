"""The user's labels of a run (`labels.json`): a name and tags. Any process may write this file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.protocol.events import SCHEMA
from engine.protocol.json_text import parse
from engine.storage.atomic import write_atomically

LABELS = "labels.json"


@dataclass(frozen=True, slots=True)
class Labels:
    """The user's name for a run, in addition to that of its folder, and its tags."""

    name: str = ""
    tags: tuple[str, ...] = ()


NO_LABELS = Labels()


def read_labels(folder: Path) -> Labels:
    """The labels of the run in `folder`. They are empty if it has none, or if they cannot be read."""
    try:
        with open(folder / LABELS, "rb", buffering=0) as file:
            record = parse(file.read())
        return Labels(str(record["name"]), tuple(str(tag) for tag in record["tags"]))
    except (OSError, ValueError, KeyError, TypeError):
        return NO_LABELS


def write_labels(folder: Path, labels: Labels) -> None:
    """Write the labels of a run.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(folder / LABELS, json.dumps({"schema": SCHEMA, **asdict(labels)}).encode())
