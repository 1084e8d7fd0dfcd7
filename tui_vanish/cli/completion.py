"""What a shell is offered for the words of a command line; argcomplete speaks with the shells.

Only a shell that asks for completions loads this module.
"""

import argparse
import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import argcomplete
from argcomplete.completers import FilesCompleter

from scenarios.problems import printable
from tui_vanish.cli.command_parser import Command
from tui_vanish.cli.options import user_scenarios

_MOST = 500  # names of runs; more are of no help on a command line
_SETTINGS = ("KEY=VALUE", "KEY=VALUES")


def complete(parser: argparse.ArgumentParser) -> None:
    """Print what may follow the words in the environment, and end the process."""
    words = os.environ.get("COMP_LINE", "").split()
    for command in commands_of(parser).values():
        if isinstance(command, Command) and command.prog.split()[-1] in words:
            command.fill()
            for action in command._actions:
                if (names := completer_of(action)) is not None:
                    vars(action)["completer"] = names
    argcomplete.autocomplete(parser, always_complete_options="long", exclude=["--announce"])


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    (found,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(found.choices)


def completer_of(action: argparse.Action) -> Any:
    """What completes an argument, by the word that its help has for it; None if argcomplete knows."""
    words = set(action.metavar.split("|")) if isinstance(action.metavar, str) else set()
    if action.metavar in _SETTINGS:
        return _settings
    if not words & {"ID", "RUN", "BASE"} and action.dest != "resume":
        return FilesCompleter() if words & {"FILE", "DIR", "PATH"} else None
    return _Names(scenarios=bool(words & {"ID", "BASE"}), runs="RUN" in words or action.dest == "resume")


class _Names:
    """Completes ids of scenarios and names of runs. argcomplete calls it with the arguments so far."""

    def __init__(self, *, scenarios: bool, runs: bool) -> None:
        self._scenarios, self._runs = scenarios, runs

    def __call__(self, prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
        found: list[str] = []
        if self._scenarios:
            found += scenario_ids()
        if self._runs:
            found += run_names(getattr(parsed_args, "runs_dir", None), prefix)
        return [name for name in found if name.startswith(prefix)]


def scenario_ids() -> list[str]:
    """The ids of the scenarios of the program, and of the user's own."""
    from scenarios.index import built_in

    own: list[str] = []
    with suppress(OSError):
        own = [name.removesuffix(".toml") for name in os.listdir(user_scenarios()) if name.endswith(".toml")]
    return [*built_in(), *sorted(own)]


def run_names(runs_dir: Path | None, prefix: str) -> list[str]:
    """The names of saved runs, the latest first, the names that the user gave, and `@last`."""
    from engine.storage.run_index import list_runs, recorded_entries
    from vanish_recorder.storage.paths import default_runs_folder

    entries = []
    with suppress(OSError):
        entries = list_runs(Path(runs_dir or default_runs_folder()))
    entries += recorded_entries() if prefix.startswith("r") else []
    names = (name for entry in entries for name in (entry.labels.name, entry.name) if _is_plain(name))
    return ["@last", *islice((name for name in names if name.startswith(prefix)), _MOST)]


def _is_plain(name: str) -> bool:
    """Whether a name may go to a shell's line: nothing in it controls a terminal."""
    return bool(name) and printable(name) == name


def _settings(prefix: str, **_: object) -> Iterable[str]:
    """Dotted keys with `=`, as `--set` takes them."""
    from scenarios.fields import known_keys

    return [f"{key}=" for key in known_keys() if key.startswith(prefix)]
