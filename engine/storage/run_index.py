"""Lists the runs in a folder with their results, without reading the logs of ended runs.

Each ended run needs only two accesses to the disk: the time of its folder, which changes with each summary,
and the size of its log. Everything else comes from `.index.json`, which is only a cache. Of a live run, the
end of the log is read, too.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Any, Literal
from zlib import crc32

from engine.protocol.recorded import is_recorded, recorded_run
from engine.storage import recorded
from engine.storage.handover import successors
from engine.storage.labels import NO_LABELS, Labels
from engine.storage.log_tail import brought_up_to_date
from engine.storage.recorded import recorded_folder
from engine.storage.run_facts import RunFacts, damage_of_log, read_facts
from engine.storage.run_log import NotARun
from engine.storage.silence import silence_of
from engine.storage.summary import read_summary, summary_of_row
from engine.storage.sweep_line import SWEEP
from scenarios.index import built_in
from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.atomic import remove_leftovers, write_atomically
from vanish_recorder.storage.guarded import read_guarded
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.run_lock import Owner, owner_of
from vanish_recorder.storage.summary import FIELDS, Summary, row_of

INDEX = ".index.json"
# A folder that changed this recently may change again without a new time, because file systems round times.
_SETTLED_NS = 3 * 10**9
_LARGEST_INDEX = 2**28  # bytes; an entry has about 300

_OLD_SECONDS = 3600.0  # another process may be writing a newer temporary file

State = Literal["live", "handing over", "abandoned", "ended", "unusable"]


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One entry of a runs folder.

    Attributes:
        runs: the runs folder.
        name: of its own folder.
        summary: its results; None if they cannot be read.
        labels: its name and tags from the user.
        owner: the process that trains it now.
        problem: why it cannot be used, or what is damaged; empty if there is no problem.
        successor: the process that is starting to train it, because its last one has left it to that one.
        stalled: a sentence if its script lives but writes nothing any more; empty otherwise.
    """

    runs: Path
    name: str
    summary: Summary | None
    labels: Labels
    owner: Owner | None
    problem: str
    successor: Owner | None = None
    stalled: str = ""

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return recorded_folder(self.name) if self.is_recorded else self.runs / self.name

    @property
    def is_recorded(self) -> bool:
        """Whether it is a recorded run, which comes with the program and never changes."""
        return is_recorded(self.name)

    @property
    def is_sweep(self) -> bool:
        """Whether it is a sweep: a folder of runs, not a run."""
        return self.summary is not None and self.summary.kind == SWEEP

    @property
    def state(self) -> State:
        """Whether it is training or about to, was abandoned by a process that is gone, or has ended."""
        if self.successor is not None and (self.owner is None or self._has_ended):
            return "handing over"
        if self.owner is not None:
            return "live"
        if self.summary is None:
            return "unusable"
        return "ended" if self._has_ended else "abandoned"

    @property
    def _has_ended(self) -> bool:
        return self.summary is not None and self.summary.status.ended

    @property
    def status(self) -> str:
        """The status in one word, for a list."""
        if self.summary is None:
            return self.state
        if self.is_recorded:
            return "recorded"
        if self.stalled:
            return "stalled?"
        return str(self.summary.status) if self.state in ("live", "ended") else self.state


def list_runs(runs: Path) -> list[RunEntry]:
    """The entries of a runs folder, the latest first. Entries that are not runs have the reason in `problem`.

    Raises:
        OSError: the folder exists and cannot be read.
    """
    index = _Index(runs)
    try:
        entries = list(index.entries())
    except FileNotFoundError:
        return []
    index.write()
    return sorted(entries, key=lambda entry: entry.name, reverse=True)


def read_entry(folder: Path) -> RunEntry:
    """The entry of one run."""
    if folder.parent == recorded.RECORDED:
        return recorded_entry(recorded.run_name(folder))
    successor = successors(folder.parent).get(folder.name)
    return _entry(folder.parent, folder.name, read_facts(folder), successor)


def recorded_entries() -> list[RunEntry]:
    """The entries of the recorded runs, in the order of the catalogue."""
    found = recorded.recorded_runs()
    return [recorded_entry(run) for each in built_in() if (run := recorded_run(each)) in found]


def recorded_entry(run: str) -> RunEntry:
    """The entry of a recorded run."""
    summary, problem = None, ""
    try:
        summary = read_summary(recorded_folder(run))
    except (NotARun, OSError):
        problem = recorded.DAMAGED
    return RunEntry(recorded.RECORDED, run, summary, NO_LABELS, None, problem)


class _Index:
    """One listing, and the cache for the next one."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._known = self._load()
        self._found: dict[str, list[Any]] = {}
        self._is_new = False

    def entries(self) -> Iterator[RunEntry]:
        settled = time_ns() - _SETTLED_NS
        successor_of = successors(self._runs)
        with os.scandir(self._runs) as listing:
            for item in listing:
                if item.name.startswith("."):
                    continue
                try:
                    status = item.stat()
                except OSError as error:
                    yield self._unusable(item.name, f"cannot be read: {error.strerror}")
                    continue
                if not stat.S_ISDIR(status.st_mode):
                    yield self._unusable(item.name, "not a run: it is a file")
                    continue
                changed = status.st_mtime_ns
                row = self._known.get(item.name)
                facts = _from_row(row, changed)
                if row is None or facts is None:
                    facts = read_facts(self._runs / item.name)
                    row = _to_row(changed, facts)
                    self._is_new = True
                if changed < settled:
                    self._found[item.name] = row
                yield _entry(self._runs, item.name, facts, successor_of.get(item.name))

    def _unusable(self, name: str, problem: str) -> RunEntry:
        return RunEntry(self._runs, name, None, NO_LABELS, None, problem)

    def write(self) -> None:
        """Save the cache for the next listing, if possible."""
        if self._is_new or len(self._found) != len(self._known):
            record = {
                "schema": SCHEMA,
                "fields": FIELDS,
                "checksum": _checksum(self._found),
                "runs": self._found,
            }
            remove_leftovers(self._runs, (INDEX,), older_than=_OLD_SECONDS)
            with suppress(OSError):
                write_atomically(self._runs / INDEX, json.dumps(record, separators=(",", ":")).encode())

    def _load(self) -> dict[str, list[Any]]:
        try:
            record = parse(read_guarded(self._runs / INDEX, _LARGEST_INDEX))
            known = record["schema"] == SCHEMA and tuple(record["fields"]) == FIELDS
            rows = record["runs"]
            # Rows are believed without another look, so a single wrong digit must not be.
            return dict(rows) if known and record["checksum"] == _checksum(rows) else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def _checksum(rows: object) -> int:
    return crc32(json.dumps(rows, separators=(",", ":")).encode())


def _to_row(changed: int, facts: RunFacts) -> list[Any]:
    summary = row_of(facts.summary) if facts.summary else None
    labels = [facts.labels.name, facts.labels.tags] if facts.labels != NO_LABELS else None
    return [changed, summary, labels, facts.problem]


def _from_row(row: list[Any] | None, changed: int) -> RunFacts | None:
    """What was read of a run before; None if it has changed since, or if the row is damaged."""
    if row is None:
        return None
    try:
        before, summary, labels, problem = row
        if before != changed or not isinstance(problem, str):
            return None
        return RunFacts(
            summary_of_row(summary) if summary else None,
            Labels(str(labels[0]), tuple(map(str, labels[1]))) if labels else NO_LABELS,
            problem,
        )
    except (LookupError, TypeError, ValueError):
        return None


def _entry(runs: Path, name: str, facts: RunFacts, successor: Owner | None) -> RunEntry:
    summary, labels, problem = facts
    if summary is None:
        return RunEntry(runs, name, None, labels, None, problem)
    # A run that is handed over has ended in its summary until its new process saves it.
    owner = owner_of(runs / name) if not summary.status.ended or successor is not None else None
    damage = problem or damage_of_log(f"{runs}/{name}/{EVENTS}", summary)
    is_over = summary.status in (Status.FINISHED, Status.DIVERGED)
    silence = ""
    if owner is not None and not damage:
        summary = brought_up_to_date(summary, runs / name)
        if summary.is_watched and summary.status is Status.RUNNING:
            silence = silence_of(runs / name)
    return RunEntry(runs, name, summary, labels, owner, damage, None if is_over else successor, silence)
