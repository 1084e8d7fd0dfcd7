"""`vanish-tui validate`: check scenario files and report every problem."""

import argparse
from pathlib import Path

import scenarios
from scenarios.problems import printable
from tui_vanish.jobs.exits import WRONG_USE
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr

EXAMPLES = (
    ("vanish-tui validate my-relu.toml", marked("every problem of a scenario file, or that there is none")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help=tr("a scenario file"))


def run(arguments: argparse.Namespace) -> int:
    """Check every file and report every problem; exit code 2 if there is one."""
    code = 0
    for path in arguments.files:
        try:
            scenario = scenarios.load(path)
        except scenarios.ScenarioError as error:
            say(str(error), error=True)
            code = WRONG_USE
        else:
            say(tr("{path}: valid ({title})", path=printable(str(path)), title=scenario.title))
    return code
