"""What a command of the user's starts: a Python that reads its environment, or something else."""

import os
import re
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*(?:t|d)?")
# Options of Python with a value, and those that end its options.
_WITH_VALUE, _LAST = "WX", "cm"
_UNSEEN = {"I": "the environment", "E": "the environment", "S": "the module site"}
_TWO_LINES = "in the script: from tui_vanish import watch; watch(model)"
_LONGEST_LINE = 4096


def find_program(name: str) -> Path:
    """The file that a command starts, as the shell would find it.

    Raises:
        FileNotFoundError: there is none.
        PermissionError: it may not be executed.
    """
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    if os.path.exists(name):
        raise PermissionError(name)
    raise FileNotFoundError(name)


def obstacle(program: Path, arguments: Sequence[str]) -> str | None:
    """Why the command's own process is no Python that can be recorded.

    Args:
        program: the file that is started.
        arguments: what follows it in the command.

    Returns:
        None if it is one; empty if it is another program, which may start one; else the reason.
    """
    if is_python(program):
        return unseen(arguments)
    line = _interpreter_line(program)
    if not line or not is_python(Path(line[0])):
        return ""
    return unseen(line[1:])


def is_python(program: Path) -> bool:
    """Whether a file is a Python interpreter, by its name or the name of what it links to."""
    return any(_PYTHON.fullmatch(name) for name in (program.name, Path(os.path.realpath(program)).name))


def unseen(arguments: Sequence[str]) -> str | None:
    """Why Python would not notice the recorder with these arguments; None if it would."""
    waiting = iter(arguments)
    for argument in waiting:
        if not argument.startswith("-") or argument in ("-", "--"):
            return None
        if argument.startswith("--"):
            continue
        for place, letter in enumerate(argument[1:], 2):
            if letter in _UNSEEN:
                return f"python -{letter} ignores {_UNSEEN[letter]}; leave it out, or write {_TWO_LINES}"
            if letter in _LAST:
                return None
            if letter in _WITH_VALUE:
                if place == len(argument):
                    next(waiting, None)
                break
    return None


def _interpreter_line(program: Path) -> list[str]:
    """The interpreter of a script and its arguments; empty if the file is no script."""
    try:
        with program.open("rb") as file:
            lines = [file.readline(_LONGEST_LINE).decode(errors="replace") for _ in range(2)]
    except OSError:
        return []
    if not lines[0].startswith("#!"):
        return []
    words = lines[0][2:].split()
    if words and words[0].endswith("/sh") and lines[1].startswith("'''exec'"):
        words = lines[1].split()[1:]  # how pip writes an interpreter whose path is too long
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if word != "-S" and "=" not in word]
    return [word.strip("'\"") for word in islice(words, 8) if word not in ('"$0"', '"$@"')]
