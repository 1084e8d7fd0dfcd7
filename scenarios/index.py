"""The contents of the catalogue, in order, read without validation."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.problems import Problem

_CATALOGUE = Path(__file__).parent / "catalogue"
_CONTENTS = Path(__file__).parent / "contents.toml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue.

    Attributes:
        id: the file's name; what `load` takes for a built-in scenario.
        title: what it is, in a few words.
        section: the heading under which it is listed.
        path: its file.
        built_in: whether it is part of the program.
        of_slides: whether its section is one of the slides.
        problems: why it cannot be loaded; empty if it can.
    """

    id: str
    title: str
    section: str
    path: Path
    built_in: bool
    of_slides: bool
    problems: tuple[Problem, ...] = ()


@functools.cache
def built_in() -> dict[str, Entry]:
    """The scenarios that are part of the program, by id, in order."""
    return {
        name: Entry(name, _title(path), section["title"], path, True, section["slides"])
        for section in _contents()["sections"]
        for name in section["scenarios"]
        for path in (_CATALOGUE / f"{name}.toml",)
    }


def race(section: str = "") -> tuple[str, ...]:
    """The ids of the problem and of one scenario per cure, the problem first.

    Args:
        section: the heading of the section whose race is meant, if it has one of its own; else the slides'.
    """
    own = (each["race"] for each in _contents()["sections"] if each["title"] == section and "race" in each)
    return tuple(next(own, _contents()["race"]))


@functools.cache
def _contents() -> dict[str, Any]:
    return tomllib.loads(_CONTENTS.read_text(encoding="utf-8"))


def _title(path: Path) -> str:
    """A file's title, found without parsing the whole file, so that listing all scenarios is fast."""
    with path.open(encoding="utf-8") as lines:
        titles = (str(tomllib.loads(line)["title"]) for line in lines if line.startswith("title = "))
        return next(titles, path.stem)  # a file that is cut off is reported when it is read
