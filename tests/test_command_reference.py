"""The reference of the commands and the man page say what the parsers say."""

import shlex
import shutil
import subprocess

from tools import command_reference
from tui_vanish.cli.main import COMMANDS, parser


def test_the_reference_and_the_man_page_are_what_the_parsers_say() -> None:
    """`make commands` writes them."""
    assert command_reference.PAGE.read_text(encoding="utf-8") == command_reference.reference()
    assert command_reference.MANUAL.read_text(encoding="utf-8") == command_reference.manual()


def test_every_command_has_an_example_that_its_parser_accepts() -> None:
    found = dict(command_reference.filled(parser()))
    assert list(found) == list(COMMANDS)
    for name, command in found.items():
        assert command.examples, name
        for line, _ in command.examples:
            program, *words = shlex.split(line.split(" | ")[0].split(" > ")[0])
            if program == "eval":
                program, *words = words[0].removeprefix("$(").removesuffix(")").split()
            assert program == "vanish-tui"
            parser().parse_args(words)


def test_the_man_page_is_one_that_man_can_format() -> None:
    text = command_reference.manual()
    assert text.startswith(".TH VANISH-TUI 1 ")
    assert text.count("\n.SS ") == len(COMMANDS)
    assert not [line for line in text.splitlines() if line.startswith("'")]
    if shutil.which("groff"):
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww"], input=text, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
