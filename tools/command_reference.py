"""Write the reference of every command, and the man page, from the parsers of the command line.

`make commands` runs it after an option was changed; a test fails while the files are old.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from tui_vanish.cli.command_parser import Command
from tui_vanish.cli.completion import commands_of
from tui_vanish.cli.language import begin_in_the_users_language
from tui_vanish.cli.main import parser

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "commands.md"
MANUAL = ROOT / "docs" / "vanish-tui.1"
_ABOUT = """\
# Commands

Every command and option of vanish-tui. `tools/command_reference.py` writes this page and the man page
(`man vanish-tui`) from the program itself; `vanish-tui COMMAND --help` says the same, in your language.

`vanish-tui completion bash|zsh|fish` prints what lets your shell complete commands, options, scenario ids,
run names and the keys of `--set`. [argcomplete](https://kislyuk.github.io/argcomplete/) makes it: it reads
the parsers when you press tab, so it knows the runs that exist at that moment. shtab, the other choice,
writes a fixed script, and the names of runs would need code of our own for each of the three shells. The app
does not load argcomplete.
"""


def reference() -> str:
    """The page in Markdown."""
    begin_in_the_users_language(["--lang", "en"])
    whole = parser()
    parts = [_ABOUT, *_section("vanish-tui", whole)]
    for name, command in filled(whole):
        parts += _section(f"vanish-tui {name}", command)
    return "\n".join(parts).rstrip() + "\n"


def manual() -> str:
    """The man page."""
    begin_in_the_users_language(["--lang", "en"])
    whole = parser()
    lines = ['.TH VANISH-TUI 1 "" "vanish-tui" "User Commands"', ".SH NAME"]
    lines += [_roff(f"vanish-tui - {str(whole.description).rstrip('.')}"), ".SH SYNOPSIS"]
    lines += [".B vanish-tui", "[OPTIONS]", ".br", ".B vanish-tui", "COMMAND [OPTIONS]"]
    lines += [".SH DESCRIPTION", _roff(str(whole.epilog)), ".SH OPTIONS", *_roff_options(whole)]
    lines.append(".SH COMMANDS")
    for name, command in filled(whole):
        lines += [f".SS {_roff(usage(f'vanish-tui {name}', command))}", _roff(str(command.description))]
        lines += _roff_options(command)
        for line, what in command.examples:
            lines += [".TP", f".B {_roff(line)}", _roff(what)]
    lines += [".SH EXIT STATUS", "0: finished or stopped. 1: failed, or not saved to its end. 2: wrong use."]
    lines += ["3: the training diverged. 129, 130, 143: ended by SIGHUP, SIGINT, SIGTERM, and saved."]
    return "\n".join(lines) + "\n"


def filled(whole: argparse.ArgumentParser) -> Iterator[tuple[str, Command]]:
    """The parsers of all commands, with their options."""
    for name, command in commands_of(whole).items():
        assert isinstance(command, Command)
        command.fill()
        yield name, command


def usage(program: str, command: argparse.ArgumentParser) -> str:
    """A command with its arguments."""
    names = [_word(action) for action in arguments_of(command) if not action.option_strings]
    return " ".join([program, *names, "[OPTIONS]"])


def arguments_of(command: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments that a person may use."""
    hidden = (argparse._SubParsersAction, argparse._HelpAction)
    return [
        each for each in command._actions if each.help != argparse.SUPPRESS and not isinstance(each, hidden)
    ]


def _word(action: argparse.Action) -> str:
    """An argument as it is written: `RUN...`, or `--seed N`."""
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not value and action.choices is not None:
        value = "|".join(map(str, action.choices))
    if not value and action.nargs != 0 and not isinstance(action, argparse.BooleanOptionalAction):
        value = action.dest.upper()
    if action.nargs in ("*", "+", argparse.REMAINDER):
        value += "..."
    if action.nargs in ("?", "*"):
        value = f"[{value}]"
    return ", ".join(f"{option} {value}".rstrip() for option in action.option_strings) or value


def _section(program: str, command: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {program}\n"
    yield f"{command.description}\n"
    if isinstance(command, Command):
        yield f"```sh\n{usage(program, command)}\n```\n"
    yield "| argument | does |\n|---|---|"
    for action in arguments_of(command):
        yield f"| `{_cell(_word(action))}` | {_cell(_help(action))} |"
    yield ""
    if isinstance(command, Command):
        width = max(len(line) for line, _ in command.examples)
        yield "```sh"
        yield from (f"{line:{width}}  # {what}" for line, what in command.examples)
        yield "```\n"


def _help(action: argparse.Action) -> str:
    return re.sub(r"\s+", " ", str(action.help).replace("%%", "%"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _roff_options(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in arguments_of(command):
        yield from (".TP", f".B {_roff(_word(action))}", _roff(_help(action)))


def _roff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "'")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def main() -> None:
    """Write both files."""
    PAGE.write_text(reference(), encoding="utf-8")
    MANUAL.write_text(manual(), encoding="utf-8")


if __name__ == "__main__":
    main()
