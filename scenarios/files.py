"""Read scenario files as raw tables."""

import stat
import tomllib
from pathlib import Path
from typing import Any

from scenarios.problems import Problem, ScenarioError

RawTable = dict[str, Any]

LARGEST = 64 * 1024  # bytes; a typical scenario has 2 kB


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
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"is not UTF-8 text (byte {error.start + 1}, line {line})"
        raise ScenarioError([Problem(name, "", message, "TOML in UTF-8")]) from None
    except (ValueError, RecursionError) as error:  # a number of 5 000 digits; brackets 1 000 deep
        reason = "brackets are nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ScenarioError([Problem(name, "", f"is not TOML: {reason}")]) from None
