"""`vanish-tui stop`: let the processes that train runs save them and end."""

import argparse
from threading import Event
from time import monotonic

from engine.storage.run_index import RunEntry, list_runs, read_entry
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.kept_runs import kept_runs
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken
from vanish_recorder import control
from vanish_recorder.storage.run_lock import CannotEnd, Owner, ask_to_end, owner_of

EXAMPLES = (
    ("vanish-tui stop @last", marked("save the run that was started last, and end its process")),
    ("vanish-tui run --resume @last", marked("continue it from there")),
)
_PATIENCE_SECONDS = 15.0  # until a process has saved its runs
_LOOK_SECONDS = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    options.add_run_names(parser, "+")
    parser.add_argument(
        "--with-others",
        action="store_true",
        help=tr("also if the process trains other runs, which then stop as well"),
    )
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask each process once, and wait until it has saved."""
    named = kept_runs(arguments.run_names, getattr(arguments, "runs_dir", None))
    entries = [_handed_over(entry) for entry in named]
    for entry in entries:
        if entry.owner is None:
            raise RefusedError(printable(tr("{run}: no process trains it", run=entry.name)))
        if not arguments.with_others and not _is_watched(entry) and (others := _others(entry, entries)):
            raise RefusedError(
                printable(
                    tr(
                        "{owner} trains {run} and also {others}: add --with-others to stop them all",
                        owner=spoken(str(entry.owner)),
                        run=entry.name,
                        others=", ".join(others),
                    )
                )
            )
    asked: set[Owner] = set()
    for entry in entries:
        assert entry.owner is not None
        if _is_watched(entry) or entry.owner not in asked:  # a second signal would end it before it has saved
            asked.add(entry.owner)
            _ask(entry, entry.owner)
    for entry in entries:
        _wait(entry)
    return 0


def _handed_over(entry: RunEntry) -> RunEntry:
    """A run that was left to a process which is still starting, as it is when that process trains it."""
    end, pause = monotonic() + _PATIENCE_SECONDS, Event()
    while entry.state == "handing over":
        if monotonic() > end:
            text = tr(
                "{run}: the process that continues it is still starting; try again later", run=entry.name
            )
            raise FailedError(printable(text))
        pause.wait(_LOOK_SECONDS)
        entry = read_entry(entry.folder)
    return entry


def _is_watched(entry: RunEntry) -> bool:
    return entry.summary is not None and entry.summary.is_watched


def _others(entry: RunEntry, named: list[RunEntry]) -> list[str]:
    """The other runs of the process that trains a run, without those that are to stop as well."""
    names = {each.name for each in named}
    return [
        other.name
        for other in list_runs(entry.runs)
        if other.owner == entry.owner and other.name not in names and not entry.is_sweep
    ]


def _ask(entry: RunEntry, owner: Owner) -> None:
    try:
        if _is_watched(entry):
            control.ask(entry.folder, control.Stop())
        else:
            ask_to_end(entry.folder, owner)
    except ProcessLookupError:
        pass  # it has just ended by itself
    except (CannotEnd, control.CannotAsk) as error:
        raise RefusedError(
            printable(tr("{run} was not stopped: {error}", run=entry.name, error=spoken(str(error))))
        ) from None


def _wait(entry: RunEntry) -> None:
    end, pause = monotonic() + _PATIENCE_SECONDS, Event()
    while owner_of(entry.folder) is not None:
        if _is_watched(entry):
            say(printable(tr("{run}: its script was asked to end after this step", run=entry.name)))
            return
        if monotonic() > end:
            raise FailedError(printable(tr("{run}: its process has not ended yet", run=entry.name)))
        pause.wait(_LOOK_SECONDS)
    say(printable(tr("{run} was saved and stopped", run=entry.name)))
