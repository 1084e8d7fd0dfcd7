"""Runs that other processes train: find them, read their logs, take them over."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine.attach.seen import News, Seen
from engine.protocol.spec import NotARunSpec
from engine.storage.follower import Follower
from engine.storage.nested import run_folder, sweep_with
from engine.storage.run_index import list_runs
from engine.storage.run_log import NotARun, read_description
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.file_clock import now_at
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import CannotEnd, Owner, ask_to_end, owner_of

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot

# A run that was left by a terminal just now is live again in seconds; later there is no hurry to find one.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 60.0
_MOST_READ = 2**22  # bytes of a log at one look, which is then shown: a log may have hundreds of megabytes
_PATIENCE_SECONDS = 30.0  # of taking over: the other process may be importing, or saving to a slow disk


@dataclass(frozen=True, slots=True)
class _Handover:
    """Runs whose process received the signal to end."""

    runs: tuple[str, ...]
    owner: Owner
    until: float


class Peers:
    """Follows runs by their logs, and asks their processes to end; see PeerSource.

    Args:
        runs_folder: where run directories are.
        find_live: also find and follow all runs that other processes train.
        is_own: whether a run of another process is one of this app's all the same.
    """

    def __init__(
        self,
        runs_folder: Path,
        *,
        find_live: bool = True,
        is_own: Callable[[str], bool] = lambda run: False,
    ) -> None:
        self._is_own = is_own
        self._runs_folder = runs_folder
        self._find_live = find_live
        self._find_at, self._find_pause = monotonic(), _FIRST_PAUSE_SECONDS
        self._here = Owner.present()
        self._seen = Seen()
        self._followers: dict[str, Follower] = {}
        self._unreadable: set[str] = set()  # for good
        self._silent: set[str] = set()  # for now
        self._damaged: set[str] = set()  # in part, which was reported
        self._handovers: list[_Handover] = []
        self._news: list[News] = []

    @property
    def pending_takeovers(self) -> list[str]:
        """Runs whose process was asked to end and still holds them."""
        return [run for handover in list(self._handovers) for run in handover.runs]

    def news(self) -> list[News]:
        """What there is to report since the last call."""
        news, self._news = self._news, []
        return news

    def take_over(self, run: str) -> str:
        """Let the process that trains `run` save and end, and continue all of its runs here.

        Returns:
            Why this is not possible; empty if the takeover has begun.
        """
        owner = owner_of(run_folder(self._runs_folder, run))
        if owner is None or owner == self._here:
            return f"no other process trains {run}"
        if not owner.is_here:
            return f"{run} is trained by {owner}: it can only be watched from here"
        if sweep_with(self._runs_folder, run) is not None:
            return f"{run} belongs to a sweep, which trains it: it is only shown here"
        with suppress(NotARun):
            spec = read_description(run_folder(self._runs_folder, run)).spec
            if spec.is_watched:
                return f"{run} belongs to your script ({spec.title}): it trains there, and is shown here"
        if any(handover.owner == owner for handover in self._handovers):
            return ""  # a second signal would end it before it has saved
        # The process ends all of its runs, also those that it began since the last look.
        runs = tuple(dict.fromkeys((*self._live(owner), run)))
        try:
            ask_to_end(run_folder(self._runs_folder, run), owner)
        except ProcessLookupError:
            pass  # the process has just ended by itself
        except CannotEnd as error:
            return f"{run} cannot be taken over: {error}"
        self._handovers.append(_Handover(runs, owner, monotonic() + _PATIENCE_SECONDS))
        return ""

    def _live(self, owner: Owner | None = None) -> list[str]:
        """The runs that others train, or that `owner` does, in the order of their beginning."""
        try:
            entries = list_runs(self._runs_folder)
        except OSError:
            return []
        others = [each for each in entries if each.owner not in (None, self._here) and not each.is_sweep]
        names = [entry.name for entry in reversed(others) if owner in (None, entry.owner)]
        return [name for name in names if not self._is_own(name)]

    def _follow(self, run: str) -> None:
        """Follow a run from here on."""
        if run in self._followers or run in self._unreadable:
            return
        try:
            spec = read_description(run_folder(self._runs_folder, run)).spec
            if not spec.is_watched:
                spec.scenario()  # a run that this version cannot train is not shown, either
            self._followers[run] = Follower(run_folder(self._runs_folder, run))
        except (NotARun, NotARunSpec) as error:
            self._give_up(run, str(error))

    def _read(self, run: str) -> "Snapshot | None":
        """The run according to its log; None if the log is damaged, which is then reported."""
        follower = self._followers[run]
        try:
            self._poll(follower)
            snapshot = follower.snapshot()
        except NotARun as error:
            self._give_up(run, str(error))
            return None
        except Exception as error:  # each line is an event, but together they are not a run
            self._give_up(run, f"its log is damaged ({type(error).__name__}: {error})")
            return None
        if follower.damage and run not in self._damaged:
            self._damaged.add(run)
            self._news.append(News(run, "warning", f"{run}: {follower.damage}"))
        return snapshot

    def _poll(self, follower: Follower) -> None:
        run = follower.run
        try:
            follower.poll(_MOST_READ)
        except OSError as error:  # a network file system may be back at the next look
            if run not in self._silent:
                self._silent.add(run)
                self._news.append(News(run, "error", f"{run} cannot be read: {error.strerror}"))
        else:
            self._silent.discard(run)

    def _give_up(self, run: str, why: str) -> None:
        """Stop following a run, and report this once."""
        self._followers.pop(run, None)
        self._unreadable.add(run)
        self._news.append(News(run, "error", f"{run}: {why}"))

    def look(self, wanted: Sequence[str] = ()) -> Seen:
        """Read what is new in the logs, also in those of the runs that are `wanted` from now on.

        Returns:
            The same object as the last time unless something has changed.
        """
        for run in (*wanted, *self._search()):
            self._follow(run)
        runs, owners, reading = [], {}, ""
        for run, follower in list(self._followers.items()):
            # Before the log is read: if the process ends in between, its last event is already in the log.
            owner = owner_of(follower.folder)
            if (seen := self._read(run)) is None:
                continue
            if follower.is_behind:  # only the end of the log says how the run is
                reading = reading or f"reading {seen.scenario_id}, {100 * follower.part_read:.0f} %"
                continue
            if owner not in (None, self._here):
                owners[run] = owner
            runs.append(_with_silence(_stopped_if_abandoned(seen, owner), follower.folder))
        before = self._seen
        if (_states(runs), owners, reading) != (_states(before.runs), before.owners, before.reading):
            self._seen = Seen(tuple(runs), owners, reading)
        return self._seen

    def _search(self) -> list[str]:
        """The runs that others train, if it is time to search for them."""
        if not self._find_live or monotonic() < self._find_at:
            return []
        self._find_at = monotonic() + self._find_pause
        self._find_pause = min(2 * self._find_pause, _LONGEST_PAUSE_SECONDS)
        return self._live()

    def released(self) -> list[str]:
        """The runs that can be resumed here now, because their process has ended as asked; each once."""
        released = []
        for handover in list(self._handovers):
            for run in handover.runs:
                self._follow(run)
            held = [
                run for run in handover.runs if owner_of(run_folder(self._runs_folder, run)) == handover.owner
            ]
            if held and monotonic() < handover.until:
                continue
            self._handovers.remove(handover)
            for run in handover.runs:
                if run in held:
                    text = f"{handover.owner} was asked to end, but is still running: press T again"
                    self._news.append(News(run, "error", text))
                elif not self._cannot_resume(run):
                    released.append(run)
        return released

    def _cannot_resume(self, run: str) -> bool:
        seen = self._read(run) if run in self._followers else None
        while run in self._followers and self._followers[run].is_behind:
            seen = self._read(run)
        return seen is not None and seen.status in (Status.FINISHED, Status.DIVERGED)


def _states(runs: Iterable["Snapshot"]) -> list[tuple[str, int, Status, float, str]]:
    return [
        (run.run, run.sequence, run.status, run.time, run.watched.stalled if run.watched else "")
        for run in runs
    ]


def _with_silence(run: "Snapshot", folder: Path) -> "Snapshot":
    """Say of a script that trains whether it has written nothing for an unusually long time."""
    if run.watched is None or run.status is not Status.RUNNING:
        return run
    try:
        silence = now_at(folder) - os.stat(folder / EVENTS).st_mtime
    except OSError:
        return run
    from vanish_recorder.diagnosis import stalled  # the first frame is drawn without the rules of verdicts

    text = stalled(silence, run.watched.usual_pause)
    return replace(run, watched=replace(run.watched, stalled=text)) if text else run


def _stopped_if_abandoned(run: "Snapshot", owner: Owner | None) -> "Snapshot":
    """Mark a run as stopped if its log has no end and no process trains it: its process was killed."""
    return run if owner is not None or run.status.ended else replace(run, status=Status.STOPPED)
