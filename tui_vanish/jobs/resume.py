"""Saved runs as the command line names them, and what they need to go on."""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.fashion_mnist import find_source, fingerprint_of
from engine.protocol.status import Status
from engine.runtime import resume
from engine.storage.paths import default_runs_folder
from engine.storage.run_index import RunEntry, list_runs, read_entry
from engine.storage.run_log import DESCRIPTION, EVENTS, NotARun, read_description, split_lines
from tui_vanish.jobs.exits import RefusedError

if TYPE_CHECKING:
    from engine.runtime.state import Settings
    from engine.storage.origin import Origin

_SHOWN = 5  # of several runs that a name may mean


def find_run(name: str, runs_dir: Path | None) -> RunEntry:
    """The run that a person means by its name, its folder, the name they gave it, or a part of its name.

    Raises:
        RefusedError: there is none, there are several, or it can't be read.
    """
    runs = runs_dir or default_runs_folder()
    for folder in (runs / name, Path(name)):
        if (folder / DESCRIPTION).exists():
            return _usable(read_entry(folder.absolute()))
    entries = [entry for entry in list_runs(runs) if name in (entry.name, entry.labels.name)]
    entries = entries or [entry for entry in list_runs(runs) if entry.summary and name in entry.name]
    if not entries:
        raise RefusedError(f"there is no run {name!r} in {runs}; see vanish-tui runs")
    if len(entries) > 1:
        names = ", ".join(entry.name for entry in islice(entries, _SHOWN))
        more = ", …" if len(entries) > _SHOWN else ""
        raise RefusedError(f"{name!r} may be {len(entries)} runs: {names}{more}")
    return _usable(entries[0])


def _usable(entry: RunEntry) -> RunEntry:
    if entry.summary is None:
        raise RefusedError(f"{entry.name}: {entry.problem}")
    try:
        read_description(entry.folder)
    except NotARun as error:
        raise RefusedError(f"{entry.name}: {error}") from None
    return entry


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said about where runs are to go on; None where they said nothing."""

    device: str | None = None
    data: Path | None = None
    threads: int | None = None


def settings_for(entries: list[RunEntry], asked: Asked, settings: "Settings") -> "Settings":
    """The settings under which runs give their bits: those that they began with, but for what was asked.

    Raises:
        RefusedError: another process trains one, they lie in several folders, or need different settings.
    """
    for entry in entries:
        if entry.owner is not None:
            raise RefusedError(
                f"{entry.name} is being trained by {entry.owner}; vanish-tui watch {entry.name} shows it"
            )
    if len({entry.runs for entry in entries}) > 1:
        raise RefusedError("runs of several folders cannot go on together")
    chosen = [_settings(_origin(entry), asked, settings) for entry in entries]
    if any(other != chosen[0] for other in chosen):
        raise RefusedError("these runs differ in device, data or threads: resume them one at a time")
    return replace(chosen[0], runs_dir=entries[0].runs)


def check(entries: list[RunEntry], settings: "Settings", epochs: int | None) -> None:
    """See that there is something left to train, and that the data here are those that the runs began with.

    Whether the device is there shows when torch is loaded.

    Args:
        entries: the runs.
        settings: under which they are to go on.
        epochs: of each stage, if another number of them was asked for.

    Raises:
        RefusedError: there isn't, or they aren't.
    """
    for entry in entries:
        if entry.summary is not None and entry.summary.status is Status.FINISHED and epochs is None:
            had = entry.summary.epoch
            raise RefusedError(
                f"{entry.name} is finished, at epoch {had}: a larger --epochs trains it longer"
            )
    source = find_source(settings.data)
    sha256 = fingerprint_of(source)
    for entry in entries:
        reason = resume.mismatch(
            _origin(entry),
            train=source.train,
            test=source.test,
            passes=source.passes,
            sha256=sha256,
            device=None,
            threads=settings.threads,
        )
        if reason is not None:
            raise RefusedError(f"{entry.name} cannot be resumed: {reason}")


def _settings(origin: "Origin", asked: Asked, settings: "Settings") -> "Settings":
    # Any GPU does: `auto` is the freest, and where there is none the engine says so.
    device = asked.device or ("cpu" if origin.device == "cpu" else "auto")
    data = asked.data or origin.data_option
    threads = asked.threads or origin.threads  # also with `--threads auto`: the number is the run's
    return replace(settings, device=device, data=data, threads=threads, choose_threads=False)


def _origin(entry: RunEntry) -> "Origin":
    """Where a run began.

    Raises:
        RefusedError: that isn't known any more, or the run can't be read.
    """
    from engine.protocol.events import from_line

    events = []
    with suppress(OSError, ValueError, TypeError), open(entry.folder / EVENTS, "rb") as file:
        events = [event for line, _ in split_lines(file.readline()) if (event := from_line(line))]
    try:
        return resume.origin_of(read_description(entry.folder), events)
    except (NotARun, resume.CannotResume) as error:
        raise RefusedError(f"{entry.name} cannot be resumed: {error}") from None
