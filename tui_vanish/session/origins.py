"""What runs began with, read from their `run.json` when a screen asks for it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from engine.storage.origin import Origin

_MOST = 512  # kept in memory


class Known(NamedTuple):
    """What was read.

    Attributes:
        origin: None if an earlier version began the run, if a script recorded it, or if it cannot be read.
        watched: what is known of the script that recorded the run; None if none did.
    """

    origin: "Origin | None"
    watched: "Mapping[str, Any] | None" = None


class Origins:
    """Reads each run's origin once, in a thread, because a network disk may be slow.

    Args:
        folder: returns the runs folder.

    Attributes:
        on_read: called when an origin has been read that `of` did not have yet.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self.on_read: Callable[[], None] = lambda: None
        self._folder = folder
        self._known: dict[str, Known] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    def of(self, run: str) -> Known | None:
        """What is known of the run with that name; None while it is being read."""
        if run not in self._known and run not in self._reading:
            self._reading[run] = asyncio.create_task(self._read(run))
        return self._known.get(run)

    async def _read(self, run: str) -> None:
        known = await asyncio.to_thread(_read_known, self._folder(), run)
        while len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[run] = known
        del self._reading[run]
        self.on_read()


def _read_known(runs: Path, run: str) -> Known:
    from engine.storage.nested import run_folder
    from engine.storage.run_log import NotARun, read_description  # not needed for the first frame

    with suppress(NotARun, OSError):
        what = read_description(run_folder(runs, run))
        return Known(what.origin, what.spec.record if what.spec.is_watched else None)
    return Known(None)
