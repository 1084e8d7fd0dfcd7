"""`vanish-tui rename`: give a saved run a name of the user's own."""

import argparse

from engine.storage.labels import Labels
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.kept_runs import change_labels
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr

EXAMPLES = (
    ("vanish-tui rename @last baseline", marked("later: vanish-tui show baseline")),
    ("vanish-tui rename baseline ''", marked("remove the name")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    options.add_run_name(parser)
    parser.add_argument(
        "new_name",
        metavar="NAME",
        help=tr("its new name, which every command accepts in place of its folder's; '' removes the name"),
    )
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the name. The folder keeps its own, which says when the run was started."""
    new = arguments.new_name.strip()
    entry = change_labels(
        arguments.run_name, getattr(arguments, "runs_dir", None), lambda labels: Labels(new, labels.tags)
    )
    if new:
        say(printable(tr("{run} is named {name}", run=entry.name, name=new)))
    else:
        say(printable(tr("{run} has no other name", run=entry.name)))
    return 0
