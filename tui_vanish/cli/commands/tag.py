"""`vanish-tui tag`: show, add or remove the tags of a saved run."""

import argparse
from collections.abc import Iterable

from engine.storage.labels import Labels
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.kept_runs import change_labels, kept_run
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr

EXAMPLES = (
    ("vanish-tui tag @last week-3 good", marked("add two tags to the run that was started last")),
    ("vanish-tui tag relu --remove good", marked("remove one of them")),
    ("vanish-tui tag relu", marked("print its tags")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    options.add_run_name(parser)
    parser.add_argument(
        "tags", metavar="TAG", nargs="*", help=tr("tags to add; without any, they are printed")
    )
    parser.add_argument(
        "--remove", metavar="TAG", nargs="*", help=tr("remove these tags, or all if none are named")
    )
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Change the tags, and print those that the run has then."""
    runs_dir = getattr(arguments, "runs_dir", None)
    added, removed = _tags(arguments.tags), _tags(arguments.remove or ())
    removes_all = arguments.remove is not None and not removed

    def changed(labels: Labels) -> Labels:
        kept = [] if removes_all else [tag for tag in labels.tags if tag not in removed]
        return Labels(labels.name, tuple(dict.fromkeys((*kept, *added))))

    if added or arguments.remove is not None:
        entry = change_labels(arguments.run_name, runs_dir, changed)
    else:
        entry = kept_run(arguments.run_name, runs_dir)
    say(printable("  ".join([entry.name, *(f"#{tag}" for tag in entry.labels.tags)])))
    return 0


def _tags(words: Iterable[str]) -> list[str]:
    """The tags in words; as in the app, a space or a comma separates them."""
    return " ".join(words).replace(",", " ").split()
