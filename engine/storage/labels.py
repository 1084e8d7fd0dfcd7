"""The user's labels of a run (`labels.json`): a name and tags. Any process may write this file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.guarded import read_guarded

LABELS = "labels.json"
_LONGEST, _MOST_TAGS = 1000, 100  # characters of a text, because a list shows it, and tags


@dataclass(frozen=True, slots=True)
class Labels:
    """The user's name for a run, in addition to that of its folder, and its tags."""

    name: str = ""
    tags: tuple[str, ...] = ()


NO_LABELS = Labels()


def read_labels(folder: Path) -> Labels:
    """The labels of the run in `folder`. They are empty if it has none, or if they cannot be read."""
    try:
        record = parse(read_guarded(folder / LABELS))
        name, tags = record["name"], record["tags"]
    except (OSError, ValueError, KeyError, TypeError):
        return NO_LABELS
    if not isinstance(name, str) or not isinstance(tags, list):
        return NO_LABELS
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in (name, *tags)):
        return NO_LABELS
    return Labels(name, tuple(tags[:_MOST_TAGS]))


def write_labels(folder: Path, labels: Labels) -> None:
    """Write the labels of a run.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(folder / LABELS, json.dumps({"schema": SCHEMA, **asdict(labels)}).encode())
