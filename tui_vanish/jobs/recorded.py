"""Runs as they are now, read from their logs."""

from dataclasses import replace

from engine.storage.follower import Follower
from engine.storage.run_index import RunEntry, read_entry
from engine.storage.run_log import NotARun
from engine.tracking.snapshot import Snapshot
from scenarios.problems import printable
from tui_vanish.jobs.exits import RefusedError
from vanish_recorder.protocol.status import Status


def read_run(entry: RunEntry) -> Snapshot:
    """The run at this moment. One whose process was killed counts as stopped.

    Raises:
        RefusedError: its log cannot be read, or it has not begun.
    """
    is_live = read_entry(entry.folder).state == "live"
    try:
        follower = Follower(entry.folder)
        follower.poll()
    except NotARun as error:
        raise RefusedError(printable(f"{entry.name}: {error}")) from None
    except OSError as error:
        raise RefusedError(printable(f"{entry.name}: its log cannot be read: {error.strerror}")) from None
    seen = follower.snapshot()
    if not seen.has_begun:
        raise RefusedError(printable(f"{entry.name} has not begun to train"))
    seen = replace(seen, run=entry.name)
    return seen if is_live or seen.status.ended else replace(seen, status=Status.STOPPED)
