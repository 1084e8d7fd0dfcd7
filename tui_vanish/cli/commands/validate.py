"""`vanish-tui validate`: check scenario files and lectures, and report every problem."""

import argparse
from pathlib import Path

import scenarios
from scenarios.problems import printable
from tui_vanish.jobs.exits import WRONG_USE
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr

EXAMPLES = (
    ("vanish-tui validate my-relu.toml", marked("every problem of a scenario file, or that there is none")),
    ("vanish-tui validate my-lecture.toml", marked("the same of a lecture and its translations")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help=tr("a scenario file or a lecture")
    )


def run(arguments: argparse.Namespace) -> int:
    """Check every file and report every problem; exit code 2 if there is one."""
    code = 0
    for path in arguments.files:
        try:
            title = _title_of(path)
        except scenarios.ScenarioError as error:
            say(str(error), error=True)
            code = WRONG_USE
        else:
            say(tr("{path}: valid ({title})", path=printable(str(path)), title=title))
    return code


def _title_of(path: Path) -> str:
    """The title of a valid file.

    Raises:
        ScenarioError: it is not valid.
    """
    from scenarios.lecture_files import is_lecture_file

    if is_lecture_file(path):
        from tui_vanish.lecture.check import check

        return check(path).title
    return scenarios.load(path).title
