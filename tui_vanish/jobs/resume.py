"""Saved runs by the names that the command line gives, and what they need to be resumed."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.fashion_mnist import DataError, find_source, fingerprint_of
from engine.protocol.recorded import is_recorded, scenario_of
from engine.protocol.spec import NotARunSpec
from engine.runtime import resume
from engine.runtime.saved import CannotResume, origin_of
from engine.storage.log_reader import LogReader
from engine.storage.nested import is_sweep, sweep_with
from engine.storage.recorded import NoRecording, find_recorded
from engine.storage.run_index import RunEntry, list_runs, read_entry, recorded_entry
from engine.storage.run_log import NotARun, read_description
from scenarios.problems import printable, shortened
from tui_vanish.jobs.exits import NotFoundError, RefusedError
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.guarded import open_guarded, read_lines
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.paths import default_runs_folder

if TYPE_CHECKING:
    from engine.runtime.state import Settings
    from engine.storage.origin import Origin
    from vanish_recorder.protocol.events import RunStarted

_SHOWN = 5  # of several runs that match a name


LAST = "@last"
_STARTED = re.compile(r"\d{8}-\d{6}(?=-)")  # how the name of a run begins, unless its folder was renamed


def find_run(name: str, runs_dir: Path | None) -> RunEntry:
    """Find a run by its name, its folder, the name that the user gave it, or a part of its name.

    `@last` is the run that was started last; runs that cannot be read do not count. `recorded:depth-7` is a
    recorded run, which comes with the program.

    Raises:
        NotFoundError: no run matches.
        RefusedError: several match, or the run cannot be read.
    """
    runs = runs_dir or default_runs_folder()
    if is_recorded(name):
        try:
            return _usable(recorded_entry(find_recorded(name)))
        except NoRecording as error:
            raise NotFoundError(printable(str(error))) from None
    sweep = sweep_with(runs, name)
    for folder in (runs / name, Path(name), *([] if sweep is None else [sweep / name])):
        if os.path.exists(folder / DESCRIPTION):  # Path.exists raises for a name that is too long
            return _usable(read_entry(folder.absolute()))
    try:
        present = list_runs(runs)
    except OSError as error:
        raise _refusal(f"{runs} cannot be read: {error.strerror}") from None
    if name == LAST:
        readable = [entry for entry in present if entry.summary is not None and not entry.is_sweep]
        if not readable:
            raise NotFoundError(printable(f"there are no runs in {runs} yet"))
        return _usable(max(readable, key=_when_started))
    entries = [entry for entry in present if name in (entry.name, entry.labels.name)]
    entries = entries or [entry for entry in present if entry.summary and name in entry.name]
    if not entries:
        raise NotFoundError(printable(f"there is no run {shortened(name)!r} in {runs}; see vanish-tui runs"))
    if len(entries) > 1:
        names = ", ".join(entry.name for entry in islice(entries, _SHOWN))
        more = ", …" if len(entries) > _SHOWN else ""
        raise _refusal(f"{name!r} matches {len(entries)} runs: {names}{more}; give the full name")
    return _usable(entries[0])


def _when_started(entry: RunEntry) -> tuple[str, int]:
    """When a run was started: by its name, which lasts through copies, and within a second by its file."""
    with suppress(OSError):
        written = (entry.folder / DESCRIPTION).stat().st_mtime_ns
        named = _STARTED.match(entry.name)
        return (named[0] if named else f"{datetime.fromtimestamp(written / 1e9):%Y%m%d-%H%M%S}"), written
    return "", 0


def _usable(entry: RunEntry) -> RunEntry:
    if entry.summary is None:
        raise _refusal(f"{entry.name}: {entry.problem}")
    if is_sweep(entry.folder):
        raise _refusal(
            f"{entry.name} is a sweep: name one of its runs, {entry.name}-N, or continue it with"
            f" vanish-tui sweep --resume {entry.name}"
        )
    try:
        read_description(entry.folder)
    except NotARun as error:
        raise _refusal(f"{entry.name}: {error}") from None
    return entry


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about how to resume runs; None if it says nothing."""

    device: str | None = None
    data: Path | None = None
    threads: int | None = None


def settings_for(entries: list[RunEntry], asked: Asked, settings: "Settings") -> "Settings":
    """The settings that keep runs bit-identical: those that they started with, except for what was asked.

    Raises:
        RefusedError: another process trains one of the runs, or they have different folders or settings.
    """
    for entry in entries:
        if entry.is_recorded:
            scenario = scenario_of(entry.name)
            raise _refusal(f"{entry.name} comes with the program; to train it: vanish-tui run {scenario}")
        if entry.owner is not None:
            raise _refusal(
                f"{entry.name} is being trained by {entry.owner}; to follow it: vanish-tui watch {entry.name}"
            )
    if len({entry.runs for entry in entries}) > 1:
        raise _refusal("runs in different folders cannot be resumed together: resume them one at a time")
    chosen = [_settings(_origin(entry), asked, settings) for entry in entries]
    if any(other != chosen[0] for other in chosen):
        raise _refusal("these runs differ in device, data or threads: resume them one at a time")
    return replace(chosen[0], runs_dir=entries[0].runs)


def check(
    entries: list[RunEntry], settings: "Settings", epochs: int | None, device: str | None = None
) -> None:
    """Check that something is left to train, and that the data are those that the runs started with.

    Args:
        entries: the runs.
        settings: with which they will be resumed.
        epochs: the new number for each stage, if the user gave one.
        device: on which they would continue; None if it is theirs, or if the user has chosen it.

    Raises:
        RefusedError: nothing is left to train, or the data or the device differ.
    """
    for entry in entries:
        if entry.summary is not None and entry.summary.status is Status.FINISHED and epochs is None:
            had = entry.summary.epoch
            raise _refusal(f"{entry.name} finished at epoch {had}: use a larger --epochs to train it longer")
    try:
        source = find_source(settings.data)
        sha256 = fingerprint_of(source)
    except DataError as error:
        raise _refusal(str(error)) from None
    for entry in entries:
        reason = resume.mismatch(
            _origin(entry),
            train=source.train,
            test=source.test,
            passes=source.passes,
            sha256=sha256,
            device=device,
            threads=settings.threads,
        )
        if reason is not None:
            raise _refusal(f"{entry.name} cannot be resumed: {reason}")


def _settings(origin: "Origin", asked: Asked, settings: "Settings") -> "Settings":
    # Any GPU will do: `auto` takes the one with the most free memory; the engine reports if there is none.
    device = asked.device or ("cpu" if origin.device == "cpu" else "auto")
    data = asked.data or origin.data_option
    threads = asked.threads or origin.threads  # even with `--threads auto`: a run keeps its number
    return replace(settings, device=device, data=data, threads=threads, choose_threads=False)


def _origin(entry: RunEntry) -> "Origin":
    """The device, data and threads with which a run started.

    Raises:
        RefusedError: they are not known any more, or the run cannot be read.
    """
    try:
        what = read_description(entry.folder)
        what.spec.scenario()  # which this version may not accept
        return origin_of(what, _started(entry.folder / EVENTS))
    except (NotARun, NotARunSpec, CannotResume) as error:
        raise _refusal(f"{entry.name} cannot be resumed: {error}") from None


def _started(log: Path) -> "RunStarted | None":
    """The first event of a log; None if it is lost."""
    from vanish_recorder.protocol.events import RunStarted

    with suppress(OSError, StopIteration), open_guarded(log) as file:
        event, _ = next(LogReader().events(read_lines(file)))
        return event if isinstance(event, RunStarted) else None
    return None


def _refusal(text: str) -> RefusedError:
    """The exception, with a text of one line: names of runs and folders may hold anything."""
    return RefusedError(printable(text))
