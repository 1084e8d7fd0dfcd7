"""`vanish-tui watch`: show a run that another process trains, without changing it."""

import argparse
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from engine.storage.follower import Follower
from engine.storage.run_index import read_entry
from engine.storage.run_log import NotARun
from engine.tracking.time_left import TimeLeft
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.importing import ending_at_once
from tui_vanish.cli.reporters import progress
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.resume import find_run
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot

_LOOK_SECONDS = 0.5
EXAMPLES = (
    ("vanish-tui watch @last", marked("show the run that was started last")),
    ("vanish-tui watch @last | cat", marked("a line per epoch, without the app")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "run_name",
        metavar="RUN",
        help=tr("name of a run (see vanish-tui runs), a part of it, or @last, the one that was started last"),
    )
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the run in the app; without a terminal, print one line per epoch."""
    entry = find_run(arguments.run_name, getattr(arguments, "runs_dir", None))
    if options.has_terminal():
        with ending_at_once():
            from engine.attach.shared_engine import NoEngine, SharedEngine
            from tui_vanish.cli.open_app import open_app

        return open_app(arguments, SharedEngine(NoEngine(entry.runs), find_live=False), watch=entry.name)
    _follow(entry.folder)
    return 0


def _follow(folder: Path) -> None:
    """Follow the run until the run or its process ends."""
    follower, time_left = Follower(folder), TimeLeft()
    printed, pause = 0, Event()
    while True:
        state = read_entry(folder).state
        try:
            follower.poll()
        except (OSError, NotARun) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise RefusedError(printable(f"{follower.run}: {reason}")) from None
        seen = follower.snapshot()
        time_left.see([seen.course])
        if seen.last_epoch is not None and seen.last_epoch.epoch != printed:
            printed = seen.last_epoch.epoch
            say(progress(seen, time_left.of(seen.run) if state == "live" else None))
        if state != "handing over" and (seen.status.ended or state != "live"):
            break
        pause.wait(_LOOK_SECONDS)
    if follower.damage:
        tell(f"{follower.run}: {spoken(follower.damage)}")
    say(_ending(seen), error=True)


def _ending(seen: "Snapshot") -> str:
    run = printable(seen.run)
    if seen.status.ended:
        return f"vanish-tui: {run} {spoken(str(seen.status))}"
    if seen.spec.is_watched:
        return "vanish-tui: " + tr(
            "the script of {run} ended without a last line; only the script can continue it", run=run
        )
    return "vanish-tui: " + tr(
        "no process trains it any more; to continue: vanish-tui run --resume {run}", run=run
    )
