"""Read scenario files as raw tables."""

import os
import stat
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from scenarios.problems import Problem, ScenarioError

RawTable = dict[str, Any]

LARGEST = 64 * 1024  # bytes; a typical scenario has 2 kB
DEEPEST = 16  # levels of tables and lists; a scenario has 4
_MOST_DOTS = 200  # in one line; or fewer in each of several lines


def toml_files(folder: Path) -> list[Path]:
    """The scenario files in a folder, by name.

    Raises:
        OSError: the folder is missing or cannot be read.
    """
    return [folder / name for name in sorted(os.listdir(folder)) if name.endswith(".toml")]


def known_files(folder: Path) -> dict[str, Path]:
    """The scenario files in a folder by their ids; none if the folder cannot be read."""
    with suppress(OSError, ValueError):  # ValueError: a NUL in the name
        return {path.stem: path for path in toml_files(folder)}
    return {}


def read(path: Path) -> RawTable:
    """Read the file's table.

    Raises:
        ScenarioError: it cannot be read, is too large, or is not TOML.
    """
    name = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ScenarioError([Problem(name, "", "is a folder", "a scenario file")])
        if not stat.S_ISREG(mode):
            raise ScenarioError([Problem(name, "", "is not a regular file", "a scenario file")])
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ScenarioError([Problem(name, "", "there is no such file")]) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScenarioError([Problem(name, "", f"cannot be read: {reason}")]) from None
    if len(content) > LARGEST:
        message = f"is larger than {LARGEST // 1024} kB"
        raise ScenarioError([Problem(name, "", message, "a scenario file of a few kB")])
    try:
        return parse(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"is not UTF-8 text (byte {error.start + 1}, line {line})"
        raise ScenarioError([Problem(name, "", message, "TOML in UTF-8")]) from None
    except ValueError as error:
        raise ScenarioError([Problem(name, "", f"is not TOML: {error}")]) from None
    except TooComplexError as error:
        raise ScenarioError([Problem(name, "", str(error), "tables such as [model.init]")]) from None


class TooComplexError(Exception):
    """A text that may be TOML, but no scenario: it would take too long to read, or is nested too deeply."""


def parse(text: str) -> RawTable:
    """Parse TOML, in time and to a depth that are bounded whatever the text holds.

    Raises:
        ValueError: it is not TOML.
        TooComplexError: no scenario is that complex.
    """
    # tomllib takes time with the square of a key's dots, and a key is on one line.
    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MOST_DOTS**2:
        raise TooComplexError("has too many dots in one line")
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise TooComplexError("is nested too deeply") from None
    if _is_deeper(table, DEEPEST):
        raise TooComplexError("is nested too deeply")
    if not _fits(table):
        raise ValueError("a whole number has more than 64 bits")  # Python cannot even print a very long one
    return table


def _fits(value: Any) -> bool:
    """Whether all whole numbers are in TOML's range."""
    match value:
        case dict():
            return all(map(_fits, value.values()))
        case list():
            return all(map(_fits, value))
        case int():
            return -(2**63) <= value < 2**63
    return True


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether tables and lists are nested deeper than `levels`. Goes level by level, without recursion."""
    level = [value]
    for _ in range(levels + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)
