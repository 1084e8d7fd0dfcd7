"""Runs that other processes train: found, read from their logs, and taken over."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine.attach.seen import Seen
from engine.protocol.status import Status
from engine.storage.follower import Follower
from engine.storage.run_index import list_runs
from engine.storage.run_lock import CannotEnd, Owner, owner_of, tell_to_end
from engine.storage.run_log import NotARun, read_description

if TYPE_CHECKING:
    from engine.runtime.state import Severity
    from engine.tracking.snapshot import Snapshot

_PATIENCE_SECONDS = 30.0  # of taking over: the other process may be importing, or saving to a slow disk


@dataclass(frozen=True, slots=True)
class _Handover:
    """Runs whose process was told to end."""

    runs: tuple[str, ...]
    owner: Owner
    until: float


class Peers:
    """Follows runs, and tells their processes to end.

    Args:
        runs_folder: where run directories are.
        follow: has a run followed, by whoever calls `add`.
        tell: is told what a person should hear of: of which run, how grave, and what.
        resume: goes on with a run here.
    """

    def __init__(
        self,
        runs_folder: Path,
        follow: Callable[[str], None],
        tell: "Callable[[str, Severity, str], None]",
        resume: Callable[[str], None],
    ) -> None:
        self.seen = Seen()
        self._runs_folder = runs_folder
        self._follow = follow
        self._tell = tell
        self._resume = resume
        self._here = Owner.present()
        self._followers: dict[str, Follower] = {}
        self._unreadable: set[str] = set()  # for good
        self._silent: set[str] = set()  # for now
        self.handovers: list[_Handover] = []

    def take_over(self, run: str) -> str:
        """Tell the process that trains `run` to save and end, and go on with all of its runs here.

        Returns:
            What keeps it from being done; empty if it is under way.
        """
        owner = owner_of(self._runs_folder / run)
        if owner is None or owner == self._here:
            return f"nobody else trains {run}"
        if not owner.is_here:
            return f"{run} is trained by {owner}: from here it can only be watched"
        if any(handover.owner == owner for handover in self.handovers):
            return ""  # a second signal would end it before it has saved
        # All of them end with it, also those that it has begun since somebody looked here.
        runs = tuple(dict.fromkeys((*self.live(owner), run)))
        try:
            tell_to_end(self._runs_folder / run, owner)
        except ProcessLookupError:
            pass  # it has just ended by itself
        except CannotEnd as error:
            return f"{run} cannot be taken over: {error}"
        for each in runs:
            self._follow(each)
        self.handovers.append(_Handover(runs, owner, monotonic() + _PATIENCE_SECONDS))
        return ""

    def live(self, owner: Owner | None = None) -> list[str]:
        """The runs that others train, or that `owner` does, in the order of their beginning."""
        try:
            entries = list_runs(self._runs_folder)
        except OSError:
            return []
        others = [entry for entry in entries if entry.owner not in (None, self._here)]
        return [entry.name for entry in reversed(others) if owner in (None, entry.owner)]

    def add(self, run: str) -> None:
        """Follow a run from here on."""
        if run in self._followers or run in self._unreadable:
            return
        from scenarios.schema import Scenario  # not imported unless there is a run to follow

        try:
            Scenario.model_validate(read_description(self._runs_folder / run).scenario)
            self._followers[run] = Follower(self._runs_folder / run)
        except NotARun as error:
            self._give_up(run, str(error))
        except ValueError:
            self._give_up(run, "its scenario is none of this version")

    def _read(self, run: str) -> "Snapshot | None":
        """The run as its log tells it now; None, and a word why, if that can't be."""
        follower = self._followers[run]
        try:
            self._poll(follower)
            return follower.snapshot()
        except Exception as error:  # lines that are events each, and make no run together
            self._give_up(run, f"its log is damaged ({type(error).__name__}: {error})")
            return None

    def _poll(self, follower: Follower) -> None:
        run = follower.run
        try:
            follower.poll()
        except OSError as error:  # a network's file system may be back at the next look
            if run not in self._silent:
                self._silent.add(run)
                self._tell(run, "error", f"{run} cannot be read: {error.strerror}")
        else:
            self._silent.discard(run)

    def _give_up(self, run: str, why: str) -> None:
        """Follow a run no longer, and say so once."""
        self._followers.pop(run, None)
        self._unreadable.add(run)
        self._tell(run, "error", f"{run}: {why}")

    def look(self) -> None:
        """Read what is new in the logs; what is seen changes only if something has."""
        runs, owners = [], {}
        for run, follower in list(self._followers.items()):
            owner = owner_of(follower.folder)  # first: one that ends between the two has written its end
            if (seen := self._read(run)) is None:
                continue
            if owner not in (None, self._here):
                owners[run] = owner
            runs.append(_as_it_stands(seen, owner))
        if (_states(runs), owners) != (_states(self.seen.runs), self.seen.owners):
            self.seen = Seen(tuple(runs), owners)

    def take_over_what_was_left(self) -> None:
        """Go on with the runs whose process has ended since it was told to."""
        for handover in list(self.handovers):
            held = [run for run in handover.runs if owner_of(self._runs_folder / run) == handover.owner]
            if held and monotonic() < handover.until:
                continue
            self.handovers.remove(handover)
            for run in handover.runs:
                if run in held:
                    self._tell(run, "error", f"{handover.owner} was told to end, and has not")
                elif not self._has_ended(run):
                    self._resume(run)

    def _has_ended(self, run: str) -> bool:
        seen = self._read(run) if run in self._followers else None
        return seen is not None and seen.status in (Status.FINISHED, Status.DIVERGED)


def _states(runs: Iterable["Snapshot"]) -> list[tuple[str, int, Status, float]]:
    return [(run.run, run.sequence, run.status, run.time) for run in runs]


def _as_it_stands(run: "Snapshot", owner: Owner | None) -> "Snapshot":
    """A run that its log calls unfinished, and that nobody trains, was stopped by force."""
    return run if owner is not None or run.status.ended else replace(run, status=Status.STOPPED)
