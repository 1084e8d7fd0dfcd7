"""Which commands start a Python that the recorder can get into."""

import sys
from pathlib import Path

import pytest

from tui_vanish.jobs.python_command import find_program, is_python, obstacle, unseen


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["script.py", "-I"],
        ["-m", "pkg", "-E"],
        ["-W", "error", "script.py"],
        ["-Werror::ImportWarning", "script.py"],
        ["-X", "importtime", "-u", "script.py"],
        ["-c", "-I"],
        ["-OO", "-"],
        ["--check-hash-based-pycs", "always"],
    ],
)
def test_python_notices_the_recorder(arguments: list[str]) -> None:
    assert unseen(arguments) is None


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["-I", "script.py"], "-I"),
        (["-u", "-E", "script.py"], "-E"),
        (["-W", "error", "-sS", "script.py"], "-S"),
        (["-bI"], "-I"),
    ],
)
def test_options_that_hide_the_environment_are_named(arguments: list[str], option: str) -> None:
    assert f"python {option} ignores" in str(unseen(arguments))


@pytest.mark.parametrize(
    ("first_lines", "expected"),
    [
        ("#!/usr/bin/python3\n", None),
        ("#!/usr/bin/env python3.12\n", None),
        ("#!/usr/bin/env -S python3 -u\n", None),
        ("#!/bin/sh\n'''exec' /a/very/long/path/python \"$0\" \"$@\"\n", None),
        ('#!/bin/sh\n\'\'\'exec\' "/a path/python" "$0" "$@"\n', ""),
        ("#!/bin/bash\npython train.py\n", ""),
        ("\x7fELF", ""),
        ("", ""),
    ],
)
def test_a_script_is_python_by_its_first_lines(
    first_lines: str, expected: str | None, tmp_path: Path
) -> None:
    script = tmp_path / "torchrun"
    script.write_text(first_lines)
    assert obstacle(script, ["-I"]) == expected


def test_an_interpreter_that_ignores_the_environment_is_named_in_a_script(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text("#!/usr/bin/python3 -Es\n")
    assert "python -E" in str(obstacle(script, []))


def test_an_interpreter_is_known_by_its_name_or_by_its_target(tmp_path: Path) -> None:
    link = tmp_path / "interpreter"
    link.symlink_to(sys.executable)
    assert is_python(link)
    assert is_python(Path("/nowhere/python3.13t"))
    assert not is_python(Path("/nowhere/python-config"))


def test_what_is_missing_or_not_executable_is_told_apart(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("")
    with pytest.raises(PermissionError):
        find_program(str(script))
    with pytest.raises(FileNotFoundError):
        find_program("no-such-program-here")
    assert is_python(find_program(sys.executable))
