"""What a person calls a run (`labels.json`): a name and tags. Whoever edits them writes the file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.protocol.events import SCHEMA
from engine.storage.atomic import write_atomically

LABELS = "labels.json"


@dataclass(frozen=True, slots=True)
class Labels:
    """A run's name, beside that of its folder, and its tags."""

    name: str = ""
    tags: tuple[str, ...] = ()


NO_LABELS = Labels()


def read_labels(folder: Path) -> Labels:
    """The labels of the run in `folder`; none, if it has none or they can't be read."""
    try:
        with open(folder / LABELS, "rb", buffering=0) as file:
            record = json.loads(file.read())
        return Labels(str(record["name"]), tuple(str(tag) for tag in record["tags"]))
    except (OSError, ValueError, KeyError, TypeError):
        return NO_LABELS


def write_labels(folder: Path, labels: Labels) -> None:
    """Give a run its labels.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(folder / LABELS, json.dumps({"schema": SCHEMA, **asdict(labels)}).encode())
