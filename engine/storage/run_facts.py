"""What a list of runs shows of one run as long as its folder does not change: its summary and its labels.

The summary is in a file of its own. If that is missing or damaged, it is made again from the description and
the log.
"""

import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from engine.storage.labels import Labels, read_labels
from engine.storage.nested import is_sweep
from engine.storage.origin import Origin
from engine.storage.run_log import Newer, NotARun, read_description
from engine.storage.summary import read_summary, summarise
from engine.storage.sweep_line import sweep_line
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import owner_of
from vanish_recorder.storage.summary import SUMMARY, Summary, write_summary

_MOST_READ = 2**25  # bytes of a log that are read in place of a damaged summary


class RunFacts(NamedTuple):
    """What is read of a run; it changes only if the time of its folder changes.

    Attributes:
        summary: its results; None if they cannot be read.
        labels: its name and tags from the user.
        problem: why it cannot be used, or what is damaged; empty if there is no problem.
    """

    summary: Summary | None
    labels: Labels
    problem: str


def read_facts(folder: Path) -> RunFacts:
    """Read what a list shows of the run in a folder."""
    summary, problem = None, ""
    try:
        try:
            summary = read_summary(folder)
        except Newer:
            raise
        except (NotARun, OSError) as error:
            summary, problem = _made_again(folder, error)
        else:
            if summary.train_images is None and not summary.is_watched:  # an earlier version wrote it
                with suppress(NotARun):
                    summary = _with_origin(summary, read_description(folder).origin)
    except NotARun as error:
        problem = str(error)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    return RunFacts(summary, read_labels(folder), problem)


def _made_again(folder: Path, error: NotARun | OSError) -> tuple[Summary, str]:
    """The summary where `summary.json` is missing or damaged; and what the list says about it.

    Args:
        folder: of the run.
        error: why the file cannot be read.

    Raises:
        NotARun: the log has nothing to make it from, or the run is damaged, too.
        OSError: a file cannot be read.
    """
    is_missing = isinstance(error, FileNotFoundError)
    if is_sweep(folder):
        words = "missing" if is_missing else "damaged"
        return sweep_line(folder), f"{SUMMARY} is {words}, and is written again when the sweep continues"
    if is_missing:  # the process was killed before its first save
        what = read_description(folder)
        begun = Summary(what.spec.id, what.seed, Status.LOADING, kind=what.spec.origin)
        return _with_origin(begun, what.origin), ""
    from engine.storage.follower import Follower  # rarely needed

    follower = Follower(folder)
    follower.poll(_MOST_READ)
    seen = follower.snapshot()
    if not seen.has_begun:
        raise error
    if follower.is_behind:
        summary = summarise(seen, 0)
        summary = Summary(summary.scenario, summary.seed, Status.LOADING, kind=summary.kind)
        return summary, f"{SUMMARY} is damaged, and the log is too large to read it for a list"
    summary = summarise(seen, follower.position)
    # A directory in its place stays. Trying in vain would change the time of the folder at each listing.
    if owner_of(folder) is None and not os.path.isdir(folder / SUMMARY):
        with suppress(OSError):
            write_summary(folder, summary)
    return summary, follower.damage or f"{SUMMARY} was damaged and is made again from the log"


def _with_origin(summary: Summary, origin: Origin | None) -> Summary:
    """The summary with what `run.json` says about the data, the device and the threads."""
    if origin is None:
        return summary
    return replace(
        summary,
        data=origin.source,
        device=origin.device,
        threads=origin.threads,
        train_images=origin.train,
        test_images=origin.test,
    )


def damage_of_log(log: str, summary: Summary) -> str:
    """What is wrong with a log that is now shorter than at the last save; empty if nothing is."""
    try:
        of_log = os.lstat(log)
        if summary.log_bytes and not stat.S_ISREG(of_log.st_mode):
            return "its log is not a regular file"
        size = of_log.st_size
    except FileNotFoundError:
        size = 0
    except OSError as error:
        return f"its log cannot be read: {error.strerror}"
    if size < summary.log_bytes:
        return f"its log is cut: {size:,} of {summary.log_bytes:,} bytes are left"
    return ""
