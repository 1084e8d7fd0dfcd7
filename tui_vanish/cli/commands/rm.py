"""`vanish-tui rm`: delete saved runs, which can be undone for a day."""

import argparse
from functools import partial
from pathlib import Path

from engine.storage import trash
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.kept_runs import attempt, kept_runs
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr
from vanish_recorder.storage.paths import default_runs_folder

EXAMPLES = (
    ("vanish-tui rm 20260102-101500-relu-seed42", marked("delete one run")),
    ("vanish-tui rm --undo", marked("restore the run that was deleted last")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    options.add_run_names(parser, "*")
    parser.add_argument(
        "--undo",
        action="store_true",
        help=tr("restore the run that was deleted last, or the runs with these names, within 24 hours"),
    )
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Move the runs to the trash, or restore them."""
    runs_dir = getattr(arguments, "runs_dir", None)
    if arguments.undo:
        return _restore(arguments, (runs_dir or default_runs_folder()).absolute())
    if not arguments.run_names:
        raise RefusedError(tr("name at least one run (see vanish-tui runs)"))
    for entry in kept_runs(arguments.run_names, runs_dir, damaged=True):
        attempt(entry.name, partial(trash.delete, entry.folder))
        say(
            printable(
                tr(
                    "{name} was deleted; to restore it within 24 hours: vanish-tui rm --undo {name}",
                    name=entry.name,
                )
            )
        )
    return 0


def _restore(arguments: argparse.Namespace, folder: Path) -> int:
    deleted = trash.empty(folder)
    for name in arguments.run_names or deleted[-1:]:
        if name not in deleted:
            raise RefusedError(
                printable(tr("there is no deleted run {name} in {folder}", name=name, folder=folder))
            )
    if not deleted:
        raise RefusedError(printable(tr("there is no deleted run in {folder}", folder=folder)))
    for name in arguments.run_names or deleted[-1:]:
        attempt(name, partial(trash.restore, folder / name))
        say(printable(tr("{name} was restored", name=name)))
    return 0
